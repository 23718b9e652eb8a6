"""Limits that CAs set: name constraints, and revocation."""
from der import INTEGER, SEQUENCE
from forge import (FUTURE, HOST, PAST, UNKNOWN, constraints, extension,
                   flip_last_bit)
from row import bad, good


def rows(f):
    return hosts(f) + addresses(f) + directories(f) + others(f) + crls(f)


def limited(f, names=("DNS:" + HOST,), subject="CN=" + HOST, above="root",
            **limits):
    """A leaf below a CA with name constraints."""
    return f.leaf(f.ca("limited", above, extra=[constraints(**limits)]),
                  names=names, subject=subject)


def wrong(name, words, leaf, reasons="name_constraints", **options):
    return bad(name, words, reasons, leaf, **options)


def hosts(f):
    broad = f.ca("broad", extra=[constraints(["DNS:a.example", "DNS:lab.example"])])
    closer = f.ca("closer", broad, extra=[constraints(["DNS:a.example"])])
    root = f.ca("constrained", None, extra=[constraints(["DNS:a.example"])])
    return [
        good("host_permitted", "nothing: lab.example is permitted",
             limited(f, permitted=["DNS:lab.example"])),
        good("host_itself_permitted", "nothing: the very name is permitted",
             limited(f, permitted=["DNS:" + HOST])),
        good("host_permitted_in_capitals", "nothing: LAB.EXAMPLE is permitted",
             limited(f, permitted=["DNS:LAB.EXAMPLE"])),
        good("others_excluded", "nothing: other.example is excluded",
             limited(f, excluded=["DNS:other.example", "DNS:t.lab.example"])),
        good("permitted_twice", "nothing: both CAs permit it",
             f.leaf(f.ca("narrower", broad, extra=[
                 constraints(["DNS:lab.example"])]))),
        wrong("host_not_permitted", "only a.example is permitted",
              limited(f, permitted=["DNS:a.example"])),
        wrong("host_not_permitted_softly", "the same, not critical",
              limited(f, permitted=["DNS:a.example"], critical=False)),
        wrong("label_cut_in_two", "b.example is permitted; lab.example ends so,"
              " but not at a dot", limited(f, permitted=["DNS:b.example"])),
        wrong("host_excluded", "lab.example is excluded",
              limited(f, excluded=["DNS:lab.example"])),
        wrong("host_excluded_in_capitals", "MQTT.LAB.EXAMPLE is excluded",
              limited(f, excluded=["DNS:MQTT.LAB.EXAMPLE"])),
        wrong("host_permitted_and_excluded", "excluded wins", limited(
            f, permitted=["DNS:lab.example"], excluded=["DNS:" + HOST])),
        wrong("every_host_excluded", "the empty name excludes all",
              limited(f, excluded=["DNS:"])),
        wrong("one_host_of_two", "the second name is not permitted",
              limited(f, ["DNS:" + HOST, "DNS:evil.example"],
                      permitted=["DNS:lab.example"])),
        wrong("constraint_with_dot", ".mqtt.lab.example permits what is below",
              limited(f, permitted=["DNS:." + HOST]),
              ("name_constraints", "malformed")),
        wrong("wildcard_over_an_excluded_host", "*.lab.example could be it",
              limited(f, ["DNS:*.lab.example"], excluded=["DNS:" + HOST])),
        wrong("wildcard_wider_than_permitted", "*.lab.example is more than it",
              limited(f, ["DNS:*.lab.example"], permitted=["DNS:" + HOST])),
        wrong("closer_ca_narrows", "the closer CA permits less",
              f.leaf(closer)),
        wrong("lower_ca_widens", "a CA below permits itself more",
              f.leaf(f.ca("wide", closer, extra=[
                  constraints(["DNS:lab.example"])]))),
        wrong("anchor_constrains", "the anchor permits a.example alone",
              f.leaf(root)),
        wrong("tree_with_minimum", "a subtree with minimum 1", limited(
            f, permitted=["DNS:lab.example"], bounds=[[0x80, b"\1"]]),
            ("name_constraints", "malformed")),
        wrong("tree_with_maximum", "a subtree with maximum 1", limited(
            f, permitted=["DNS:lab.example"], bounds=[[0x81, b"\1"]]),
            ("name_constraints", "malformed")),
    ]


def addresses(f):
    def row(make, name, words, host, reasons, *options, names=None, **limits):
        leaf = limited(f, names or ["IP:" + host], **limits)
        return make(name, words, *reasons, leaf, *options, host=host)

    def fine(name, words, host, **limits):
        return row(good, name, "nothing: " + words, host, (), **limits)

    def out(name, words, host, reasons="name_constraints", **limits):
        return row(bad, name, words, host, (reasons,), **limits)
    return [
        fine("address_permitted", "127.0.0.0/8 is permitted", "127.0.3.1",
             permitted=["IP:127.0.0.0/8"]),
        fine("address_6_permitted", "fd00::/16 is permitted", "fd00::3",
             permitted=["IP:fd00::/16"]),
        fine("address_under_a_host_limit", "hosts alone are constrained",
             "127.0.3.2", permitted=["DNS:lab.example"]),
        out("address_not_permitted", "10.0.0.0/8 is permitted", "127.0.3.3",
            permitted=["IP:10.0.0.0/8"]),
        out("address_excluded", "127.0.3.4/30 is excluded", "127.0.3.5",
            excluded=["IP:127.0.3.4/30"]),
        out("address_not_permitted_by_6", "::/0 permits no address of 4 bytes",
            "127.0.3.8", permitted=["IP:::/0"]),
        out("address_6_excluded", "fd00::/16 is excluded", "fd00::4",
            excluded=["IP:fd00::/16"]),
        out("address_beside_excluded", "a second address is excluded",
            "127.0.3.9", names=["IP:127.0.3.9", "IP:10.1.1.1"],
            excluded=["IP:10.0.0.0/8"]),
        out("mask_with_gaps", "mask 255.0.255.0",  "127.0.3.10",
            ("name_constraints", "malformed"),
            permitted=["IP:hex 7f000300ff00ff00"]),
        out("mask_missing", "a constraint of 4 bytes", "127.0.3.11",
            ("name_constraints", "malformed"), permitted=["IP:hex 7f00030b"]),
    ]


