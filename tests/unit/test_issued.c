/* What an issued certificate must be before it is kept. */

#include <string.h>

#include "certs/extensions.h"
#include "cmocka_all.h"
#include "core/file.h"
#include "folder.h"
#include "identity/issued.h"
#include "identity/oid.h"
#include "identity/pem.h"
#include "mint.h"

#define THING "acme:thermo-1:S1"

/* A root, a CA below it, the device's key in a file. */
struct scene {
    struct folder folder;
    struct party root, ca, device;
    struct bytes root_der, ca_der;
    struct key *key;
};

static struct key *open_key(const struct scene *s)
{
    char path[500], uri[520], why[KEY_WHY];
    struct bytes pem;
    struct key *key;

    (void)snprintf(path, sizeof(path), "%s/key", s->folder.path);
    (void)snprintf(uri, sizeof(uri), "file:%s", path);
    assert_int_equal(keypair_pem(s->device.key, &pem), ERR_OK);
    assert_int_equal(file_replace(path, pem.at, pem.len), ERR_OK);
    bytes_free(&pem);
    assert_int_equal(key_open(uri, &key), ERR_OK);
    assert_int_equal(key_ready(key, NULL, why), ERR_OK);
    return key;
}

static struct scene begin(void)
{
    struct scene s = {.root = party_named("root"),
        .ca = party_named("ca"),
        .device =
            party_new(&(struct subject){"Acme", "Thermo-1", THING, "S1"})};

    assert_int_equal(folder_make(&s.folder), 0);
    s.root_der = mint(&s.root, &(struct mint_plan){.is_ca = true});
    s.ca_der =
        mint(&s.ca, &(struct mint_plan){.issuer = &s.root, .is_ca = true});
    s.key = open_key(&s);
    return s;
}

static void end(struct scene *s)
{
    key_free(s->key);
    bytes_free(&s->root_der);
    bytes_free(&s->ca_der);
    party_free(&s->root);
    party_free(&s->ca);
    party_free(&s->device);
    folder_remove(&s->folder);
}

static struct certs_only all_of(const struct bytes *a, const struct bytes *b)
{
    struct certs_only all = {.count = b != NULL ? 2 : 1};

    all.certificates[0] = bytes_span(a);
    if (b != NULL)
        all.certificates[1] = bytes_span(b);
    return all;
}

/* Ask about a certificate; the caller frees the PEM. */
static struct issued ask(const struct scene *s, const struct bytes *leaf,
    const struct issued_question *more)
{
    struct certs_only answer = all_of(&s->ca_der, leaf);
    struct certs_only authorities = all_of(&s->root_der, &s->ca_der);
    struct issued_question q = *more;
    struct issued out;

    q.answer = &answer;
    q.authorities = &authorities;
    q.key = s->key;
    q.now_s = MINT_NOW;
    issued_check(&q, &out);
    assert_true(*out.words != '\0');
    assert_true((out.fault == ISSUED_OK) == (out.pem.at != NULL));
    return out;
}

static size_t count_pem(const struct bytes *pem)
{
    size_t count = 0;

    for (const char *at = (const char *)pem->at;
         (at = strstr(at, "BEGIN CERT")) != NULL; at++)
        count++;
    return count;
}

static void ours_is_found_and_kept_with_its_path_but_without_the_root(
    void **state)
{
    struct scene s = begin();
    struct bytes leaf = mint(&s.device, &(struct mint_plan){.issuer = &s.ca});
    struct issued out =
        ask(&s, &leaf, &(struct issued_question){.thing = THING});
    const char *at = (const char *)out.pem.at;
    struct bytes first;

    (void)state;
    assert_int_equal(out.fault, ISSUED_OK);
    assert_int_equal(count_pem(&out.pem), 2);
    assert_int_equal(pem_next(PEM_CERTIFICATE, &at, &first), ERR_OK);
    assert_true(span_equal(bytes_span(&first), bytes_span(&leaf)));
    assert_int_equal(strlen(out.id), 64);
    bytes_free(&first);
    bytes_free(&out.pem);
    bytes_free(&leaf);
    end(&s);
}

