/* PKCS #7 with certificates and nothing else: by hand, and by OpenSSL. */

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "core/file.h"
#include "der_build.h"
#include "folder.h"
#include "hex.h"
#include "identity/certs_only.h"
#include "identity/pem.h"

#define SIGNED_DATA "06092a864886f70d010702"
#define DATA        "06092a864886f70d010701"
#define NO_CONTENT  "300b" DATA

/* A certificate on the outside, of `len` octets of signature. */
static struct der_hex certificate(size_t len)
{
    static char bits[40000];
    struct der_hex parts;

    memset(bits, '0', 2 * len);
    bits[2 * len] = '\0';
    parts = der_item("03", bits);
    parts = der_join("30003000", parts.hex);
    return der_item("30", parts.hex);
}

struct envelope {
    const char *type, *version, *digests, *content, *certificates, *crls,
        *signers, *behind;
};

static const struct envelope good = {SIGNED_DATA, "020101", "3100", NO_CONTENT,
    "a0083006300030000300", "", "3100", ""};

static struct der_hex seal(const struct envelope *v)
{
    char in[2000];
    struct der_hex out;

    (void)snprintf(in, sizeof(in), "%s%s%s%s%s%s%s", v->version, v->digests,
        v->content, v->certificates, v->crls, v->signers, v->behind);
    out = der_item("30", in);
    out = der_item("a0", out.hex);
    out = der_join(v->type, out.hex);
    return der_item("30", out.hex);
}

static unsigned char room[DER_HEX / 2];

static enum err read_hex(
    const char *hex, struct certs_only *out, const char **why)
{
    size_t len = strlen(hex) / 2;

    for (size_t i = 0; i < len; i++)
        room[i] = (unsigned char)(hex_digit(hex[2 * i]) << 4 |
            hex_digit(hex[2 * i + 1]));
    return certs_only_read((struct span){room, len}, out, why);
}

static enum err read_envelope(const struct envelope *v, struct certs_only *out)
{
    const char *why = NULL;
    struct der_hex hex = seal(v);
    enum err e = read_hex(hex.hex, out, &why);

    assert_true(e == ERR_OK || why != NULL);
    return e;
}

static void an_envelope_of_certificates_is_read(void **state)
{
    struct envelope v = good;
    struct certs_only out;

    (void)state;
    assert_int_equal(read_envelope(&v, &out), ERR_OK);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.certificates[0].len, 8);
    v.version = "020103";
    v.digests = "310f300d06096086480165030402010500";
    v.crls = "a1023000";
    assert_int_equal(read_envelope(&v, &out), ERR_OK);
}

static void what_is_not_certs_only_is_refused(void **state)
{
    static const struct {
        size_t member; /* of the envelope */
        const char *hex;
    } table[] = {
        {0, DATA                      },
        {0, "0603550403"              },
        {1, ""                        },
        {1, "020100"                  },
        {1, "020106"                  },
        {1, "02020001"                },
        {2, ""                        },
        {2, "3000"                    },
        {3, ""                        },
        {3, "300b" SIGNED_DATA        },
        {3, "3010" DATA "a003040161"  }, /* a content */
        {4, ""                        },
        {4, "a000"                    },
        {4, "a0083006300030000300ff"  },
        {4, "a0053003300030"          },
        {4, "a004a1023000"            }, /* an attribute certificate */
        {4, "a0063004300030000300"    }, /* wrong length */
        {4, "a08030063000300003000000"}, /* BER: indefinite */
        {4, "a081083006300030000300"  }, /* BER: a long length */
        {4, "a00a30083000300003003000"}, /* four parts */
        {5, "a103"                    },
        {6, ""                        },
        {6, "31023000"                }, /* a signer */
        {6, "3000"                    },
        {7, "0500"                    },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct envelope v = good;
        struct certs_only out = {.count = 99};
        const char **members[] = {&v.type, &v.version, &v.digests, &v.content,
            &v.certificates, &v.crls, &v.signers, &v.behind};

        *members[table[i].member] = table[i].hex;
        assert_int_equal(read_envelope(&v, &out), ERR_INVALID);
        assert_int_equal(out.count, 99);
    }
}

static void bytes_behind_the_envelope_are_refused(void **state)
{
    struct der_hex hex = seal(&good);
    struct certs_only out;
    const char *why;

    (void)state;
    hex = der_join(hex.hex, "0500");
    assert_int_equal(read_hex(hex.hex, &out, &why), ERR_INVALID);
}

/* `count` certificates of `len` octets of signature each. */
static enum err read_many(size_t count, size_t len, struct certs_only *out)
{
    struct der_hex one = certificate(len), hex = {""};
    const char *why;

