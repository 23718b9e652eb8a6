/* Certificates that we cannot compute with still bear a name. */

#include <string.h>

#include "cmocka_all.h"
#include "identity/certificate.h"

/* version [0], serial, algorithm, issuer, dates, subject { 31 00 } */
static const unsigned char whole[] = {0x30, 0x16, 0xa0, 0x03, 0x02, 0x01, 0x02,
    0x02, 0x01, 0x05, 0x30, 0x00, 0x30, 0x00, 0x30, 0x00, 0x30, 0x02, 0x31,
    0x00, 0x30, 0x00, 0x00, 0x00};

/* The outer SEQUENCE around `len` bytes of tbsCertificate. */
static size_t wrap(unsigned char *out, const unsigned char *tbs, size_t len)
{
    out[0] = 0x30;
    out[1] = (unsigned char)len;
    memcpy(out + 2, tbs, len);
    return len + 2;
}

static void an_unusable_certificate_bears_its_subject(void **state)
{
    unsigned char der[64];
    size_t len = wrap(der, whole, sizeof(whole));
    mbedtls_x509_crt chain;

    (void)state;
    mbedtls_x509_crt_init(&chain);
    assert_int_equal(certificate_add_unusable(&chain, der, len), 0);
    assert_non_null(chain.next);
    assert_false(certificate_is_usable(chain.next));
    assert_int_equal(chain.next->subject_raw.len, 4);
    assert_memory_equal(chain.next->subject_raw.p, "\x30\x02\x31\x00", 4);
    /* What comes behind it does not take its place. */
    assert_int_not_equal(chain.next->version, 0);
    assert_int_equal(certificate_add_unusable(&chain, der, len), 0);
    assert_non_null(chain.next->next);
    mbedtls_x509_crt_free(&chain);
}

static void what_ends_before_its_subject_is_malformed(void **state)
{
    unsigned char der[64];
    mbedtls_x509_crt chain;

    (void)state;
    mbedtls_x509_crt_init(&chain);
    for (size_t cut = 0; cut < 18; cut++) {
        unsigned char tbs[sizeof(whole)];
        size_t len;

        memcpy(tbs, whole, sizeof(whole));
        tbs[1] = (unsigned char)cut;
        len = wrap(der, tbs, cut + 2);
        assert_int_equal(certificate_add_unusable(&chain, der, len),
            MBEDTLS_ERR_X509_INVALID_FORMAT);
        assert_null(chain.next);
    }
    assert_int_equal(certificate_add_unusable(
                         &chain, (const unsigned char *)"\x02\x01\x01", 3),
        MBEDTLS_ERR_X509_INVALID_FORMAT);
    mbedtls_x509_crt_free(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unusable_certificate_bears_its_subject),
        cmocka_unit_test(what_ends_before_its_subject_is_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
