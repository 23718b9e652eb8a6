/* Which names a constrained CA may speak for (RFC 5280 section 4.2.1.10).
 *
 * Constraints and names are written as words, see mint.h. */

#include "identity/constraints.h"

#include <string.h>

#include "cmocka_all.h"
#include "mint.h"

#define OK      ERR_OK
#define DENIED  ERR_DENIED
#define INVALID ERR_INVALID

struct row {
    const char *constraints, *names;
    enum err answer;
};

static struct party ca, leaf; /* O=Acme, OU=Thermo */

static enum err ask(const char *constraints, const char *names)
{
    struct bytes nc = mint_constraints(constraints);
    struct bytes san = mint_names(names);
    struct bytes der = mint(&leaf,
        &(struct mint_plan){
            .issuer = &ca,
            .names =
                *names == '\0' ? (struct span){NULL, 0}
                     : bytes_span(&san)
    });
    mbedtls_x509_crt crt;
    enum err e;

    mbedtls_x509_crt_init(&crt);
    mint_add(&crt, &der);
    e = constraints_check(nc.at, nc.len, &crt);
    mbedtls_x509_crt_free(&crt);
    bytes_free(&nc);
    bytes_free(&san);
    bytes_free(&der);
    return e;
}

static void judge(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum err e = ask(rows[i].constraints, rows[i].names);

        if (e != rows[i].answer)
            fail_msg("\"%s\" says of \"%s\": %s, not %s", rows[i].constraints,
                rows[i].names, err_name(e), err_name(rows[i].answer));
    }
}

#define JUDGE(rows) judge(rows, sizeof(rows) / sizeof((rows)[0]))

static void a_dns_name_is_held_to_the_domains_permitted(void **state)
{
    static const struct row rows[] = {
        {"+dns:a.test",             "dns:a.test",              OK    },
        {"+dns:a.test",             "dns:x.a.test",            OK    },
        {"+dns:a.test",             "dns:y.x.a.test",          OK    },
        {"+dns:a.test",             "dns:X.A.TEST",            OK    },
        {"+dns:A.Test",             "dns:x.a.test",            OK    },
        {"+dns:a.test",             "dns:xa.test",             DENIED},
        {"+dns:a.test",             "dns:test",                DENIED},
        {"+dns:a.test",             "dns:a.test.evil",         DENIED},
        {"+dns:a.test",             "dns:b.test",              DENIED},
        {"+dns:a.test",             "dns:a.test.",             DENIED},
        {"+dns:a.test",             "dns:x.a.test dns:b.test", DENIED},
        {"+dns:a.test +dns:b.test", "dns:x.a.test dns:b.test", OK    },
        {"+dns:.a.test",            "dns:x.a.test",            OK    },
        {"+dns:.a.test",            "dns:a.test",              DENIED},
        {"+dns:",                   "dns:a.test",              OK    },
        {"+dns:a.test",             "dns:*.a.test",            OK    },
        {"+dns:x.a.test",           "dns:*.a.test",            DENIED},
        {"+dns:a.test",             "dns:*.test",              DENIED},
        {"+dns:a.test",             "dns:",                    DENIED},
        {"+dns:a.test",             "dns:a.test,b",            DENIED},
        {"+dns:a.test",             "",                        OK    },
    };

    (void)state;
    JUDGE(rows);
}

static void a_dns_name_stays_out_of_the_domains_excluded(void **state)
{
    static const struct row rows[] = {
        {"-dns:a.test",               "dns:b.test",   OK    },
        {"-dns:a.test",               "dns:xa.test",  OK    },
        {"-dns:a.test",               "dns:a.test",   DENIED},
        {"-dns:a.test",               "dns:x.A.test", DENIED},
        {"-dns:.a.test",              "dns:x.a.test", DENIED},
        {"-dns:.a.test",              "dns:a.test",   OK    },
        {"-dns:",                     "dns:a.test",   DENIED},
        {"-dns:",                     "ip:7f000001",  OK    },
 /* A wildcard stands for one label. */
        {"-dns:x.a.test",             "dns:*.a.test", DENIED},
        {"-dns:X.a.test",             "dns:*.A.test", DENIED},
        {"-dns:y.x.a.test",           "dns:*.a.test", OK    },
        {"-dns:a.test",               "dns:*.a.test", DENIED},
        {"-dns:.a.test",              "dns:*.a.test", DENIED},
        {"-dns:a.test",               "dns:*.test",   DENIED},
        {"-dns:b.test",               "dns:*.a.test", OK    },
        {"+dns:a.test -dns:x.a.test", "dns:y.a.test", OK    },
        {"+dns:a.test -dns:x.a.test", "dns:x.a.test", DENIED},
    };

    (void)state;
    JUDGE(rows);
}

/* Whoever wrote them meant to hold something back, and a comparison to the
 * letter would hold nothing. */
