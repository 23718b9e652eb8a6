/* Revocation lists from the network, which brings what it likes. */

#include "identity/lists.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "certs/crl.h"
#include "cmocka_all.h"
#include "core/log.h"
#include "identity/pem.h"
#include "mint.h"

static struct party x, y, z, twin; /* x and y are anchors; twin has x's name */
static mbedtls_x509_crt anchors, z_crt;

/* "x5 y7": lists of those CAs, of the fifth and the seventh day.  The caller
 * frees. */
static char *write_lists(const char *words)
{
    char *text = calloc(1, 65536);

    for (const char *w = words; *w != '\0'; w += w[2] == '\0' ? 2 : 3) {
        const struct party *p = *w == 'x' ? &x
            : *w == 'y'                   ? &y
            : *w == 'z'                   ? &z
                                          : &twin;
        struct authority ca = {.key = p->key};
        struct bytes der = {NULL, 0}, pem = {NULL, 0};
        int64_t day = MINT_NOW + (w[1] - '0') * MINT_DAY;
        const char *why;

        ca.der = mint(p, &(struct mint_plan){.is_ca = true});
        assert_int_equal(
            view_read(bytes_span(&ca.der), &ca.view, &why), ERR_OK);
        assert_int_equal(
            crl_make(&(struct crl_plan){.from = day, .to = day + 9 * MINT_DAY},
                &ca, &der),
            ERR_OK);
        assert_int_equal(pem_write(PEM_CRL, bytes_span(&der), &pem), ERR_OK);
        (void)strncat(text, (const char *)pem.at, pem.len);
        bytes_free(&ca.der);
        bytes_free(&der);
        bytes_free(&pem);
    }
    return text;
}

static enum err use(struct lists *lists, const char *words)
{
    char *text = write_lists(words);
    struct lists_fetched fetched = {.bytes = text, .len = strlen(text)};
    enum err e = lists_use(lists, &anchors, &fetched);

    free(text);
    return e;
}

static void fetched_lists_leave_none_out_and_play_none_back(void **state)
{
    static const struct {
        const char *lists;
        enum err answer;
    } steps[] = {
        {"x3 y3", ERR_OK    },
        {"x4",    ERR_DENIED}, /* where is y's? */
        {"x4 y2", ERR_DENIED}, /* an old one behind a new one */
        {"y2 x4", ERR_DENIED},
        {"x3 y3", ERR_OK    },
        {"y4 x4", ERR_OK    },
        {"x3 y3", ERR_DENIED},
        {"x5 y4", ERR_OK    },
    };
    struct lists *lists;

    (void)state;
    assert_int_equal(lists_new(NULL, &lists), ERR_OK);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        enum err e = use(lists, steps[i].lists);

        if (e != steps[i].answer)
            fail_msg("step %zu: %s", i, err_name(e));
    }
    lists_free(lists);
}

static void each_list_is_signed_by_an_anchor_or_a_ca_that_was_believed(
    void **state)
{
    struct lists *lists;

    (void)state;
    assert_int_equal(lists_new(NULL, &lists), ERR_OK);
    assert_int_equal(use(lists, "t3"), ERR_DENIED);
    assert_int_equal(use(lists, "x3 t3"), ERR_DENIED);
    assert_int_equal(use(lists, "x3 z3"), ERR_AGAIN);
    assert_null(lists_borrow(lists));
    lists_know(lists, &z_crt);
    assert_int_equal(use(lists, "x3 z3"), ERR_OK);
    assert_int_equal(use(lists, "z3 x3"), ERR_OK);
    lists_return(lists, lists_borrow(lists));
    lists_free(lists);
}

static void add(mbedtls_x509_crt *list, const struct party *ca)
{
    struct bytes der = mint(ca, &(struct mint_plan){.is_ca = true});

    mint_add(list, &der);
    bytes_free(&der);
}

static int set_up(void **state)
{
    (void)state;
    log_set_descriptor(open("/dev/null", O_WRONLY | O_CLOEXEC));
    x = party_named("X");
    y = party_named("Y");
    z = party_named("Z");
    twin = party_twin(&x);
    mbedtls_x509_crt_init(&anchors);
    mbedtls_x509_crt_init(&z_crt);
    add(&anchors, &x);
    add(&anchors, &y);
    add(&z_crt, &z);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mbedtls_x509_crt_free(&anchors);
    mbedtls_x509_crt_free(&z_crt);
    party_free(&x);
    party_free(&y);
    party_free(&z);
    party_free(&twin);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fetched_lists_leave_none_out_and_play_none_back),
        cmocka_unit_test(
            each_list_is_signed_by_an_anchor_or_a_ca_that_was_believed),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
