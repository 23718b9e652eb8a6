/* Whom a revocation list speaks for, and until when. */

#include "identity/crl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "certs/certificate.h"
#include "certs/extensions.h"
#include "cmocka_all.h"
#include "core/log.h"
#include "identity/oid.h"
#include "identity/pem.h"
#include "mint.h"

#define HOUR     INT64_C(3600)
#define NO_END   0
#define DELTA    "2.5.29.27"
#define INDIRECT "2.5.29.28"

static struct party ca, twin; /* two CAs of one name */
static mbedtls_x509_crt ca_crt, twin_crt, deaf_crt, device;

struct list {
    const struct party *by;
    int64_t to;             /* nextUpdate; NO_END: none */
    bool lists_device;      /* behind another serial number */
    bool empty_entry_first; /* a serial number of no octets */
    bool long_serial;       /* a zero before the device's serial number */
    const char *critical;   /* an extension's OID */
};

static void put_entry(struct der *d, struct span serial)
{
    size_t mark = der_mark(d);

    der_put_time(d, MINT_NOW - MINT_DAY);
    der_put_tagged(d, DER_INTEGER, serial);
    der_wrap(d, DER_SEQUENCE, mark);
}

static void put_entries(struct der *d, const struct list *l)
{
    unsigned char room[32] = {0};
    const unsigned char one[] = {1};
    struct span serial = {device.serial.p, device.serial.len};
    size_t mark = der_mark(d);

    memcpy(room + 1, serial.at, serial.len);
    if (l->long_serial)
        serial = (struct span){room, serial.len + 1};
    if (l->lists_device)
        put_entry(d, serial);
    put_entry(d, (struct span){one, sizeof(one)});
    if (l->empty_entry_first)
        put_entry(d, (struct span){one, 0});
    der_wrap(d, DER_SEQUENCE, mark);
}

/* The caller frees. */
static struct bytes make(const struct list *l)
{
    unsigned char room[2048];
    struct bytes out = {NULL, 0};
    struct span tbs;
    struct der d;

    der_start(&d, room, sizeof(room));
    if (l->critical != NULL) {
        der_put_number(&d, 1);
        extension_wrap(&d, l->critical, true, 0);
        der_wrap(&d, DER_SEQUENCE, 0);
        der_wrap(&d, DER_CONTEXT_CONSTRUCTED(0), 0);
    }
    put_entries(&d, l);
    if (l->to != NO_END)
        der_put_time(&d, l->to);
    der_put_time(&d, MINT_NOW - 10 * MINT_DAY);
    der_put(&d, bytes_span(&l->by->name));
    certificate_put_algorithm(&d, l->by->key);
    der_put_number(&d, 1);
    der_wrap(&d, DER_SEQUENCE, 0);
    assert_int_equal(der_done(&d, &tbs), ERR_OK);
    assert_int_equal(certificate_seal(tbs, l->by->key, &out), ERR_OK);
    return out;
}

/* PEM of `count` lists; the caller frees. */
static char *make_pem(const struct list *lists, size_t count)
{
    char *text = calloc(1, 65536);

    for (size_t i = 0; i < count; i++) {
        struct bytes der = make(&lists[i]), pem = {NULL, 0};

        assert_int_equal(pem_write(PEM_CRL, bytes_span(&der), &pem), ERR_OK);
        (void)strncat(text, (const char *)pem.at, pem.len);
        bytes_free(&der);
        bytes_free(&pem);
    }
    return text;
}

static enum crl_status ask(const struct list *lists, size_t count,
    const mbedtls_x509_crt *issuer, int64_t grace_s)
{
    char *text = make_pem(lists, count);
    struct crls *crls;
    enum crl_status status;

    assert_int_equal(crls_parse(text, strlen(text), &crls), ERR_OK);
    status = crls_look(
        crls, &device, issuer, &(struct crl_when){MINT_NOW, grace_s, false});
    crls_free(crls);
    free(text);
    return status;
}

#define FRESH (MINT_NOW + MINT_DAY)
#define OVER  (MINT_NOW - HOUR)