static void a_domain_that_is_no_domain_permits_nothing_and_is_refused(
    void **state)
{
    static const struct row rows[] = {
        {"-dns:a.test.",  "dns:a.test",   INVALID},
        {"-dns:.",        "dns:a.test",   INVALID},
        {"-dns:*.a.test", "dns:x.a.test", INVALID},
        {"-dns:*",        "dns:a.test",   INVALID},
        {"-dns:a..test",  "dns:a..test",  INVALID},
        {"-dns:..a.test", "dns:x.a.test", INVALID},
        {"+dns:a.test.",  "dns:a.test",   INVALID},
        {"+dns:*.a.test", "dns:x.a.test", INVALID},
    };

    (void)state;
    JUDGE(rows);
}

static void an_address_is_compared_under_its_mask(void **state)
{
#define V6(head) "ip:" head "000000000000000000000000"
    static const struct row rows[] = {
        {"+ip:0a000000ff000000",                      "ip:0a010203",            OK     },
        {"+ip:0a000000ff000000",                      "ip:0b010203",            DENIED },
        {"+ip:0a010000ffff0000",                      "ip:0a01ffff",            OK     },
        {"+ip:0a010000ffff0000",                      "ip:0a020000",            DENIED },
        {"+ip:0a010203ffffffff",                      "ip:0a010203",            OK     },
        {"+ip:0a010203ffffffff",                      "ip:0a010204",            DENIED },
        {"+ip:0000000000000000",                      "ip:0a010203",            OK     },
        {"-ip:0a000000ff000000",                      "ip:0a010203",            DENIED },
        {"-ip:0a000000ff000000",                      "ip:0b010203",            OK     },
        {"-ip:0000000000000000",                      "ip:0a010203",            DENIED },
 /* What is permitted of one family permits none of the other. */
        {"+ip:0a000000ff000000",                      V6("20010db8"),           DENIED },
        {"-ip:0000000000000000",                      V6("20010db8"),           OK     },
        {"+ip:20010db8000000000000000000000000"
         "ffffffff000000000000000000000000", V6("20010db8"),           OK     },
        {"+ip:20010db8000000000000000000000000"
         "ffffffff000000000000000000000000", V6("20010db9"),           DENIED },
        {"+ip:0a000000ff00ff00",                      "ip:0a010203",            INVALID},
        {"+ip:0a0000007f000000",                      "ip:0a010203",            INVALID},
        {"+ip:0a000000",                              "ip:0a000000",            INVALID},
        {"+ip:0a000000ff0000",                        "ip:0a000000",            INVALID},
        {"+ip:",                                      "ip:0a000000",            INVALID},
        {"+ip:0a000000ff000000",                      "dns:a.test",             OK     },
        {"+ip:0a000000ff000000",                      "dns:a.test ip:0b000000", DENIED },
    };

    (void)state;
    JUDGE(rows);
}

static void a_directory_name_is_held_to_its_beginning(void **state)
{
    /* The subject is O=Acme, OU=Thermo; it counts like a name in SAN. */
    static const struct row rows[] = {
        {"+dir:Acme",                  "",            OK     },
        {"+dir:ACME",                  "",            OK     },
        {"+dir:Acme/Thermo",           "",            OK     },
        {"+dir:Acme/Door",             "",            DENIED },
        {"+dir:Other",                 "",            DENIED },
        {"+dir:Other +dir:Acme",       "",            OK     },
        {"+dir:",                      "",            OK     },
        {"-dir:Acme",                  "",            DENIED },
        {"-dir:acme",                  "",            DENIED },
        {"-dir:Acme/Door",             "",            OK     },
        {"-dir:",                      "",            DENIED },
        {"+dir:Acme -dir:acme/thermo", "",            DENIED },
        {"+dir:Acme",                  "dir:Acme/X",  OK     },
        {"+dir:Acme",                  "dir:Other/X", DENIED },
        {"-dir:Other",                 "dir:Other/X", DENIED },
        {"-dir:Acmee",                 "dir:Acm",     OK     },
 /* The same letters in another type are the same name; of BMPString we
  * cannot tell. */
        {"+t61:Acme",                  "",            OK     },
        {"-t61:Acme",                  "",            DENIED },
        {"+dir:Acme",                  "t61:Acme",    OK     },
        {"+dir:Acme",                  "bmp:Acme",    DENIED },
        {"-dir:Other",                 "bmp:Acme",    DENIED },
        {"-bmp:Other",                 "",            INVALID},
        {"+bmp:Acme",                  "",            INVALID},
    };

    (void)state;
    JUDGE(rows);
}

/* T61's letters above ASCII are anybody's guess. */
static void text_that_could_be_other_letters_is_not_compared(void **state)
{
    static const struct row rows[] = {
        {"-dir:\xc3\x89t\xc3\xa9",           "t61:\xc9t\xe9",         DENIED },
        {"-t61:\xc9t\xe9",                   "",                      INVALID},
        {"-dir:\xc3\x89t\xc3\xa9",           "dir:\xc3\x89t\xc3\xa9", DENIED },
        {"+dir:Acme +dir:\xc3\x89t\xc3\xa9", "dir:\xc3\x89t\xc3\xa9", OK     },
    };

    (void)state;
    JUDGE(rows);
}

