"""Genuine certificates of the factory, spoiled one byte or field at a time; each
with the rules of the profile that it then breaks.

    for role, rules, spoil in cases: ...
"""
from der import BITS, GENERALIZED, IA5, INTEGER, OCTETS, PRINTABLE, SEQUENCE, SET, \
    UTC, UTF8, encode, oid, parse, pem, unpem
from kit import Factory, read

CN, SERIAL, O, OU = "2.5.4.3", "2.5.4.5", "2.5.4.10", "2.5.4.11"
SKI, KU, SAN, BC = "2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19"
NC, CDP, AKI, EKU = "2.5.29.30", "2.5.29.31", "2.5.29.35", "2.5.29.37"
AIA, MASA = "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.32"
CLIENT, SERVER = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"
SHA1, SHA256 = "1.2.840.10045.4.1", "1.2.840.10045.4.3.2"

ROLES = ("device", "batch", "vendor", "root")
cases = []


def breaks(role, *rules):
    """The function spoils a certificate of this role so that it breaks exactly
    these rules."""
    def remember(function):
        cases.append((role, set(rules), function))
        return function
    return remember


def put(item, tag, content):
    item[:] = [tag, content]


def inner(c, dotted):
    """The tree within an extension, and a function that puts it back."""
    octets = c.value(dotted)
    tree = parse(octets[1])[0]
    return tree, lambda: put(octets, OCTETS, encode(tree))


# --- fields

@breaks("device", "version")
def version_2(c): put(c.version[1][0], INTEGER, b"\1")
@breaks("device", "serial-number")
def a_negative_serial(c): put(c.serial, INTEGER, b"\x80" * 16)
@breaks("device", "serial-number")
def a_guessable_serial(c): put(c.serial, INTEGER, b"\7")
@breaks("vendor", "serial-number")
def a_serial_of_21_octets(c): put(c.serial, INTEGER, b"\7" * 21)
@breaks("root", "serial-number")
def a_serial_with_a_needless_zero(c): put(c.serial, INTEGER, b"\0\1" + b"\7" * 9)
@breaks("device", "signature-algorithm-twice")
def two_algorithms(c): put(c.inner[1][0], *oid(SHA1))
@breaks("device", "signature-algorithm", "signature-algorithm-twice")
def sha1_outside(c): put(c.algorithm[1][0], *oid(SHA1))
@breaks("device", "signature-algorithm")
def algorithm_with_parameters(c): c.algorithm[1].append([5, b""])
@breaks("device", "key")
def a_p384_device(c): put(c.spki[1][0][1][1], *oid("1.3.132.0.34"))
@breaks("vendor", "key")
def a_p256_vendor(c): put(c.spki[1][0][1][1], *oid("1.2.840.10045.3.1.7"))
@breaks("device", "key")
def an_rsa_key(c): put(c.spki[1][0][1][0], *oid("1.2.840.113549.1.1.1"))
@breaks("device", "validity-form")
def generalized_time_before_2050(c):
    put(c.validity[1][0], GENERALIZED, b"20" + c.validity[1][0][1])
@breaks("device", "validity-form")
def a_time_without_zulu(c): put(c.validity[1][1], GENERALIZED, b"99991231235959+")
@breaks("device", "validity-form")
def a_31st_of_february(c): put(c.validity[1][0], UTC, b"260231000000Z")
@breaks("batch", "validity-form")
def a_time_with_fractions(c):
    put(c.validity[1][1], GENERALIZED, b"99991231235959.0Z")
@breaks("device", "validity-order", "validity-end")
def an_end_before_the_beginning(c): put(c.validity[1][1], UTC, b"200101000000Z")
@breaks("device", "validity-end")
def a_device_that_ends(c): put(c.validity[1][1], GENERALIZED, b"20991231235959Z")
@breaks("batch", "validity-end")
def a_batch_that_ends(c): put(c.validity[1][1], GENERALIZED, b"20991231235959Z")
@breaks("vendor", "validity-end")
def a_vendor_of_a_year(c): put(c.validity[1][1], UTC, b"280101000000Z")
@breaks("root", "validity-end")
def a_root_of_20_years(c): put(c.validity[1][1], UTC, b"461231235959Z")
@breaks("vendor")
def fine_a_vendor_of_30_years(c):
    put(c.validity[1][1], GENERALIZED, b"20561231235959Z")

# --- names

@breaks("device", "subject-order")
def cn_first(c): c.subject[1].insert(0, c.subject[1].pop(2))
@breaks("device", "subject-order")
def two_in_one_rdn(c): c.subject[1][2][1] += c.subject[1].pop(3)[1]
@breaks("device", "subject-order")
def a_country(c):
    c.subject[1].append([SET, [[SEQUENCE, [oid("2.5.4.6"), [UTF8, b"DE"]]]]])