def directories(f):
    def leaf(subject, names=("DNS:" + HOST,), **limits):
        return limited(f, names, subject, **limits)
    acme = {"permitted": ["DN:O=Acme"]}
    narrow = f.ca("acme", extra=[constraints(**acme)])
    return [
        good("organisation_permitted", "nothing: O=Acme is permitted",
             leaf("O=Acme,CN=x", **acme)),
        good("organisation_in_other_letters", "nothing: acme is Acme",
             leaf("O=ACME,CN=x", **acme)),
        good("subject_empty_under_a_limit", "nothing: no name is constrained",
             leaf("", **acme)),
        wrong("organisation_not_permitted", "O=Acme is permitted",
              leaf("O=Other,CN=x", **acme)),
        wrong("organisation_longer", "O=Acme is permitted, O=Acme Ltd is not",
              leaf("O=Acme Ltd,CN=x", **acme)),
        wrong("organisation_in_other_order", "O=Acme is not first",
              leaf("CN=x,O=Acme", **acme)),
        wrong("unit_missing", "O=Acme,OU=X is permitted",
              leaf("O=Acme,CN=x", permitted=["DN:O=Acme,OU=X"])),
        wrong("organisation_excluded", "O=Acme is excluded",
              leaf("O=Acme,CN=x", excluded=["DN:O=Acme"])),
        wrong("directory_name_not_permitted", "a directoryName among the names",
              leaf("O=Acme,CN=x", ["DNS:" + HOST, "DN:O=Other"], **acme)),
        wrong("ca_not_permitted", "a CA in between is named O=Lab",
              f.leaf(f.ca("elsewhere", narrow), subject="O=Acme,CN=x")),
    ]


def others(f):
    """Forms of names that are not evaluated: one that is there and constrained
    is refused; one that is not there, is not (RFC 5280, 4.2.1.10)."""
    return [
        good("forms_that_are_not_there", "nothing: mail and URI are excluded,"
             " and there are none", limited(f, excluded=["EMAIL:", "URI:"])),
        wrong("uri_constrained", "a URI beside our name, .a.example permitted",
              limited(f, ["DNS:" + HOST, "URI:http://evil.example/"],
                      permitted=["URI:.a.example"])),
        wrong("mail_constrained", "a mail address, a.example permitted",
              limited(f, ["DNS:" + HOST, "EMAIL:x@evil.example"],
                      permitted=["EMAIL:a.example"])),
        wrong("other_name_constrained", "an otherName that is excluded",
              limited(f, ["DNS:" + HOST, "OTHER:x"], excluded=["OTHER:x"])),
    ]


def crls(f):
    middle = f.ca("crl middle")
    leaf, gone, above = f.leaf(middle), f.leaf(middle), f.ca("gone")
    none, fresh = f.crl(f.root), f.crl(middle)
    strange = extension(UNKNOWN, [SEQUENCE, []], critical=True)
    delta = extension("2.5.29.27", [INTEGER, b"\1"], critical=True)
    no_crls = f.ca("no crls", usages=["keyCertSign"])
    below = f.leaf(no_crls)

    def with_crls(*crls, made=leaf):
        return {"leaf": made, "crl": crls}

    def row(name, words, reasons, leaf, crl, **options):
        return bad(name, words, reasons, leaf, crl=crl, **options)
    return [
        good("not_revoked", "nothing: both CRLs list others", leaf,
             crl=[f.crl(f.root, [above]), f.crl(middle, [gone])]),
        row("leaf_revoked", "its CA's CRL lists the leaf", "revoked",
            **with_crls(none, f.crl(middle, [gone]), made=gone)),
        row("ca_revoked", "the root's CRL lists the intermediate", "revoked",
            **with_crls(f.crl(f.root, [middle]), fresh)),
        row("crl_over", "nextUpdate is past", "crl_stale",
            **with_crls(none, f.crl(middle, until=PAST))),
        row("crl_over_and_revoked", "nextUpdate is past, the leaf is listed",
            ("crl_stale", "revoked"),
            **with_crls(none, f.crl(middle, [leaf], until=PAST))),
        row("crl_of_the_future", "thisUpdate is to come",
            "crl_bad", **with_crls(none, f.crl(middle, begin=FUTURE))),
        row("crl_by_another_key", "the CRL's signature is a thief's", "crl_bad",
            **with_crls(none, f.crl(middle, signer=f.key("thief")))),
        row("crl_signature_flipped", "a bit of the CRL's signature", "crl_bad",
            **with_crls(none, f.crl(middle, spoil=flip_last_bit))),
        row("crl_with_unknown_critical", "a critical extension that nobody"
            " knows", "crl_bad", unusable=True,
            **with_crls(none, f.crl(middle, extra=[strange]))),
        row("crl_is_a_delta", "a delta CRL is no complete one", "crl_bad",
            unusable=True, **with_crls(none, f.crl(middle, extra=[delta]))),
        row("crl_of_a_ca_that_may_not", "its CA's keyUsage lacks cRLSign",
            "crl_bad", **with_crls(none, f.crl(no_crls), made=below)),
    ]
