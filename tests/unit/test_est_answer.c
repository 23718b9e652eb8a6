/* What each answer of an EST server means. */

#include <string.h>

#include "cloud/est_answer.h"
#include "cmocka_all.h"

#define P7 "application/pkcs7-mime; smime-type=certs-only"
#define A  "application/csrattrs"

static const struct {
    enum est_operation operation;
    int status;
    const char *type, *retry, *body;
    enum est_outcome outcome;
    const char *words;
} answers[] = {
    {EST_CACERTS,  200, P7,                        NULL,  "MAA=",                    EST_DONE,    "2 bytes"            },
    {EST_ENROLL,   200, P7,                        NULL,  "MA\r\nA=\r\n",            EST_DONE,    "2 bytes"            },
    {EST_ENROLL,   200, "APPLICATION/PKCS7-MIME",  NULL,  "MAA=",                    EST_DONE,    ""                   },
    {EST_ENROLL,   200, "application/pkcs7-mimes", NULL,  "MAA=",                    EST_GARBLED,
     "is due"                                                                                                          },
    {EST_ENROLL,   200, "text/html",               NULL,  "<html>\n Login",          EST_GARBLED,
     "<html> Login"                                                                                                    },
    {EST_ENROLL,   200, NULL,                      NULL,  "MAA=",                    EST_GARBLED, "(none)"             },
    {EST_ENROLL,   200, P7,                        NULL,  "MAA",                     EST_GARBLED, "cut off"            },
    {EST_ENROLL,   200, P7,                        NULL,  "",                        EST_GARBLED, "empty"              },
    {EST_ENROLL,   200, P7,                        NULL,  "0\x80",                   EST_GARBLED, "without base64"     },
    {EST_ENROLL,   200, P7,                        NULL,  "-----BEGIN PKCS7-----",   EST_GARBLED, "PEM"                },
    {EST_CSRATTRS, 200, A,                         NULL,  "MAA=",                    EST_DONE,    ""                   },
    {EST_CSRATTRS, 200, A,                         NULL,  "",                        EST_DONE,    "0 bytes"            },
    {EST_CSRATTRS, 204, NULL,                      NULL,  "",                        EST_DONE,    "nothing"            },
    {EST_CSRATTRS, 404, NULL,                      NULL,  "",                        EST_DONE,    "nothing"            },
    {EST_CACERTS,  404, NULL,                      NULL,  "no",                      EST_REFUSED, "404"                },
    {EST_CACERTS,  204, NULL,                      NULL,  "",                        EST_GARBLED, "204"                },
    {EST_ENROLL,   202, NULL,                      "120", "",                        EST_LATER,   "120 s"              },
    {EST_ENROLL,   429, NULL,                      NULL,  "",                        EST_LATER,   "30 s"               },
    {EST_CACERTS,  503, NULL,                      "0",   "",                        EST_LATER,   "1 s"                },
    {EST_ENROLL,   400, "text/plain",              NULL,  "CN \"x\"\nis wrong\x01!",
     EST_REFUSED,                                                                                 "\"CN 'x' is wrong\""},
    {EST_ENROLL,   401, NULL,                      NULL,  "",                        EST_DENIED,  "password"           },
    {EST_REENROLL, 403, NULL,                      NULL,  "",                        EST_DENIED,  "403"                },
    {EST_ENROLL,   500, NULL,                      NULL,  "oops",                    EST_GARBLED, "500"                },
    {EST_ENROLL,   302, NULL,                      NULL,  "",                        EST_GARBLED, "302"                },
};

static void each_answer_has_one_outcome_and_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct est_reply reply = {
            answers[i].status, answers[i].type, answers[i].retry,
            {(const unsigned char *)answers[i].body, strlen(answers[i].body)},
            1000
        };
        struct est_reading r;

        est_answer_read(answers[i].operation, &reply, &r);
        assert_int_equal(r.outcome, answers[i].outcome);
        if (strstr(r.words, answers[i].words) == NULL)
            fail_msg("%s: %s", answers[i].words, r.words);
        assert_true(r.outcome == EST_DONE || r.der.at == NULL);
        bytes_free(&r.der);
    }
}

static void retry_after_is_a_number_or_a_date_and_bounded(void **state)
{
    static const struct {
        const char *value;
        uint32_t seconds;
    } table[] = {
        {NULL,                            EST_RETRY_GUESS_S},
        {"",                              EST_RETRY_GUESS_S},
        {"soon",                          EST_RETRY_GUESS_S},
        {"-5",                            EST_RETRY_GUESS_S},
        {"7.5",                           EST_RETRY_GUESS_S},
        {"0",                             EST_RETRY_LEAST_S},
        {"61",                            61               },
        {"86401",                         EST_RETRY_MOST_S },
        {"99999999999999999999",          EST_RETRY_MOST_S },
        {"Thu, 01 Jan 1970 00:18:20 GMT", 100              },
        {"Thu, 01 Jan 1970 00:00:00 GMT", EST_RETRY_LEAST_S},
        {"Fri, 31 Dec 1999 23:59:59 GMT", EST_RETRY_MOST_S },
        {"Thu, 01 anF 1970 00:18:20 GMT", EST_RETRY_GUESS_S},
        {"Thu, 01 Jan 1970 00:18:20",     EST_RETRY_GUESS_S},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(est_retry_s(table[i].value, 1000), table[i].seconds);
}

static void a_url_is_made_of_base_label_and_operation(void **state)
{
    static const struct {
        const char *base, *label, *url;
    } table[] = {
        {"https://ca.test",                      NULL,       "https://ca.test/.well-known/est/cacerts"},
        {"https://ca.test:8443/",                "thermo-1",
         "https://ca.test:8443/.well-known/est/thermo-1/cacerts"                                      },
        {"https://ca.test/x/.well-known/est/lb", NULL,
         "https://ca.test/x/.well-known/est/lb/cacerts"                                               },
    };
    char url[200];

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_int_equal(est_url(table[i].base, table[i].label, EST_CACERTS,
                             url, sizeof(url)),
            ERR_OK);
        assert_string_equal(url, table[i].url);
    }
    assert_int_equal(
        est_url("https://ca.test", NULL, EST_ENROLL, url, 30), ERR_TOO_BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_has_one_outcome_and_words),
        cmocka_unit_test(retry_after_is_a_number_or_a_date_and_bounded),
        cmocka_unit_test(a_url_is_made_of_base_label_and_operation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