    for (size_t i = 0; i < count; i++)
        hex = der_join(hex.hex, one.hex);
    hex = der_item("a0", hex.hex);
    hex = der_join("0201013100" NO_CONTENT, hex.hex);
    hex = der_join(hex.hex, "3100");
    hex = der_item("30", hex.hex);
    hex = der_item("a0", hex.hex);
    hex = der_join(SIGNED_DATA, hex.hex);
    hex = der_item("30", hex.hex);
    return read_hex(hex.hex, out, &why);
}

static void the_bounds_are_kept_to_the_last(void **state)
{
    struct certs_only out;
    size_t head = 4 + 4 + 4; /* of certificate, of its two parts, of its bits */

    (void)state;
    assert_int_equal(read_many(CERTS_ONLY_MOST, 20, &out), ERR_OK);
    assert_int_equal(out.count, CERTS_ONLY_MOST);
    assert_int_equal(read_many(CERTS_ONLY_MOST + 1, 20, &out), ERR_TOO_BIG);
    assert_int_equal(read_many(1, CERTS_ONLY_BYTES - head, &out), ERR_OK);
    assert_int_equal(out.certificates[0].len, CERTS_ONLY_BYTES);
    assert_int_equal(
        read_many(1, CERTS_ONLY_BYTES - head + 1, &out), ERR_TOO_BIG);
}

static void no_beginning_of_an_envelope_is_one(void **state)
{
    struct der_hex hex = seal(&good);
    struct certs_only out;
    const char *why;

    (void)state;
    for (size_t len = strlen(hex.hex); len >= 2; len -= 2) {
        hex.hex[len - 2] = '\0';
        assert_int_equal(read_hex(hex.hex, &out, &why), ERR_INVALID);
    }
}

/* --- by OpenSSL ---------------------------------------------------------- */

static const char script[] =
    "cd '%s' && exec 2>/dev/null && for n in a b c; do openssl req -x509 -new "
    "-nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout $n.key -subj "
    "/CN=$n -out $n.crt || exit 1; done; openssl crl2pkcs7 -nocrl -certfile "
    "c.crt -certfile a.crt -certfile b.crt -outform DER -out all.p7 && "
    "openssl crl2pkcs7 -nocrl -certfile a.crt -outform DER -out one.p7 && "
    "echo hello >m && openssl cms -sign -in m -signer a.crt -inkey a.key "
    "-outform DER -nodetach -out signed.p7";

static struct bytes slurp(const struct folder *folder, const char *name)
{
    char path[500];
    char *bytes;
    struct bytes out;

    (void)snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    assert_int_equal(file_read(path, 100000, &bytes, &out.len), ERR_OK);
    out.at = (unsigned char *)bytes;
    return out;
}

static bool holds(
    const struct certs_only *all, const struct folder *folder, const char *name)
{
    struct bytes text = slurp(folder, name), der;
    const char *at = (const char *)text.at;
    bool found = false;

    assert_int_equal(pem_next(PEM_CERTIFICATE, &at, &der), ERR_OK);
    for (size_t i = 0; i < all->count; i++)
        found = found || span_equal(all->certificates[i], bytes_span(&der));
    bytes_free(&text);
    bytes_free(&der);
    return found;
}

static void what_openssl_makes_is_read_and_what_it_signs_is_not(void **state)
{
    struct folder folder = {""};
    struct certs_only out;
    struct bytes all, one, is_signed;
    const char *why;
    char command[1500];

    (void)state;
    assert_int_equal(folder_make(&folder), 0);
    (void)snprintf(command, sizeof(command), script, folder.path);
    assert_int_equal(system(command), 0);
    all = slurp(&folder, "all.p7");
    assert_int_equal(certs_only_read(bytes_span(&all), &out, &why), ERR_OK);
    assert_int_equal(out.count, 3);
    assert_true(holds(&out, &folder, "a.crt"));
    assert_true(holds(&out, &folder, "b.crt"));
    assert_true(holds(&out, &folder, "c.crt"));
    one = slurp(&folder, "one.p7");
    assert_int_equal(certs_only_read(bytes_span(&one), &out, &why), ERR_OK);
    assert_int_equal(out.count, 1);
    assert_false(holds(&out, &folder, "b.crt"));
    is_signed = slurp(&folder, "signed.p7");
    assert_int_equal(
        certs_only_read(bytes_span(&is_signed), &out, &why), ERR_INVALID);
    bytes_free(&all);
    bytes_free(&one);
    bytes_free(&is_signed);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_envelope_of_certificates_is_read),
        cmocka_unit_test(what_is_not_certs_only_is_refused),
        cmocka_unit_test(bytes_behind_the_envelope_are_refused),
        cmocka_unit_test(the_bounds_are_kept_to_the_last),
        cmocka_unit_test(no_beginning_of_an_envelope_is_one),
        cmocka_unit_test(what_openssl_makes_is_read_and_what_it_signs_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
