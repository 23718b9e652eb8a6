/* A request for a certificate, cut, spoiled and judged. */

#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/certificate_request.h"
#include "forge.h"

static const struct subject owner = {
    "Acme", "Thermo-1", "acme:thermo-1:S1", "S1"};

static struct bytes request_of(const struct subject *subject, bool good)
{
    struct keypair *key = NULL;
    struct bytes pem;

    assert_int_equal(keypair_make(KEYPAIR_P256, &key), ERR_OK);
    pem = forge_request(key, subject, good);
    keypair_free(key);
    return pem;
}

static enum err reads(const char *pem, struct certificate_request *out)
{
    const char *why = NULL;
    enum err e = certificate_request_read(pem, out, &why);

    assert_true(e == ERR_OK || why != NULL);
    return e;
}

static void a_good_request_is_read_and_a_spoiled_one_is_not(void **state)
{
    struct certificate_request r;
    struct bytes good = request_of(&owner, true);
    struct bytes bad = request_of(&owner, false);

    (void)state;
    assert_int_equal(reads((const char *)good.at, &r), ERR_OK);
    assert_int_equal(r.subject.count, 4);
    assert_false(r.names);
    certificate_request_free(&r);
    assert_int_equal(reads((const char *)bad.at, &r), ERR_INVALID);
    assert_int_equal(reads("", &r), ERR_INVALID);
    bytes_free(&good);
    bytes_free(&bad);
}

/* Every byte of it is signed, or else needed. */
static void no_byte_can_be_changed_or_left_out(void **state)
{
    struct bytes good = request_of(&owner, true), der = {NULL, 0};
    const char *text = (const char *)good.at;
    struct certificate_request r;

    (void)state;
    assert_int_equal(pem_next(PEM_REQUEST, &text, &der), ERR_OK);
    for (size_t i = 0; i < der.len; i++) {
        struct bytes pem = {NULL, 0};

        der.at[i] ^= 0x41;
        assert_int_equal(
            pem_write(PEM_REQUEST, bytes_span(&der), &pem), ERR_OK);
        if (reads((const char *)pem.at, &r) == ERR_OK)
            fail_msg("byte %zu", i);
        bytes_free(&pem);
        der.at[i] ^= 0x41;
        assert_int_equal(
            pem_write(PEM_REQUEST, (struct span){der.at, i}, &pem), ERR_OK);
        if (reads((const char *)pem.at, &r) == ERR_OK)
            fail_msg("cut at %zu", i);
        bytes_free(&pem);
    }
    bytes_free(&der);
    bytes_free(&good);
}

/* Is this subject refused for `owner`, as a new request and as a renewal? */
static void judged(const struct subject *subject, bool anew, bool renewal)
{
    struct bytes pem = request_of(subject, true);
    struct certificate_request r;

    assert_int_equal(reads((const char *)pem.at, &r), ERR_OK);
    assert_int_equal(
        certificate_request_judge(&r, &owner, false) == NULL, anew);
    assert_int_equal(
        certificate_request_judge(&r, &owner, true) == NULL, renewal);
    certificate_request_free(&r);
    bytes_free(&pem);
}

static void a_subject_is_the_owners_own_or_left_out(void **state)
{
    (void)state;
    judged(&owner, true, true);
    judged(&(struct subject){NULL, NULL, NULL, NULL}, true, false);
    judged(
        &(struct subject){NULL, NULL, "acme:thermo-1:S1", NULL}, true, false);
    judged(&(struct subject){"Acme", "Thermo-1", "acme:thermo-1:S1", "S2"},
        false, false);
    judged(&(struct subject){"Other", NULL, NULL, NULL}, false, false);
    judged(
        &(struct subject){NULL, NULL, "acme:thermo-1:S10", NULL}, false, false);
    judged(
        &(struct subject){NULL, NULL, "acme:thermo-1:S", NULL}, false, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_request_is_read_and_a_spoiled_one_is_not),
        cmocka_unit_test(no_byte_can_be_changed_or_left_out),
        cmocka_unit_test(a_subject_is_the_owners_own_or_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
