/* Issuing and revoking operational certificates, as cloudd asks for it. */

#include "enrolment_site.h"

#include "cloud-mock/lib/certificate.h"
#include "core/file.h"

#define OPERATIONS "$nameplate/cloud/boss/request"
#define HOUR_MS    (3600 * 1000)

static const struct subject nobody = {NULL, NULL, NULL, NULL};

/* issue-certificate with this request, for who shows `requester` (DER; NULL:
 * for the user "u"), with one more member; the caller frees. */
static struct json *issue(struct enrolment_site *e,
    const struct subject *subject, const struct bytes *requester,
    const char *key, struct json *value)
{
    struct bytes csr = forge_request(e->key, subject, true);
    struct bytes pem = {NULL, 0};
    struct json *o = json_new_object(), *answer;
    char *text;

    assert_int_equal(
        json_set(o, "op", json_new_string("issue-certificate")), ERR_OK);
    assert_int_equal(
        json_set(o, "csr", json_new_string((const char *)csr.at)), ERR_OK);
    if (requester != NULL)
        assert_int_equal(
            pem_write(PEM_CERTIFICATE, bytes_span(requester), &pem), ERR_OK);
    assert_int_equal(
        json_set(o, requester != NULL ? "requester" : "user",
            json_new_string(requester != NULL ? (const char *)pem.at : "u")),
        ERR_OK);
    if (key != NULL)
        assert_int_equal(json_set(o, key, value), ERR_OK);
    text = json_print(o);
    answer = answer_to(e, "boss", OPERATIONS, text);
    assert_non_null(answer);
    free(text);
    json_free(o);
    bytes_free(&pem);
    bytes_free(&csr);
    return answer;
}

static void is_error(struct json *answer, const char *code, const char *word)
{
    const char *message = json_text(json_get(answer, "message"));

    assert_string_equal(json_text(json_get(answer, "error")), code);
    if (strstr(message, word) == NULL)
        fail_msg("no '%s' in: %s", word, message);
    json_free(answer);
}

/* The id of a certificate that was issued; frees the answer. */
static void is_issued(struct json *answer, char id[STORE_ID_SIZE])
{
    const char *text = json_text(json_get(answer, "certificateId"));

    if (text != NULL)
        (void)snprintf(id, STORE_ID_SIZE, "%s", text);
    else
        fail_msg("%s", json_text(json_get(answer, "message")));
    json_free(answer);
}

static void set_status(
    struct enrolment_site *e, const char *id, const char *status)
{
    char request[300];

    (void)snprintf(request, sizeof(request),
        "{\"op\":\"set-certificate-status\",\"certificateId\":\"%s\","
        "\"status\":\"%s\",\"reason\":1}",
        id, status);
    ask(&e->site, request);
}

/* The list in the folder; the caller frees. */
static char *read_list(const struct enrolment_site *e, size_t *len)
{
    char path[600], *bytes = NULL;

    (void)snprintf(path, sizeof(path), "%s/operational.crl", e->state);
    assert_int_equal(file_read(path, 100000, &bytes, len), ERR_OK);
    return bytes;
}

static void who_shows_a_certificate_gets_one(void **state)
{
    struct enrolment_site *e = *state;
    char id[STORE_ID_SIZE];

    is_issued(issue(e, &nobody, &e->factory, NULL, NULL), id);
    is_issued(
        issue(e, &genuine, &e->factory, "renewal", json_new_bool(true)), id);
    is_error(issue(e, &nobody, &e->factory, "renewal", json_new_bool(true)),
        "denied", "4.2.2");
    /* A claim is no factory certificate. */
    is_error(issue(e, &nobody, &e->claim, NULL, NULL), "denied", "O, OU");
}

static void judging_alone_issues_nothing(void **state)
{
    struct enrolment_site *e = *state;
    struct json *answer =
        issue(e, &nobody, &e->factory, "check", json_new_bool(true));

    assert_string_equal(json_text(json_get(answer, "thingName")), THING);
    assert_null(json_get(answer, "certificatePem"));
    json_free(answer);
    ask(&e->site, "{\"op\":\"thing\",\"thing\":\"" THING "\"}");
    assert_false(said(&e->site, "operational"));
}

static void a_user_enrols_what_the_request_names_and_no_other_than_his(
    void **state)
{
    struct enrolment_site *e = *state;
    char id[STORE_ID_SIZE];

    is_issued(issue(e, &genuine, NULL, "thing", json_new_string(THING)), id);
    is_error(issue(e, &genuine, NULL, "thing", json_new_string("other")),
        "denied", "another thing");
    is_error(issue(e, &nobody, NULL, NULL, NULL), "denied", "O, OU");
    /* A nameplate that only looks like another's does not get its name. */
    is_error(issue(e, &(struct subject){"ACME", "Thermo-1", THING, "S1"}, NULL,
                 NULL, NULL),
        "denied", "another nameplate");
}

