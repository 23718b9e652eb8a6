"""Paths: who signed whom, when, with what right, and which way up."""
import der
from forge import FOREVER, FUTURE, HOST, PAST, name
from row import bad, good


def rows(f):
    return dates(f) + issuers(f) + searches(f) + authorities(f) + lengths(f)


def dates(f):
    return [
        good("dates_fit", "nothing", f.leaf(f.ca("middle"))),
        good("dates_without_end", "nothing: notAfter is 99991231235959Z",
             f.leaf(end=FOREVER)),
        good("dates_from_1950", "nothing: the first year of a UTCTime",
             f.leaf(begin="19500101000000Z")),
        bad("leaf_expired", "the leaf's notAfter is past", "expired",
            f.leaf(end=PAST)),
        bad("leaf_not_yet_valid", "the leaf's notBefore is to come",
            "not_yet_valid", f.leaf(begin=FUTURE)),
        bad("ca_expired", "the intermediate's notAfter is past", "expired",
            f.leaf(f.ca("old", end=PAST))),
        bad("ca_not_yet_valid", "the intermediate's notBefore is to come",
            "not_yet_valid", f.leaf(f.ca("young", begin=FUTURE))),
        bad("root_expired", "the anchor's notAfter is past", "expired",
            f.leaf(f.ca("root over", None, end=PAST))),
        bad("month_13", "notAfter is in month 13", "malformed",
            f.leaf(end="20301301000000Z")),
    ]


def issuers(f):
    stranger, middle = f.ca("stranger", None), f.ca("unsent")
    thief = f.ca("root", None, key=f.key("thief"))
    a, b = f.ca("ring a", None), f.ca("ring b", None)
    first = f.ca("mesh", None)
    shouted = f.ca("root", None, key=f.root.key,
                   subject=name("O=lab,CN=ROOT", der.PRINTABLE))
    return [
        good("anchor_is_an_intermediate", "nothing: an anchor may be any CA",
             f.leaf(middle), links=[f.leaf(middle)], trust=[middle]),
        good("issuer_in_other_letters", "nothing: names match without regard"
             " to case and string type (RFC 5280, 7.1)", f.leaf(shouted),
             trust=[f.root]),
        good("root_sent_along", "nothing: the root is in the chain, too",
             f.leaf(), links=[f.leaf(), f.root]),
        bad("ca_unknown", "a CA that nobody trusts", "unknown_issuer",
            f.leaf(stranger), trust=[f.root]),
        bad("ca_unknown_with_its_root", "a stranger brings his root along",
            "unknown_issuer", f.leaf(stranger),
            links=[f.leaf(stranger), stranger], trust=[f.root]),
        bad("root_of_the_same_name", "a thief's root has our root's name",
            "bad_signature", f.leaf(thief), links=[f.leaf(thief), thief],
            trust=[f.root]),
        bad("signed_by_itself", "the leaf is its own issuer", "unknown_issuer",
            f.leaf(issuer="CN=" + HOST, signer=f.key("leaf p256"))),
        bad("intermediate_missing", "the CA in between is not sent",
            "unknown_issuer", f.leaf(middle), links=[f.leaf(middle)]),
        bad("ring_of_cas", "two CAs that vouch for each other",
            "unknown_issuer", f.leaf(a), trust=[f.root],
            links=[f.leaf(a), f.ca("ring a", b, key=a.key),
                   f.ca("ring b", a, key=b.key)]),
        bad("mesh_of_cas", "30 CAs of one name and key, and no way out",
            ("unknown_issuer", "too_complex"), f.leaf(first), trust=[f.root],
            links=[f.leaf(first)] + [f.ca("mesh", first, key=first.key)
                                     for _ in range(30)]),
    ]