static void what_a_list_says_depends_on_its_signer_and_its_age(void **state)
{
    const struct {
        struct list list;
        int64_t grace_s;
        enum crl_status status;
    } rows[] = {
        {{&ca, .to = FRESH},                         0,        CRL_GOOD   },
        {{&ca, .to = FRESH, .lists_device = true},   0,        CRL_REVOKED},
        {{&ca, .to = MINT_NOW},                      0,        CRL_GOOD   },
        {{&ca, .to = MINT_NOW - 1},                  0,        CRL_STALE  },
        {{&ca, .to = OVER},                          0,        CRL_STALE  },
        {{&ca, .to = OVER},                          HOUR - 1, CRL_STALE  },
        {{&ca, .to = OVER},                          HOUR,     CRL_GOOD   },
        {{&ca, .to = OVER, .lists_device = true},    0,        CRL_REVOKED},
        {{&ca, .to = NO_END},                        0,        CRL_GOOD   },
        {{&ca, .to = NO_END, .lists_device = true},  0,        CRL_REVOKED},
 /* In the CA's name, by another key: it says nothing, not even of
  * whom it lists. */
        {{&twin, .to = FRESH},                       0,        CRL_BAD    },
        {{&twin, .to = FRESH, .lists_device = true}, 0,        CRL_BAD    },
        {{&twin, .to = OVER},                        2 * HOUR, CRL_BAD    },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum crl_status status =
            ask(&rows[i].list, 1, &ca_crt, rows[i].grace_s);

        if (status != rows[i].status)
            fail_msg("row %zu: %d, not %d", i, status, rows[i].status);
    }
}

static void a_list_of_another_ca_says_nothing(void **state)
{
    struct party stranger = party_named("Stranger");
    const struct list list = {&stranger, .to = FRESH, .lists_device = true};

    (void)state;
    assert_int_equal(ask(&list, 1, &ca_crt, 0), CRL_NONE);
    assert_int_equal(crls_look(NULL, &device, &ca_crt,
                         &(struct crl_when){MINT_NOW, 0, false}),
        CRL_NONE);
    party_free(&stranger);
}

static void of_several_lists_each_counts(void **state)
{
    const struct {
        struct list lists[2];
        enum crl_status status;
    } rows[] = {
  /* Two CAs of one name, each with its list: the signer is ours. */
        {{{&ca, .to = FRESH}, {&twin, .to = FRESH, .lists_device = true}},
         CRL_GOOD                                                                   },
        {{{&twin, .to = FRESH, .lists_device = true}, {&ca, .to = FRESH}},
         CRL_GOOD                                                                   },
        {{{&ca, .to = FRESH, .lists_device = true}, {&twin, .to = FRESH}},
         CRL_REVOKED                                                                },
        {{{&twin, .to = FRESH}, {&ca, .to = FRESH, .lists_device = true}},
         CRL_REVOKED                                                                },
 /* An old one beside a new one. */
        {{{&ca, .to = OVER}, {&ca, .to = FRESH}},                          CRL_GOOD },
        {{{&ca, .to = FRESH}, {&ca, .to = OVER}},                          CRL_GOOD },
        {{{&ca, .to = OVER, .lists_device = true}, {&ca, .to = FRESH}},
         CRL_REVOKED                                                                },
        {{{&ca, .to = OVER}, {&twin, .to = FRESH}},                        CRL_STALE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum crl_status status = ask(rows[i].lists, 2, &ca_crt, 0);

        if (status != rows[i].status)
            fail_msg("row %zu: %d, not %d", i, status, rows[i].status);
    }
    assert_int_equal(
        ask(
            (struct list[]){
                {&ca,          .to = FRESH         },
                { &twin, .to = FRESH, .lists_device = true}
    },
            2, &twin_crt, 0),
        CRL_REVOKED);
}

static void a_ca_that_may_not_sign_lists_signs_none(void **state)
{
    const struct list list = {&ca, .to = FRESH};

    (void)state;
    assert_int_equal(ask(&list, 1, &deaf_crt, 0), CRL_BAD);
}

/* What other programs write, or would not stumble over. */
static void an_odd_entry_hides_nothing(void **state)
{
    const struct list rows[] = {
        {&ca, .to = FRESH, .lists_device = true, .empty_entry_first = true},
        {&ca, .to = FRESH, .lists_device = true, .long_serial = true      },
    };
    const struct list nobody = {&ca, .to = FRESH, .empty_entry_first = true};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(ask(&rows[i], 1, &ca_crt, 0), CRL_REVOKED);
    assert_int_equal(ask(&nobody, 1, &ca_crt, 0), CRL_GOOD);
}

/* --- reading ------------------------------------------------------------- */

static enum err parse(const void *bytes, size_t len)
{
    struct crls *crls;
    enum err e = crls_parse(bytes, len, &crls);

    if (e == ERR_OK)
        crls_free(crls);
    return e;
}

static void one_list_may_be_der(void **state)
{
    struct bytes der =
        make(&(struct list){&ca, .to = FRESH, .lists_device = true});
    struct crls *crls;

    (void)state;
    assert_int_equal(crls_parse(der.at, der.len, &crls), ERR_OK);
    assert_int_equal(crls_look(crls, &device, &ca_crt,
                         &(struct crl_when){MINT_NOW, 0, false}),
        CRL_REVOKED);
    crls_free(crls);
    for (size_t cut = 0; cut < der.len; cut++)
        if (parse(der.at, cut) != ERR_INVALID)
            fail_msg("taken when cut to %zu bytes", cut);
    bytes_free(&der);
}

static void indirect_and_delta_lists_are_refused(void **state)
{
    static const char *const oids[] = {DELTA, INDIRECT, "1.3.6.1.4.1.32473.9"};

    (void)state;
    for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
        struct bytes der =
            make(&(struct list){&ca, .to = FRESH, .critical = oids[i]});

        assert_int_equal(parse(der.at, der.len), ERR_INVALID);
        bytes_free(&der);
    }
}