static void what_will_not_do_is_refused_by_its_fault(void **state)
{
    /* clang-format off */
    static const struct {
        struct mint_plan plan;
        struct issued_question question;
        enum issued_fault fault;
    } rows[] = {
        {.question = {.thing = "acme:thermo-1:S2"}, .fault = ISSUED_NAME},
        {.plan = {.to = MINT_NOW - 1}, .fault = ISSUED_DATES},
        {.plan = {.to = MINT_NOW + ISSUED_LEAST - 1}, .fault = ISSUED_DATES},
        {.plan = {.to = MINT_NOW + ISSUED_LEAST}, .fault = ISSUED_OK},
        {.plan = {.from = MINT_NOW + 60}, .fault = ISSUED_DATES},
        {.plan = {.from = MINT_NOW + 60},
            .question = {.clock_is_late = true}, .fault = ISSUED_OK},
        {.plan = {.is_ca = true}, .fault = ISSUED_PURPOSE},
        {.plan = {.purpose = OID_SERVER_AUTH}, .fault = ISSUED_PURPOSE},
        {.plan = {.purpose = OID_CLIENT_AUTH}, .fault = ISSUED_OK},
        {.plan = {.to = MINT_NOW + 10 * MINT_DAY},
            .question = {.max_days = 9}, .fault = ISSUED_LONG},
        {.plan = {.to = MINT_NOW + 10 * MINT_DAY},
            .question = {.max_days = 10}, .fault = ISSUED_OK},
    };
    /* clang-format on */
    struct scene s = begin();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mint_plan plan = rows[i].plan;
        struct issued_question question = rows[i].question;
        struct issued out;
        struct bytes leaf;

        plan.issuer = &s.ca;
        if (question.thing == NULL)
            question.thing = THING;
        leaf = mint(&s.device, &plan);
        out = ask(&s, &leaf, &question);
        if (out.fault != rows[i].fault)
            fail_msg(
                "row %zu: %s: %s", i, issued_fault_name(out.fault), out.words);
        bytes_free(&out.pem);
        bytes_free(&leaf);
    }
    end(&s);
}

static void a_certificate_for_another_key_is_none(void **state)
{
    struct scene s = begin();
    struct party other = party_twin(&s.device);
    struct bytes leaf = mint(&other, &(struct mint_plan){.issuer = &s.ca});
    struct issued out =
        ask(&s, &leaf, &(struct issued_question){.thing = THING});

    (void)state;
    assert_int_equal(out.fault, ISSUED_KEY);
    bytes_free(&leaf);
    party_free(&other);
    end(&s);
}

static void a_ca_that_is_not_named_or_did_not_sign_is_not_believed(void **state)
{
    struct scene s = begin();
    struct party rogue = party_named("rogue"), twin = party_twin(&s.ca);
    const struct party *const issuers[] = {&rogue, &twin};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bytes leaf =
            mint(&s.device, &(struct mint_plan){.issuer = issuers[i]});
        struct issued out =
            ask(&s, &leaf, &(struct issued_question){.thing = THING});

        assert_int_equal(out.fault, ISSUED_CHAIN);
        bytes_free(&leaf);
    }
    party_free(&rogue);
    party_free(&twin);
    end(&s);
}

static void without_cas_the_path_is_nobodys_to_judge(void **state)
{
    struct scene s = begin();
    struct party rogue = party_named("rogue");
    struct bytes leaf = mint(&s.device, &(struct mint_plan){.issuer = &rogue});
    struct certs_only answer = all_of(&leaf, NULL);
    struct issued_question q = {
        .answer = &answer, .key = s.key, .now_s = MINT_NOW};
    struct issued out;

    (void)state;
    issued_check(&q, &out);
    assert_int_equal(out.fault, ISSUED_OK);
    assert_int_equal(count_pem(&out.pem), 1);
    bytes_free(&out.pem);
    bytes_free(&leaf);
    party_free(&rogue);
    end(&s);
}

static void an_intermediate_alone_may_be_the_end_of_the_path(void **state)
{
    struct scene s = begin();
    struct bytes leaf = mint(&s.device, &(struct mint_plan){.issuer = &s.ca});
    struct certs_only answer = all_of(&leaf, NULL);
    struct certs_only authorities = all_of(&s.ca_der, NULL);
    struct issued_question q = {.answer = &answer,
        .authorities = &authorities,
        .key = s.key,
        .now_s = MINT_NOW};
    struct issued out;

    (void)state;
    issued_check(&q, &out);
    assert_int_equal(out.fault, ISSUED_OK);
    assert_int_equal(count_pem(&out.pem), 2);
    bytes_free(&out.pem);
    bytes_free(&leaf);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            ours_is_found_and_kept_with_its_path_but_without_the_root),
        cmocka_unit_test(what_will_not_do_is_refused_by_its_fault),
        cmocka_unit_test(a_certificate_for_another_key_is_none),
        cmocka_unit_test(
            a_ca_that_is_not_named_or_did_not_sign_is_not_believed),
        cmocka_unit_test(without_cas_the_path_is_nobodys_to_judge),
        cmocka_unit_test(an_intermediate_alone_may_be_the_end_of_the_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
