"""Names and purposes: genuine certificates, for somebody or something else."""
from der import SEQUENCE
from forge import HOST, extension
from row import bad, good


def rows(f):
    return names(f) + wildcards(f) + addresses(f) + purposes(f)


def names(f):
    def wrong(name, words, names, reasons="wrong_name", **options):
        host = options.pop("host", HOST)
        return bad(name, words, reasons, f.leaf(names=names, **options),
                   host=host)

    def fine(name, words, names, host=HOST, **options):
        return good(name, "nothing: " + words, f.leaf(names=names, **options),
                    host=host)
    nul = HOST.encode() + b"\0.evil.example"
    return [
        fine("name_in_capitals", "DNS knows no case", ["DNS:MQTT.Lab.Example"]),
        fine("endpoint_in_capitals", "nor does the configuration",
             ["DNS:" + HOST], host="MQTT.LAB.EXAMPLE"),
        fine("name_among_others", "the last of 40 names is ours",
             [f"DNS:n{i}.example" for i in range(39)] + ["DNS:" + HOST]),
        fine("common_name_of_another", "the CN does not count",
             ["DNS:" + HOST], subject="CN=other.example"),
        fine("subject_empty", "subjectAltName is critical, subject empty",
             ["DNS:" + HOST], subject=""),
        wrong("no_alternative_name", "the name is in the CN alone", None),
        wrong("name_of_another", "the CN is right, the name is not",
              ["DNS:other.example"]),
        wrong("name_longer", "our name goes on", [f"DNS:{HOST}.evil.example"]),
        wrong("name_shorter", "a parent of our name", ["DNS:lab.example"]),
        wrong("name_with_nul", "a NUL byte behind our name", [nul],
              ("wrong_name", "malformed")),
        wrong("name_with_a_dot_behind", "mqtt.lab.example. with its root",
              [f"DNS:{HOST}."]),
        wrong("name_with_space", "a space before our name", ["DNS: " + HOST]),
        wrong("name_empty", "a dNSName of no bytes", ["DNS:"],
              ("wrong_name", "malformed")),
        wrong("names_empty", "a subjectAltName without names", [],
              ("wrong_name", "malformed")),
        wrong("name_as_uri", "our name in a URI", [f"URI:mqtts://{HOST}"]),
        wrong("name_as_mail", "our name in a mail address", ["EMAIL:x@" + HOST]),
        wrong("name_as_directory_name", "our name in a directoryName",
              ["DN:CN=" + HOST]),
        wrong("name_as_other_name", "our name in an otherName",
              ["OTHER:" + HOST]),
    ]


def wildcards(f):
    def wrong(name, words, pattern, host=HOST):
        return bad(name, words, "wrong_name", f.leaf(names=["DNS:" + pattern]),
                   host=host)
    return [
        good("wildcard", "nothing: the whole left-most label",
             f.leaf(names=["DNS:*.lab.example"])),
        wrong("wildcard_alone", "*", "*"),
        wrong("wildcard_of_all", "*.*.*", "*.*.*"),
        wrong("wildcard_of_a_top_level", "*.example, for lab.example",
              "*.example", host="lab.example"),
        wrong("wildcard_within", "m*t.lab.example", "m*t.lab.example"),
        wrong("wildcard_at_the_end", "mqtt*.lab.example", "mqtt*.lab.example"),
        wrong("wildcard_of_the_middle", "mqtt.*.example", "mqtt.*.example"),
        wrong("wildcard_of_two_labels", "*.example for mqtt.lab.example",
              "*.example"),
        wrong("wildcard_of_nothing", "*.mqtt.lab.example", "*." + HOST),
        wrong("wildcard_without_dot", "*lab.example", "*lab.example"),
    ]


def addresses(f):
    def wrong(name, words, host, names, reasons="wrong_name", **options):
        return bad(name, words, reasons, f.leaf(names=names, **options),
                   host=host)
    return [
        good("address", "nothing: an iPAddress",
             f.leaf(names=["IP:127.0.2.1"]), host="127.0.2.1"),
        good("address_of_version_6", "nothing: an iPAddress of 16 bytes",
             f.leaf(names=["IP:fd00::2"]), host="fd00::2"),
        wrong("address_as_dns_name", "an address written as a name",
              "127.0.2.2", ["DNS:127.0.2.2"]),
        wrong("address_under_wildcard", "*.0.2.3", "127.0.2.3", ["DNS:*.0.2.3"]),
        wrong("address_in_the_common_name", "no subjectAltName", "127.0.2.4",
              None, subject="CN=127.0.2.4"),
        wrong("address_of_another", "127.0.2.99", "127.0.2.5",
              ["DNS:localhost", "IP:127.0.2.99"]),
        wrong("address_mapped", "::ffff:127.0.2.6", "127.0.2.6",
              ["IP:::ffff:127.0.2.6"]),
        wrong("address_of_5_bytes", "an address with a byte more", "127.0.2.7",
              ["IP:hex 7f00020700"], ("wrong_name", "malformed")),
        wrong("address_with_mask", "an address with a mask, as constraints"
              " have it", "127.0.2.8", ["IP:127.0.2.8/32"],
              ("wrong_name", "malformed")),
        wrong("address_as_text", "an iPAddress of letters", "127.0.2.9",
              ["IP:hex " + b"127.0.2.9".hex()], ("wrong_name", "malformed")),
        wrong("name_for_an_address", "an iPAddress does for no name", HOST,
              ["IP:127.0.0.1"]),
    ]


def purposes(f):
    clients = f.ca("clients", purpose=["clientAuth"])
    servers = f.ca("servers", purpose=["serverAuth", "clientAuth"])
    empty = extension("2.5.29.37", [SEQUENCE, []])

    def wrong(name, words, made, reasons="wrong_purpose", **options):
        return bad(name, words, reasons, made, **options)
    return [
        good("ca_for_servers", "nothing: the CA is for servers, too",
             f.leaf(servers)),
        good("ca_for_all", "nothing: the CA is for any purpose",
             f.leaf(f.ca("all", purpose=["any"]))),
        good("leaf_for_both", "nothing: the leaf is for clients, too",
             f.leaf(purpose=["clientAuth", "serverAuth"])),
        good("leaf_without_key_usage", "nothing: keyUsage binds where it is",
             f.leaf(usages=None)),
        wrong("leaf_for_clients", "a client's certificate",
              f.leaf(purpose=["clientAuth"])),
        wrong("leaf_for_nothing", "no extendedKeyUsage", f.leaf(purpose=None)),
        wrong("leaf_for_all", "anyExtendedKeyUsage alone",
              f.leaf(purpose=["any"])),
        wrong("leaf_for_code", "for signing programs",
              f.leaf(purpose=["codeSigning", "OCSPSigning"])),
        wrong("leaf_with_empty_purpose", "an extendedKeyUsage of none",
              f.leaf(purpose=None, extra=[empty]),
              ("wrong_purpose", "malformed")),
        wrong("leaf_encrypts_only", "keyUsage without digitalSignature",
              f.leaf(usages=["keyEncipherment"]), by_hand=True),
        wrong("leaf_is_a_ca", "basicConstraints: cA TRUE", f.leaf(flags=True)),
        wrong("ca_for_clients", "a CA for clients signs a server",
              f.leaf(clients)),
        wrong("ca_for_clients_higher_up", "the same, two steps up",
              f.leaf(f.ca("lower", clients))),
        wrong("anchor_for_clients", "the anchor is for clients alone",
              f.leaf(f.ca("client root", None, purpose=["clientAuth"]))),
    ]