static void a_form_that_we_cannot_compare_is_refused_when_constrained(
    void **state)
{
    static const struct row rows[] = {
        {"-mail:b.test",       "mail:a@c.test",             DENIED},
        {"+mail:c.test",       "mail:a@c.test",             DENIED},
        {"-uri:b.test",        "uri:x:",                    DENIED},
        {"-other:",            "other:",                    DENIED},
        {"-rid:",              "rid:",                      DENIED},
        {"-mail:b.test",       "dns:a.test",                OK    },
        {"-dns:b.test",        "mail:a@c.test uri:x: rid:", OK    },
        {"-dns: -uri: -mail:", "other:",                    OK    },
        {"+dir:Acme",          "other:",                    OK    },
    };

    (void)state;
    JUDGE(rows);
}

static void a_minimum_or_maximum_is_refused(void **state)
{
    static const struct row rows[] = {
        {"+dns:a.test?min",            "dns:a.test", INVALID},
        {"+dns:a.test?max",            "dns:a.test", INVALID},
        {"+dns:a.test -dir:Other?max", "dns:a.test", INVALID},
    };

    (void)state;
    JUDGE(rows);
}

static void malformed_constraints_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"",                                                         0 },
        {"\x30\x00",                                                 2 }, /* says nothing */
        {"\x30\x02\xa0\x00",                                         4 }, /* permits nothing */
        {"\x30\x02\xa1\x00",                                         4 },
        {"\x30\x04\xa0\x02\x30\x00",                                 6 }, /* no base */
        {"\x30\x05\xa0\x03\x82\x01"
         "a",                                               7 }, /* no GeneralSubtree */
        {"\x31\x06\xa0\x04\x30\x02\x82\x00",                         8 }, /* a SET */
        {"\x30\x07\xa0\x04\x30\x02\x82\x00\x05",                     9 }, /* more behind it */
        {"\x30\x06\xa0\x04\x30\x02\x82\x00\x05",                     9 },
        {"\x30\x06\xa2\x04\x30\x02\x82\x00",                         8 }, /* no such choice */
        {"\x30\x06\xa0\x04\x30\x03\x82\x00",                         8 }, /* longer than it is */
        {"\x30\x80\xa0\x04\x30\x02\x82\x00\x00\x00",                 10},
 /* the excluded before the permitted */
        {"\x30\x0c\xa1\x04\x30\x02\x82\x00\xa0\x04\x30\x02\x82\x00", 14},
        {"\x30\x06\xa0\x04\x30\x02\x02\x00",                         8 }, /* a universal tag */
    };
    struct bytes der = mint(&leaf, &(struct mint_plan){.issuer = &ca});
    mbedtls_x509_crt crt;

    (void)state;
    mbedtls_x509_crt_init(&crt);
    mint_add(&crt, &der);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (constraints_check((const unsigned char *)rows[i].bytes, rows[i].len,
                &crt) != ERR_INVALID)
            fail_msg("row %zu is accepted", i);
    mbedtls_x509_crt_free(&crt);
    bytes_free(&der);
}

/* What follows a name that is denied, or never comes up, counts too. */
static void an_address_of_mask_holes_is_found_beside_good_ones(void **state)
{
    static const struct row rows[] = {
        {"+ip:0a000000ff000000 +ip:0b000000ff00ff00", "ip:0a010203", INVALID},
        {"-ip:0b000000ff00ff00 +dns:a.test",          "ip:0a010203", INVALID},
    };

    (void)state;
    JUDGE(rows);
}

/* 2,000 names against 1,000 subtrees, in every certificate of every way, would
 * keep a small board busy for minutes. */
static void there_is_an_end_to_comparing(void **state)
{
    static char names[16000], subtrees[16000];
    const size_t most = 700;

    (void)state;
    mint_repeat(names, "dns:ab ", most);
    mint_repeat(subtrees, "-dns:cd ", most);
    assert_int_equal(ask("-dns:cd", names), ERR_OK);
    assert_int_equal(ask(subtrees, "dns:ab"), ERR_OK);
    assert_int_equal(ask(subtrees, names), ERR_TOO_BIG);
}

static int set_up(void **state)
{
    (void)state;
    ca = party_named("CA");
    leaf = party_new(&(struct subject){
        .organization = "Acme", .organization_unit = "Thermo"});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    party_free(&ca);
    party_free(&leaf);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dns_name_is_held_to_the_domains_permitted),
        cmocka_unit_test(a_dns_name_stays_out_of_the_domains_excluded),
        cmocka_unit_test(
            a_domain_that_is_no_domain_permits_nothing_and_is_refused),
        cmocka_unit_test(an_address_is_compared_under_its_mask),
        cmocka_unit_test(an_address_of_mask_holes_is_found_beside_good_ones),
        cmocka_unit_test(a_directory_name_is_held_to_its_beginning),
        cmocka_unit_test(text_that_could_be_other_letters_is_not_compared),
        cmocka_unit_test(
            a_form_that_we_cannot_compare_is_refused_when_constrained),
        cmocka_unit_test(a_minimum_or_maximum_is_refused),
        cmocka_unit_test(malformed_constraints_are_refused),
        cmocka_unit_test(there_is_an_end_to_comparing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
