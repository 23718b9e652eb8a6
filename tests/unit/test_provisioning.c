/* Fleet provisioning: contract section 4.1, its states, tokens and errors.
 * Bracketed numbers are the contract's test vectors. */

#include "enrolment_site.h"

#include <sqlite3.h>

#include "cloud-mock/lib/certificate.h"

#define FROM_CSR  "$aws/certificates/create-from-csr/json"
#define CREATE    "$aws/certificates/create/json"
#define PROVISION "$aws/provisioning-templates/fleet/provision/json"
#define NEW_THING "acme:thermo-1:S9"
#define HOUR_MS   (3600 * 1000)

static const struct subject newcomer = {"Acme", "Thermo-1", NEW_THING, "S9"};
static const struct subject nobody = {NULL, NULL, NULL, NULL};

static void claim_comes(struct enrolment_site *e)
{
    assert_int_equal(
        connects(&e->site, &e->claim, CLAIM_CLIENT), CLOUD_WELCOME);
}

/* create-from-csr with a request for this subject. */
static struct json *asks(struct enrolment_site *e, const char *client,
    const struct subject *subject, bool good)
{
    struct bytes pem = forge_request(e->key, subject, good);
    char *body = object_of("certificateSigningRequest", (const char *)pem.at);
    struct json *answer = answer_to(e, client, FROM_CSR, body);

    free(body);
    bytes_free(&pem);
    return answer;
}

static struct json *registers(struct enrolment_site *e, const char *client,
    const char *token, const char *serial)
{
    char body[400];

    (void)snprintf(body, sizeof(body),
        "{\"certificateOwnershipToken\":\"%s\","
        "\"parameters\":{\"SerialNumber\":\"%s\"}}",
        token, serial);
    return answer_to(e, client, PROVISION, body);
}

static const char *text(const struct json *o, const char *key)
{
    const char *found = json_text(json_get(o, key));

    assert_non_null(found);
    return found;
}

/* An answer in the error shape, and nothing else in it; frees it. */
static void is_rejected(
    struct enrolment_site *e, struct json *answer, int status, const char *code)
{
    assert_non_null(answer);
    assert_non_null(strstr(e->topic, "/rejected"));
    assert_int_equal(json_count(answer), 3);
    assert_true(json_number(json_get(answer, "statusCode")) == status);
    assert_string_equal(text(answer, "errorCode"), code);
    assert_true(strlen(text(answer, "errorMessage")) > 3);
    json_free(answer);
}

static void is_accepted(
    const struct enrolment_site *e, const struct json *answer)
{
    assert_non_null(answer);
    if (strstr(e->topic, "/accepted") == NULL)
        fail_msg("%s", json_text(json_get(answer, "errorMessage")));
}

static bool comes_with(
    struct enrolment_site *e, const char *pem, const char *client)
{
    struct bytes der = {NULL, 0};
    enum cloud_welcome welcome;

    assert_int_equal(pem_next(PEM_CERTIFICATE, &pem, &der), ERR_OK);
    welcome = connects(&e->site, &der, client);
    bytes_free(&der);
    return welcome == CLOUD_WELCOME;
}

/* --- the way it should go ------------------------------------------------- */

static void a_claim_gets_a_device_its_certificate_and_its_thing(void **state)
{
    struct enrolment_site *e = *state;
    struct json *created, *provisioned;

    claim_comes(e);
    created = asks(e, CLAIM_CLIENT, &newcomer, true);
    is_accepted(e, created);
    assert_string_equal(e->topic, FROM_CSR "/accepted");
    assert_int_equal(json_count(created), 3);
    assert_int_equal(strlen(text(created, "certificateId")), 64);
    /* PENDING_ACTIVATION: not yet. */
    assert_false(comes_with(e, text(created, "certificatePem"), NEW_THING));
    provisioned = registers(
        e, CLAIM_CLIENT, text(created, "certificateOwnershipToken"), "S9");
    is_accepted(e, provisioned);
    assert_string_equal(e->topic, PROVISION "/accepted");
    assert_int_equal(json_count(provisioned), 2);
    assert_string_equal(text(provisioned, "thingName"), NEW_THING);
    assert_true(json_is_object(json_get(provisioned, "deviceConfiguration")));
    assert_int_equal(
        json_depth(json_get(provisioned, "deviceConfiguration")), 1);
    assert_true(said(&e->site, "$nameplate/cloud/registered"));
    assert_true(comes_with(e, text(created, "certificatePem"), NEW_THING));
    json_free(created);
    json_free(provisioned);
}