/* A list that is left out unnoticed is a revocation that is forgotten. */
static void a_damaged_file_is_refused_as_a_whole(void **state)
{
    const struct list two[] = {
        {&twin,        .to = FRESH         },
        { &ca, .to = FRESH, .lists_device = true}
    };
    char *text = make_pem(two, 2);
    size_t len = strlen(text);
    char *second = strstr(text + 1, "-----BEGIN");

    (void)state;
    assert_int_equal(parse(text, len), ERR_OK);
    assert_int_equal(parse(text, len - 20), ERR_INVALID); /* cut off */
    second[40] = '!';
    assert_int_equal(parse(text, len), ERR_INVALID);
    second[40] = 'A';
    second[-1] = '\0'; /* what a disk leaves of a block */
    assert_int_equal(parse(text, len), ERR_INVALID);
    free(text);
    assert_int_equal(parse("", 0), ERR_INVALID);
    assert_int_equal(parse("none", 4), ERR_INVALID);
}

static void the_dates_of_all_lists_are_told(void **state)
{
    const struct list lists[] = {
        {&ca,   .to = FRESH },
        {&twin, .to = OVER  },
        {&ca,   .to = NO_END}
    };
    char *text = make_pem(lists, 3);
    struct crls *crls;
    int64_t next, begun;

    (void)state;
    assert_int_equal(crls_parse(text, strlen(text), &crls), ERR_OK);
    crls_dates(crls, &next, &begun);
    assert_int_equal(next, MINT_NOW - HOUR);
    assert_int_equal(begun, MINT_NOW - 10 * MINT_DAY);
    crls_free(crls);
    free(text);
    text = make_pem(&lists[2], 1);
    assert_int_equal(crls_parse(text, strlen(text), &crls), ERR_OK);
    crls_dates(crls, &next, &begun);
    assert_true(next == INT64_MAX);
    crls_free(crls);
    free(text);
}

static void add(mbedtls_x509_crt *crt, const struct party *subject,
    const struct mint_plan *plan)
{
    struct bytes der = mint(subject, plan);

    mbedtls_x509_crt_init(crt);
    mint_add(crt, &der);
    bytes_free(&der);
}

static int set_up(void **state)
{
    struct party leaf = party_named("device");

    (void)state;
    log_set_descriptor(open("/dev/null", O_WRONLY | O_CLOEXEC));
    ca = party_named("CA");
    twin = party_twin(&ca);
    add(&ca_crt, &ca, &(struct mint_plan){.is_ca = true});
    add(&twin_crt, &twin, &(struct mint_plan){.is_ca = true});
    add(&deaf_crt, &ca,
        &(struct mint_plan){.is_ca = true, .usage = USAGE_CERTIFICATE_SIGN});
    add(&device, &leaf, &(struct mint_plan){.issuer = &ca});
    party_free(&leaf);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mbedtls_x509_crt_free(&ca_crt);
    mbedtls_x509_crt_free(&twin_crt);
    mbedtls_x509_crt_free(&deaf_crt);
    mbedtls_x509_crt_free(&device);
    party_free(&ca);
    party_free(&twin);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_list_says_depends_on_its_signer_and_its_age),
        cmocka_unit_test(a_list_of_another_ca_says_nothing),
        cmocka_unit_test(of_several_lists_each_counts),
        cmocka_unit_test(a_ca_that_may_not_sign_lists_signs_none),
        cmocka_unit_test(an_odd_entry_hides_nothing),
        cmocka_unit_test(one_list_may_be_der),
        cmocka_unit_test(indirect_and_delta_lists_are_refused),
        cmocka_unit_test(a_damaged_file_is_refused_as_a_whole),
        cmocka_unit_test(the_dates_of_all_lists_are_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