def searches(f):
    """Where one way up fails and another leads to an anchor."""
    top = f.ca("top", None)
    fresh = f.ca("twice")
    stale = f.ca("twice", key=fresh.key, end=PAST)
    astray = f.ca("twice", f.ca("nobody", None), key=fresh.key)
    narrow = f.ca("twice", key=fresh.key, purpose=["clientAuth"])
    leaf = f.leaf(fresh)
    namesake = f.ca("root", None, key=f.key("namesake"))
    deep = f.leaf(f.ca("in order c", f.ca("in order b", f.ca("in order a"))))
    ways = [("expired", "an expired CA", stale),
            ("stray", "a CA that leads nowhere", astray),
            ("narrow", "a CA for clients", narrow)]
    table = []
    for label, words, wrong in ways:
        table += [
            good(f"{label}_ca_then_good", f"nothing: {words} stands before the"
                 " good one of its name", leaf, links=[leaf, wrong, fresh]),
            good(f"good_ca_then_{label}", f"nothing: {words} stands behind the"
                 " good one of its name", leaf, links=[leaf, fresh, wrong]),
        ]
    return table + [
        good("root_expired_and_renewed", "nothing: the anchors hold the root"
             " before and after its renewal", leaf,
             trust=[f.ca("root", None, key=f.root.key, end=PAST), f.root]),
        good("anchors_of_one_name", "nothing: another root has the same name",
             leaf, trust=[namesake, f.root]),
        good("crossed_to_an_unknown_root", "nothing: our root, signed by an"
             " unknown one, is sent along", leaf,
             links=[leaf, fresh, f.ca("root", top, key=f.root.key)]),
        good("chain_in_any_order", "nothing: the CAs are sent upside down",
             deep, links=[deep, deep.above.above.above, deep.above,
                          deep.above.above]),
        good("strangers_in_between", "nothing: certificates of others are sent"
             " along", leaf, links=[leaf, top, astray, f.leaf(top), fresh]),
        bad("every_way_is_wrong", "one way up is expired, the other for clients",
            ("expired", "wrong_purpose"), leaf, links=[leaf, stale, narrow]),
        bad("certificates_33", "one more than 32 in the chain", "too_complex", leaf,
            links=[leaf, fresh] + [f.ca(f"idle {i}", top) for i in range(31)]),
        bad("two_hundred_certificates", "200 in one chain", "too_complex", leaf,
            links=[leaf, fresh] + [top] * 198, on_wire=["tls"]),
        bad("path_of_13", "12 CAs between leaf and root", "too_complex",
            f.leaf(tower(f, 12))),
        good("path_of_8", "nothing: 7 CAs between leaf and root",
             f.leaf(tower(f, 7))),
        bad("leaf_of_12_kb", "the leaf is longer than 8 KiB", "too_complex",
            f.leaf(names=many_names(500))),
        good("leaf_of_7_kb", "nothing: the leaf has 300 names",
             f.leaf(names=many_names(300))),
    ]


def many_names(count):
    return [f"DNS:host-{i:03}.lab.example" for i in range(count)] + [
        "DNS:" + HOST]


def tower(f, height):
    top = None
    for storey in range(height):
        top = f.ca(f"storey {storey}", top or "root")
    return top


def authorities(f):
    return [
        good("ca_without_key_usage", "nothing: keyUsage binds where it is"
             " (RFC 5280, 6.1.4 n)", f.leaf(f.ca("silent", usages=None))),
        bad("leaf_signs_a_leaf", "a server's certificate signed another",
            "not_a_ca", f.leaf(f.leaf())),
        bad("ca_says_no", "basicConstraints: cA FALSE", "not_a_ca",
            f.leaf(f.ca("no", flags=False))),
        bad("ca_says_nothing", "no basicConstraints", "not_a_ca",
            f.leaf(f.ca("nothing", flags=None))),
        bad("ca_of_version_1", "no extensions at all (X.509 v1)", "not_a_ca",
            f.leaf(f.ca("v1", flags=None, usages=None, version=1))),
        bad("ca_may_sign_crls_only", "keyUsage without keyCertSign", "not_a_ca",
            f.leaf(f.ca("crls", usages=["cRLSign"]))),
        bad("anchor_may_not_sign", "the anchor's keyUsage lacks keyCertSign",
            "not_a_ca", f.leaf(f.ca("mute", None, usages=["cRLSign"]))),
    ]


def lengths(f):
    last, one = f.ca("last", path=0), f.ca("one", path=1)
    itself = f.ca("last", last, key=f.key("renewed"))
    short = f.ca("short", None, path=0)
    return [
        good("path_length_kept", "nothing: pathLenConstraint 1, and one CA",
             f.leaf(f.ca("under one", one, path=0))),
        good("own_issuer_counts_not", "nothing: a CA that renews itself does not"
             " count (RFC 5280, 6.1.4 l)", f.leaf(itself)),
        bad("path_length_0", "a CA below pathLenConstraint 0", "path_length",
            f.leaf(f.ca("under last", last))),
        bad("path_length_1", "two CAs below pathLenConstraint 1", "path_length",
            f.leaf(f.ca("two", f.ca("under one", one)))),
        bad("path_length_of_the_anchor", "the anchor allows no CA below",
            "path_length", f.leaf(f.ca("under short", short))),
        bad("path_length_behind_a_renewal", "a renewed CA has another below",
            "path_length", f.leaf(f.ca("under itself", itself))),
        bad("path_length_grown", "a CA below grants itself more", "path_length",
            f.leaf(f.ca("lower", f.ca("greedy", one, path=9)))),
    ]