@breaks("device", "subject-order", "thing-name", "hardware-serial")
def no_serial_number(c): c.subject[1].pop()
@breaks("root", "subject-order")
def a_root_with_a_serial(c):
    c.subject[1].append([SET, [[SEQUENCE, [oid(SERIAL), [PRINTABLE, b"1"]]]]])
    put(c.issuer, *c.subject)
@breaks("device", "subject-strings")
def a_printable_vendor(c): c.attribute(O)[0] = PRINTABLE
@breaks("device", "subject-strings")
def a_utf8_serial(c): c.attribute(SERIAL)[0] = UTF8
@breaks("batch", "subject-length")
def a_name_of_65(c): c.attribute(CN)[1] = b"x" * 65
@breaks("batch")
def fine_a_name_of_64_umlauts(c): c.attribute(CN)[1] = "\u00e4".encode() * 64
@breaks("vendor", "subject-length")
def an_empty_cn(c): c.attribute(CN)[1] = b""
@breaks("device", "subject-length", "thing-name")
def a_thing_name_of_129(c): c.attribute(CN)[1] = b"x" * 129
@breaks("device", "subject-characters", "thing-name")
def a_model_with_a_space(c): c.attribute(OU)[1] = b"Thermo 1"
@breaks("device", "subject-characters", "thing-name")
def a_model_with_a_nul(c): c.attribute(OU)[1] = b"Thermo-1\0x"
@breaks("device", "thing-name")
def somebody_elses_name(c): c.attribute(CN)[1] = b"acme:thermo-1:S2"
@breaks("device", "thing-name")
def a_vendor_of_another_name(c): c.attribute(O)[1] = b"Evil"
@breaks("device", "hardware-module-name", "other-names")
def an_empty_san(c): put(c.value(SAN), OCTETS, b"\x30\0")
@breaks("device", "hardware-module-name")
def no_san(c): c.remove(SAN)
@breaks("device", "hardware-module-name")
def two_module_names(c):
    tree, done = inner(c, SAN)
    tree[1] *= 2
    done()
@breaks("device", "hardware-serial")
def another_hardware_serial(c):
    c.value(SAN)[1] = c.value(SAN)[1].replace(b"\4\2S1", b"\4\2S2")
@breaks("device", "other-names")
def a_dns_name(c):
    tree, done = inner(c, SAN)
    tree[1].append([0x82, b"broker.example"])
    done()
@breaks("device", "other-names")
def a_critical_san(c): c.set_critical(SAN, True)
@breaks("batch", "other-names")
def a_ca_with_a_san(c): c.add(SAN, [SEQUENCE, [[0x82, b"a.example"]]])
@breaks("device")
def fine_another_other_name(c):
    tree, done = inner(c, SAN)
    tree[1].append([0xa0, [oid("1.3.6.1.5.5.7.8.3"), [0xa0, [[SEQUENCE, []]]]]])
    done()

# --- extensions

@breaks("device", "basic-constraints")
def basic_constraints_not_critical(c): c.set_critical(BC, False)
@breaks("device", "basic-constraints")
def no_basic_constraints(c): c.remove(BC)
@breaks("batch", "basic-constraints")
def a_batch_with_path_length_1(c):
    c.value(BC)[1] = bytes.fromhex("30060101ff020101")
@breaks("root", "basic-constraints")
def a_root_without_path_length(c): c.value(BC)[1] = bytes.fromhex("30030101ff")
@breaks("device", "key-usage")
def a_device_that_agrees_keys(c): c.value(KU)[1] = bytes.fromhex("03020388")
@breaks("device", "key-usage")
def key_usage_not_critical(c): c.set_critical(KU, False)
@breaks("vendor", "key-usage")
def a_ca_without_key_usage(c): c.remove(KU)
@breaks("device", "extended-key-usage")
def a_server(c): put(c.value(EKU), OCTETS, encode([SEQUENCE, [oid(SERVER)]]))
@breaks("device", "extended-key-usage")
def a_client_and_server(c):
    put(c.value(EKU), OCTETS, encode([SEQUENCE, [oid(CLIENT), oid(SERVER)]]))
@breaks("device", "extended-key-usage")
def a_critical_purpose(c): c.set_critical(EKU, True)
@breaks("device", "extended-key-usage")
def the_purposes_in_another_order(c):
    put(c.value(EKU), OCTETS, encode([SEQUENCE, [oid(SERVER), oid(CLIENT)]]))
@breaks("device", "extended-key-usage")
def no_purpose(c): c.remove(EKU)
@breaks("vendor", "extended-key-usage")
def a_vendor_for_any_purpose(c): c.remove(EKU)
@breaks("vendor", "extended-key-usage")
def a_vendor_of_servers(c):
    put(c.value(EKU), OCTETS, encode([SEQUENCE, [oid(CLIENT), oid(SERVER)]]))