static void a_device_renews_by_its_factory_certificate(void **state)
{
    struct enrolment_site *e = *state;
    struct json *created = asks(e, THING, &nobody, true), *provisioned;

    is_accepted(e, created);
    provisioned =
        registers(e, THING, text(created, "certificateOwnershipToken"), "S1");
    is_accepted(e, provisioned);
    assert_true(comes_with(e, text(created, "certificatePem"), THING));
    assert_int_equal(connects(&e->site, &e->factory, THING), CLOUD_WELCOME);
    json_free(created);
    json_free(provisioned);
}

/* --- tokens --------------------------------------------------------------- */

/* [24] */
static void a_token_is_used_once(void **state)
{
    struct enrolment_site *e = *state;
    struct json *created = asks(e, THING, &nobody, true);
    const char *token = text(created, "certificateOwnershipToken");
    struct json *first = registers(e, THING, token, "S1");

    is_accepted(e, first);
    is_rejected(e, registers(e, THING, token, "S1"), 400,
        "InvalidCertificateOwnershipToken");
    json_free(first);
    json_free(created);
}

/* [24] */
static void an_expired_token_is_rejected_and_its_certificate_is_gone(
    void **state)
{
    struct enrolment_site *e = *state;
    struct json *created = asks(e, THING, &nobody, true);
    const char *token = text(created, "certificateOwnershipToken");
    char request[200];

    e->site.world.now_ms += HOUR_MS;
    is_rejected(e, registers(e, THING, token, "S1"), 400,
        "InvalidCertificateOwnershipToken");
    (void)snprintf(request, sizeof(request),
        "{\"op\":\"set-certificate-status\",\"certificateId\":\"%s\","
        "\"status\":\"INACTIVE\"}",
        text(created, "certificateId"));
    ask(&e->site, request); /* it is still there: nobody looked */
    assert_true(said(&e->site, "\"ok\":true"));
    cloud_tick(e->site.cloud);
    ask(&e->site, request);
    assert_true(said(&e->site, "\"not_found\""));
    json_free(created);
}

/* The twin of the above. */
static void a_token_is_good_until_its_hour_is_over(void **state)
{
    struct enrolment_site *e = *state;
    struct json *created = asks(e, THING, &nobody, true), *last;

    e->site.world.now_ms += HOUR_MS - 1;
    cloud_tick(e->site.cloud);
    last =
        registers(e, THING, text(created, "certificateOwnershipToken"), "S1");
    is_accepted(e, last);
    json_free(last);
    json_free(created);
}

