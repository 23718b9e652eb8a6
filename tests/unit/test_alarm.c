/* "Cloned identity": what cannot be if every key is in one device, and what can
 * be and is no alarm. */

#include "enrolment_site.h"

#include "cloud-mock/lib/alarm.h"
#include "cloud-mock/lib/duel.h"

#define FROM_CSR "$aws/certificates/create-from-csr/json"
#define OTHER    "acme:thermo-1:S2"

static const struct subject nobody = {NULL, NULL, NULL, NULL};

static bool alarmed(const struct enrolment_site *e, const char *kind)
{
    const char *line = strstr(e->site.world.said, "$nameplate/cloud/alarm");

    return line != NULL && strstr(line, kind) != NULL;
}

/* The thing as the page gets it has the alarm too. */
static bool shown(struct enrolment_site *e, const char *kind)
{
    ask(&e->site, "{\"op\":\"thing\",\"thing\":\"" THING "\"}");
    return strstr(e->site.world.said, kind) != NULL;
}

static enum cloud_welcome comes_from(struct enrolment_site *e,
    const struct bytes *der, const char *ip, const void *connection)
{
    const struct cloud_connection c = {.client = THING,
        .certificate = der->at,
        .certificate_len = der->len,
        .ip = ip,
        .connection = connection};
    enum cloud_welcome welcome = cloud_connect(e->site.cloud, &c);

    cloud_tick(e->site.cloud);
    return welcome;
}

/* A certificate of Acme's for this key; the caller frees. */
static struct bytes leaf_for(const struct enrolment_site *e,
    const struct keypair *key, const struct subject *subject)
{
    struct certificate_plan plan = {.subject = *subject,
        .from = port_wall_ms() / 1000,
        .to = READER_FOR_EVER,
        .path_length = EXTENSION_NOT_A_CA};
    struct bytes spki = {NULL, 0}, der = {NULL, 0};
    struct view above;
    const char *why;

    assert_int_equal(keypair_spki(key, &spki), ERR_OK);
    assert_int_equal(
        view_read(bytes_span(&e->site.acme.der), &above, &why), ERR_OK);
    plan.spki = bytes_span(&spki);
    plan.issuer = above.subject.whole;
    assert_int_equal(certificate_make(&plan, e->site.acme.key, &der), ERR_OK);
    bytes_free(&spki);
    return der;
}

static void a_certificate_under_another_client_id_is_an_alarm(void **state)
{
    struct enrolment_site *e = *state;

    assert_false(shown(e, "\"alarms\""));
    world_forget(&e->site.world);
    assert_int_equal(connects(&e->site, &e->factory, OTHER), CLOUD_REFUSE);
    assert_true(alarmed(e, ALARM_ELSEWHERE));
    assert_true(strstr(e->site.world.said, OTHER) != NULL);
    assert_true(shown(e, ALARM_ELSEWHERE));
    /* What such a client calls itself is not repeated, unless it is a name. */
    e->site.world.now_ms += ALARM_QUIET_MS;
    world_forget(&e->site.world);
    assert_int_equal(connects(&e->site, &e->factory, "a\nb"), CLOUD_REFUSE);
    assert_true(strstr(e->site.world.said, "something else") != NULL);
}

static void an_alarm_is_told_once_a_minute(void **state)
{
    struct enrolment_site *e = *state;

    (void)connects(&e->site, &e->factory, OTHER);
    world_forget(&e->site.world);
    e->site.world.now_ms += ALARM_QUIET_MS - 1;
    (void)connects(&e->site, &e->factory, OTHER);
    assert_false(alarmed(e, ALARM_ELSEWHERE));
    e->site.world.now_ms += 1;
    (void)connects(&e->site, &e->factory, OTHER);
    assert_true(alarmed(e, ALARM_ELSEWHERE));
    assert_true(shown(e, "\"count\":2"));
}

static void a_second_factory_key_for_a_serial_number_is_an_alarm(void **state)
{
    struct enrolment_site *e = *state;
    struct bytes second = forge_leaf(&e->site.acme, &genuine);

    assert_int_equal(connects(&e->site, &second, THING), CLOUD_WELCOME);
    assert_true(alarmed(e, ALARM_TWO_KEYS));
    assert_true(shown(e, ALARM_TWO_KEYS));
    bytes_free(&second);
}

/* The same key again is no clone. */
static void another_certificate_for_the_same_key_is_no_alarm(void **state)
{
    struct enrolment_site *e = *state;
    const struct subject third = {"Acme", "Thermo-1", "acme:thermo-1:S3", "S3"};
    struct bytes one = leaf_for(e, e->key, &third);
    struct bytes two = leaf_for(e, e->key, &third);

    assert_int_equal(
        connects(&e->site, &one, third.common_name), CLOUD_WELCOME);
    assert_int_equal(
        connects(&e->site, &two, third.common_name), CLOUD_WELCOME);
    assert_false(alarmed(e, "kind"));
    bytes_free(&one);
    bytes_free(&two);
}