@breaks("batch", "extended-key-usage")
def a_batch_for_any_purpose(c): c.remove(EKU)
@breaks("root", "extended-key-usage")
def a_root_for_one_purpose(c): c.add(EKU, [SEQUENCE, [oid(CLIENT)]])
@breaks("vendor", "name-constraints")
def constraints_not_critical(c): c.set_critical(NC, False)
@breaks("vendor", "name-constraints")
def no_constraints(c): c.remove(NC)
@breaks("root", "name-constraints")
def a_constrained_root(c): c.add(NC, [SEQUENCE, []], True)
@breaks("vendor", "name-constraints")
def another_vendor_permitted(c):
    c.value(NC)[1] = c.value(NC)[1].replace(b"Acme", b"Evil")
@breaks("batch", "name-constraints")
def a_batch_with_its_vendors_constraint(c):
    tree, done = inner(c, NC)
    tree[1][0][1][0][1][0][1][0][1].pop()
    done()
@breaks("batch", "name-constraints")
def a_second_permitted_name(c):
    tree, done = inner(c, NC)
    tree[1][0][1] *= 2
    done()
@breaks("batch", "name-constraints")
def one_kind_not_excluded(c):
    tree, done = inner(c, NC)
    tree[1][1][1].pop()
    done()
@breaks("batch", "name-constraints")
def half_of_the_addresses_excluded(c):
    tree, done = inner(c, NC)
    tree[1][1][1][1][1][0][1] = bytes.fromhex("0000000080000000")
    done()
@breaks("batch")
def fine_the_excluded_in_another_order(c):
    tree, done = inner(c, NC)
    tree[1][1][1].reverse()
    done()
@breaks("batch", "subject-key-id")
def a_ca_without_key_id(c): c.remove(SKI)
@breaks("device")
def fine_a_device_without_key_id(c): c.remove(SKI)
@breaks("device", "subject-key-id")
def a_critical_key_id(c): c.set_critical(SKI, True)
@breaks("device", "authority-key-id")
def no_authority_key_id(c): c.remove(AKI)
@breaks("vendor", "authority-key-id")
def an_empty_authority_key_id(c): put(c.value(AKI), OCTETS, b"\x30\0")
@breaks("device", "revocation-pointers")
def a_distribution_point(c): c.add(CDP, [SEQUENCE, []])
@breaks("device", "revocation-pointers")
def an_information_access(c): c.add(AIA, [SEQUENCE, []])
@breaks("device", "masa-url")
def a_critical_masa(c): c.add(MASA, [IA5, b"masa.example"], True)
@breaks("device", "masa-url")
def a_masa_of_another_type(c): c.add(MASA, [UTF8, b"masa.example"])
@breaks("batch", "masa-url")
def a_masa_in_a_ca(c): c.add(MASA, [IA5, b"masa.example"])
@breaks("device")
def fine_a_masa(c): c.add(MASA, [IA5, b"masa.example"])
@breaks("device", "extension-twice")
def one_extension_twice(c): c.extensions.append(c.extension(AKI))
@breaks("device", "extension-unknown")
def an_unknown_critical_extension(c): c.add("1.2.3.4", [5, b""], True)
@breaks("device")
def fine_an_unknown_extension(c): c.add("1.2.3.4", [5, b""])

# --- encoding

@breaks("device", "encoding")
def critical_false_written_out(c): c.extension(SAN)[1].insert(1, [1, b"\0"])
@breaks("device", "encoding")
def an_attribute_without_value(c): c.subject[1][0][1][0][1].pop()
@breaks("device", "encoding")
def an_empty_rdn(c): put(c.subject[1][0], SET, [])
@breaks("device", "encoding")
def a_version_of_two_octets(c): put(c.version[1][0], INTEGER, b"\0\2")
@breaks("device", "encoding")
def a_serial_that_is_text(c): c.serial[0] = UTF8
@breaks("device", "encoding")
def a_third_date(c): c.validity[1].append(c.validity[1][1])
@breaks("device", "encoding")
def an_unsigned_certificate(c): put(c.signature, BITS, b"\0")
@breaks("device", "encoding")
def a_key_without_bits(c): c.spki[1].pop()
@breaks("device", "encoding")
def an_algorithm_without_name(c): put(c.inner, SEQUENCE, [])
@breaks("device", "encoding")
def forty_extensions(c): c.extensions[:] = c.extensions * 7
@breaks("device", "encoding")
def something_behind_the_extensions(c): c.tbs[1].append([5, b""])


def genuine(tmp):
    """A PEM text of each role."""
    factory = Factory(tmp)
    device = factory.device("S1") + "/device.crt"
    chain = [pem(c) for c in unpem(read(device))]
    return factory, dict(zip(ROLES, chain + [read(factory.root)]))