static void a_token_outlives_a_restart_and_stands_nowhere_in_clear(void **state)
{
    struct enrolment_site *e = *state;
    struct json *created = asks(e, THING, &nobody, true), *last;
    const char *token = text(created, "certificateOwnershipToken");
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;

    cloud_close(e->site.cloud);
    assert_int_equal(sqlite3_open(e->site.database, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT token FROM issuance", -1, &s, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_int_equal(sqlite3_column_bytes(s, 0), 64);
    assert_string_not_equal((const char *)sqlite3_column_text(s, 0), token);
    sqlite3_finalize(s);
    sqlite3_close(db);
    site_open(&e->site);
    assert_int_equal(connects(&e->site, &e->factory, THING), CLOUD_WELCOME);
    last = registers(e, THING, token, "S1");
    is_accepted(e, last);
    json_free(last);
    json_free(created);
}

static void a_token_is_good_for_who_asked_for_it_alone(void **state)
{
    struct enrolment_site *e = *state;
    struct json *created = asks(e, THING, &nobody, true), *last;
    const char *token = text(created, "certificateOwnershipToken");

    claim_comes(e);
    is_rejected(e, registers(e, CLAIM_CLIENT, token, "S1"), 400,
        "InvalidCertificateOwnershipToken");
    is_rejected(e, registers(e, THING, "", "S1"), 400,
        "InvalidCertificateOwnershipToken");
    last = registers(e, THING, token, "S1");
    is_accepted(e, last);
    json_free(last);
    json_free(created);
}

/* --- what is refused ------------------------------------------------------ */

static void a_request_that_is_not_good_is_rejected(void **state)
{
    struct enrolment_site *e = *state;

    is_rejected(e, asks(e, THING, &nobody, false), 400, "InvalidCSR");
    is_rejected(e, asks(e, THING, &newcomer, true), 403, "AccessDenied");
    is_rejected(
        e, answer_to(e, THING, FROM_CSR, "{}"), 400, "InvalidParameters");
    is_rejected(
        e, answer_to(e, THING, FROM_CSR, "[]"), 400, "InvalidParameters");
    is_rejected(e, answer_to(e, THING, FROM_CSR, ""), 400, "InvalidParameters");
    is_rejected(e,
        answer_to(
            e, THING, FROM_CSR, "{\"certificateSigningRequest\":\"<html>\"}"),
        400, "InvalidCSR");
}

static void a_wrong_serial_number_registers_nothing(void **state)
{
    struct enrolment_site *e = *state;
    struct json *created = asks(e, THING, &nobody, true), *last;
    const char *token = text(created, "certificateOwnershipToken");
    char body[300];

    is_rejected(e, registers(e, THING, token, "S2"), 400, "InvalidParameters");
    (void)snprintf(
        body, sizeof(body), "{\"certificateOwnershipToken\":\"%s\"}", token);
    is_rejected(
        e, answer_to(e, THING, PROVISION, body), 400, "InvalidParameters");
    is_rejected(
        e, answer_to(e, THING, PROVISION, "{}"), 400, "InvalidParameters");
    last = registers(e, THING, token, "S1"); /* the token was not used up */
    is_accepted(e, last);
    json_free(last);
    json_free(created);
}

static void no_key_is_made_in_the_cloud(void **state)
{
    struct enrolment_site *e = *state;

    is_rejected(e, answer_to(e, THING, CREATE, ""), 403, "AccessDenied");
}

static void a_claim_speaks_for_its_vendors_new_devices_only(void **state)
{
    struct enrolment_site *e = *state;
    const struct subject other = {
        "Other", "Thermo-1", "other:thermo-1:S9", "S9"};

    claim_comes(e);
    is_rejected(e, asks(e, CLAIM_CLIENT, &other, true), 403, "AccessDenied");
    /* A claim has no name of its own. */
    is_rejected(e, asks(e, CLAIM_CLIENT, &nobody, true), 403, "AccessDenied");
    /* S1 proves itself with its factory certificate. */
    is_rejected(e, asks(e, CLAIM_CLIENT, &genuine, true), 403, "AccessDenied");
}

static void a_claim_may_take_over_where_that_is_wanted(void **state)
{
    struct enrolment_site *e = *state;
    struct json *created;

    cloud_close(e->site.cloud);
    e->site.options.claims_take_over = true;
    site_open(&e->site);
    claim_comes(e);
    created = asks(e, CLAIM_CLIENT, &genuine, true);
    is_accepted(e, created);
    json_free(created);
}

static void a_test_can_have_it_throttled_once(void **state)
{
    struct enrolment_site *e = *state;
    struct json *created;

    ask(&e->site, "{\"op\":\"test-provisioning-error\",\"code\":429}");
    is_rejected(e, asks(e, THING, &nobody, true), 429, "Throttling");
    ask(&e->site, "{\"op\":\"test-provisioning-error\",\"code\":500}");
    is_rejected(e, asks(e, THING, &nobody, true), 500, "InternalError");
    created = asks(e, THING, &nobody, true);
    is_accepted(e, created);
    json_free(created);
}

static void without_an_operational_ca_everything_is_refused(void **state)
{
    struct enrolment_site *e = *state;

    cloud_close(e->site.cloud);
    e->site.options.enrolment.folder = NULL;
    site_open(&e->site);
    assert_int_equal(connects(&e->site, &e->factory, THING), CLOUD_WELCOME);
    is_rejected(e, asks(e, THING, &nobody, true), 403, "AccessDenied");
}

/* --- who a claim is ------------------------------------------------------- */

static void a_claim_has_an_id_that_is_nobody_elses(void **state)
{
    struct enrolment_site *e = *state;
    const char *const bad[] = {
        "boss", THING, NEW_THING, "claim", "claim-a:b", "", "cloudd"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(connects(&e->site, &e->claim, bad[i]), CLOUD_REFUSE);
    assert_int_equal(
        connects(&e->site, &e->factory, CLAIM_CLIENT), CLOUD_REFUSE);
    claim_comes(e);
}

static void a_privileged_client_has_no_claims_id(void **state)
{
    struct enrolment_site *e = *state;
    struct cloud_connection connection = {.client = "claim-9",
        .certificate = "",
        .ip = "",
        .connection = e,
        .privileged = true};

    assert_int_equal(cloud_connect(e->site.cloud, &connection), CLOUD_REFUSE);
    connection.client = "boss";
    assert_int_equal(cloud_connect(e->site.cloud, &connection), CLOUD_WELCOME);
}

static void a_claim_may_provision_and_nothing_else(void **state)
{
    struct enrolment_site *e = *state;
    static const struct {
        const char *topic;
        enum cloud_action action;
        bool may;
    } table[] = {
        {FROM_CSR,                           CLOUD_PUBLISH,   true },
        {PROVISION,                          CLOUD_PUBLISH,   true },
        {FROM_CSR "/accepted",               CLOUD_PUBLISH,   false},
        {"nameplate/" CLAIM_CLIENT "/x",     CLOUD_PUBLISH,   false},
        {"nameplate/" THING "/x",            CLOUD_PUBLISH,   false},
        {"$nameplate/cloud/claim-1/request", CLOUD_PUBLISH,   false},
        {"#",                                CLOUD_SUBSCRIBE, false},
        {FROM_CSR "/+",                      CLOUD_SUBSCRIBE, true },
        {FROM_CSR "/accepted",               CLOUD_SUBSCRIBE, true },
        {FROM_CSR,                           CLOUD_SUBSCRIBE, false},
        {PROVISION,                          CLOUD_SUBSCRIBE, false},
        {"$aws/provisioning-templates/#",    CLOUD_SUBSCRIBE, false},
        {PROVISION "/rejected",              CLOUD_SUBSCRIBE, true },
        {PROVISION,                          CLOUD_RECEIVE,   false},
        {PROVISION "/accepted",              CLOUD_RECEIVE,   true },
        {"nameplate/" THING "/x",            CLOUD_RECEIVE,   false},
    };

    claim_comes(e);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct cloud_access access = {.client = CLAIM_CLIENT,
            .action = table[i].action,
            .topic = table[i].topic,
            .qos = 1,
            .mqtt_version = 5};

        if ((cloud_may(e->site.cloud, &access) == VERDICT_ALLOW) !=
            table[i].may)
            fail_msg("%zu %s", i, table[i].topic);
    }
}

/* [23] for claims */
static void a_revoked_claim_is_out_and_stays_out(void **state)
{
    struct enrolment_site *e = *state;
    char id[STORE_ID_SIZE], request[200];

    claim_comes(e);
    assert_int_equal(certificate_id(e->claim.at, e->claim.len, id), ERR_OK);
    (void)snprintf(request, sizeof(request),
        "{\"op\":\"set-certificate-status\",\"certificateId\":\"%s\","
        "\"status\":\"REVOKED\"}",
        id);
    ask(&e->site, request);
    cloud_tick(e->site.cloud);
    assert_non_null(strstr(e->site.world.kicked, CLAIM_CLIENT));
    assert_int_equal(connects(&e->site, &e->claim, CLAIM_CLIENT), CLOUD_REFUSE);
}

static void who_is_gone_gets_no_answer(void **state)
{
    struct enrolment_site *e = *state;

    claim_comes(e);
    cloud_disconnect(e->site.cloud, CLAIM_CLIENT, e, PRESENCE_CLIENT_INITIATED);
    cloud_disconnect(
        e->site.cloud, CLAIM_CLIENT, &e->site, PRESENCE_CLIENT_INITIATED);
    assert_null(asks(e, CLAIM_CLIENT, &newcomer, true));
    assert_null(asks(e, "boss", &newcomer, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENROLMENT_TEST(a_claim_gets_a_device_its_certificate_and_its_thing),
        ENROLMENT_TEST(a_device_renews_by_its_factory_certificate),
        ENROLMENT_TEST(a_token_is_used_once),
        ENROLMENT_TEST(
            an_expired_token_is_rejected_and_its_certificate_is_gone),
        ENROLMENT_TEST(a_token_is_good_until_its_hour_is_over),
        ENROLMENT_TEST(a_token_outlives_a_restart_and_stands_nowhere_in_clear),
        ENROLMENT_TEST(a_token_is_good_for_who_asked_for_it_alone),
        ENROLMENT_TEST(a_request_that_is_not_good_is_rejected),
        ENROLMENT_TEST(a_wrong_serial_number_registers_nothing),
        ENROLMENT_TEST(no_key_is_made_in_the_cloud),
        ENROLMENT_TEST(a_claim_speaks_for_its_vendors_new_devices_only),
        ENROLMENT_TEST(a_claim_may_take_over_where_that_is_wanted),
        ENROLMENT_TEST(a_test_can_have_it_throttled_once),
        ENROLMENT_TEST(without_an_operational_ca_everything_is_refused),
        ENROLMENT_TEST(a_claim_has_an_id_that_is_nobody_elses),
        ENROLMENT_TEST(a_privileged_client_has_no_claims_id),
        ENROLMENT_TEST(a_claim_may_provision_and_nothing_else),
        ENROLMENT_TEST(a_revoked_claim_is_out_and_stays_out),
        ENROLMENT_TEST(who_is_gone_gets_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