static void what_is_missing_or_malformed_is_said(void **state)
{
    struct enrolment_site *e = *state;
    static const struct {
        const char *request, *code, *word;
    } table[] = {
        {"{\"op\":\"issue-certificate\"}",                                   "invalid", "\"csr\"" },
        {"{\"op\":\"issue-certificate\",\"csr\":\"x\"}",                     "invalid", "\"user\""},
        {"{\"op\":\"issue-certificate\",\"csr\":\"x\",\"user\":\"u\"}",
         "invalid",                                                                     "PKCS #10"},
        {"{\"op\":\"issue-certificate\",\"csr\":\"x\",\"requester\":\"y\"}",
         "invalid",                                                                     "PEM"     },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        is_error(answer_to(e, "boss", OPERATIONS, table[i].request),
            table[i].code, table[i].word);
}

static void a_stranger_and_a_revoked_certificate_get_nothing(void **state)
{
    struct enrolment_site *e = *state;
    struct forge other = forge_authority("Acme");
    struct bytes stranger = forge_leaf(&other, &genuine);
    char id[STORE_ID_SIZE];

    is_error(
        issue(e, &nobody, &stranger, NULL, NULL), "denied", "no registered CA");
    assert_int_equal(certificate_id(e->factory.at, e->factory.len, id), ERR_OK);
    set_status(e, id, "INACTIVE");
    is_error(
        issue(e, &nobody, &e->factory, NULL, NULL), "denied", "not ACTIVE");
    set_status(e, id, "ACTIVE");
    is_issued(issue(e, &nobody, &e->factory, NULL, NULL), id);
    bytes_free(&stranger);
    forge_free(&other);
}

static void a_clock_before_the_ca_issues_nothing(void **state)
{
    struct enrolment_site *e = *state;
    char id[STORE_ID_SIZE];

    e->site.world.now_ms = WORLD_NOW_MS - 1000;
    is_error(issue(e, &nobody, &e->factory, NULL, NULL), "again", "clock");
    e->site.world.now_ms = WORLD_NOW_MS;
    is_issued(issue(e, &nobody, &e->factory, NULL, NULL), id);
}

/* [23] */
static void a_revoked_certificate_is_listed_for_good(void **state)
{
    struct enrolment_site *e = *state;
    char id[STORE_ID_SIZE], *before, *after;
    size_t before_len, after_len;

    is_issued(issue(e, &nobody, &e->factory, NULL, NULL), id);
    before = read_list(e, &before_len);
    e->site.world.now_ms += 1000;
    set_status(e, id, "INACTIVE"); /* this can be taken back */
    after = read_list(e, &after_len);
    assert_int_equal(after_len, before_len);
    free(after);
    set_status(e, id, "REVOKED");
    assert_true(said(&e->site, "\"ok\":true"));
    after = read_list(e, &after_len);
    assert_true(after_len > before_len + 20);
    set_status(e, id, "ACTIVE");
    assert_true(said(&e->site, "\"conflict\""));
    free(before);
    free(after);
}

static void the_list_is_written_anew_every_day(void **state)
{
    struct enrolment_site *e = *state;
    char *first, *second;
    size_t first_len, second_len;

    first = read_list(e, &first_len);
    e->site.world.now_ms += 23 * HOUR_MS;
    cloud_tick(e->site.cloud);
    second = read_list(e, &second_len);
    assert_true(
        first_len == second_len && memcmp(first, second, first_len) == 0);
    free(second);
    e->site.world.now_ms += HOUR_MS;
    cloud_tick(e->site.cloud);
    second = read_list(e, &second_len);
    assert_false(
        first_len == second_len && memcmp(first, second, first_len) == 0);
    free(first);
    free(second);
}

static void without_an_operational_ca_nothing_opens_or_is_issued(void **state)
{
    struct enrolment_site *e = *state;
    const struct seam seam = world_seam(&e->site.world);
    struct cloud *cloud = NULL;

    cloud_close(e->site.cloud);
    e->site.options.enrolment.folder = "/nowhere";
    assert_int_not_equal(cloud_open(&e->site.options, &seam, &cloud), ERR_OK);
    e->site.options.enrolment.folder = NULL;
    site_open(&e->site);
    is_error(issue(e, &nobody, &e->factory, NULL, NULL), "unsupported",
        "--operational");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENROLMENT_TEST(who_shows_a_certificate_gets_one),
        ENROLMENT_TEST(judging_alone_issues_nothing),
        ENROLMENT_TEST(
            a_user_enrols_what_the_request_names_and_no_other_than_his),
        ENROLMENT_TEST(what_is_missing_or_malformed_is_said),
        ENROLMENT_TEST(a_stranger_and_a_revoked_certificate_get_nothing),
        ENROLMENT_TEST(a_clock_before_the_ca_issues_nothing),
        ENROLMENT_TEST(a_revoked_certificate_is_listed_for_good),
        ENROLMENT_TEST(the_list_is_written_anew_every_day),
        ENROLMENT_TEST(without_an_operational_ca_nothing_opens_or_is_issued),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