static void one_key_in_two_things_is_an_alarm_for_both(void **state)
{
    struct enrolment_site *e = *state;
    const struct subject third = {"Acme", "Thermo-1", "acme:thermo-1:S3", "S3"};
    const struct subject fourth = {
        "Acme", "Thermo-1", "acme:thermo-1:S4", "S4"};
    struct bytes one = leaf_for(e, e->key, &third);
    struct bytes two = leaf_for(e, e->key, &fourth);

    assert_int_equal(
        connects(&e->site, &one, third.common_name), CLOUD_WELCOME);
    assert_false(alarmed(e, ALARM_KEY));
    world_forget(&e->site.world);
    assert_int_equal(
        connects(&e->site, &two, fourth.common_name), CLOUD_WELCOME);
    assert_true(strstr(e->site.world.said,
                    "in the certificate of acme:thermo-1:S3") != NULL);
    assert_true(strstr(e->site.world.said,
                    "in the certificate of acme:thermo-1:S4") != NULL);
    bytes_free(&one);
    bytes_free(&two);
}

static void a_rotation_is_no_alarm(void **state)
{
    struct enrolment_site *e = *state;
    struct bytes pem = forge_request(e->key, &nobody, true);
    char *body = object_of("certificateSigningRequest", (const char *)pem.at);
    struct json *created = answer_to(e, THING, FROM_CSR, body), *done;
    const char *text = json_text(json_get(created, "certificatePem"));
    struct bytes der = {NULL, 0};
    char request[400];

    assert_non_null(text);
    (void)snprintf(request, sizeof(request),
        "{\"certificateOwnershipToken\":\"%s\","
        "\"parameters\":{\"SerialNumber\":\"S1\"}}",
        json_text(json_get(created, "certificateOwnershipToken")));
    done = answer_to(
        e, THING, "$aws/provisioning-templates/t/provision/json", request);
    assert_non_null(json_get(done, "thingName"));
    assert_int_equal(pem_next(PEM_CERTIFICATE, &text, &der), ERR_OK);
    assert_int_equal(comes_from(e, &der, "192.0.2.8", body), CLOUD_WELCOME);
    assert_false(shown(e, "\"alarms\""));
    bytes_free(&der);
    json_free(done);
    json_free(created);
    free(body);
    bytes_free(&pem);
}

static void two_connections_that_kick_each_other_are_an_alarm(void **state)
{
    struct enrolment_site *e = *state;
    int connection[DUEL_TURNS + 1];

    for (int i = 1; i <= DUEL_TURNS; i++) {
        assert_false(shown(e, ALARM_TWO_PLACES));
        e->site.world.now_ms += 3000;
        (void)comes_from(
            e, &e->factory, i % 2 ? "192.0.2.9" : "192.0.2.7", &connection[i]);
    }
    assert_true(shown(e, ALARM_TWO_PLACES));
    assert_true(strstr(e->site.world.said, "192.0.2.9") != NULL);
}

/* --- the pure part -------------------------------------------------------- */

static unsigned duel_of(const char *const *ips, size_t count, int64_t gap_ms)
{
    struct duel duel = {.turns = 0};
    unsigned told = 0;
    int64_t now = 1000;

    for (size_t i = 1; i < count; i++, now += gap_ms)
        told += duel_turn(&duel, ips[i - 1], ips[i], now);
    return told;
}

static void only_taking_turns_is_a_duel(void **state)
{
    static const char *const turns[] = {"a", "b", "a", "b", "a"};
    static const char *const few[] = {"a", "b", "a", "b"};
    static const char *const journey[] = {"a", "b", "c", "d", "e", "f", "g"};
    static const char *const home[] = {"a", "a", "a", "a", "a", "a", "a"};
    static const char *const rest[] = {"a", "b", "a", "a", "b", "a"};

    (void)state;
    assert_int_equal(duel_of(turns, 5, 1000), 1);
    assert_int_equal(duel_of(few, 4, 1000), 0);
    assert_int_equal(duel_of(journey, 7, 1000), 0);
    assert_int_equal(duel_of(home, 7, 1000), 0);
    assert_int_equal(duel_of(rest, 6, 1000), 0);
    assert_int_equal(duel_of(turns, 5, DUEL_GAP_MS), 1);
    assert_int_equal(duel_of(turns, 5, DUEL_GAP_MS + 1), 0);
    assert_int_equal(duel_of(turns, 5, -1000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENROLMENT_TEST(a_certificate_under_another_client_id_is_an_alarm),
        ENROLMENT_TEST(an_alarm_is_told_once_a_minute),
        ENROLMENT_TEST(a_second_factory_key_for_a_serial_number_is_an_alarm),
        ENROLMENT_TEST(another_certificate_for_the_same_key_is_no_alarm),
        ENROLMENT_TEST(one_key_in_two_things_is_an_alarm_for_both),
        ENROLMENT_TEST(a_rotation_is_no_alarm),
        ENROLMENT_TEST(two_connections_that_kick_each_other_are_an_alarm),
        cmocka_unit_test(only_taking_turns_is_a_duel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
