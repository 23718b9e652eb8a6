/* AWS's rates in the whole cloud (contract sections 1.1 and 2.6), and the
 * limits that only a broker's log shows it: wills and packets. */

#include "cloud_site.h"

#define OWN   "nameplate/" THING "/x"
#define OTHER "nameplate/acme:thermo-1:S2/x"

static const struct cloud_access sent = {
    .client = THING, .action = CLOUD_PUBLISH, .topic = OWN, .mqtt_version = 4};
static const struct cloud_access heard = {
    .client = THING, .action = CLOUD_RECEIVE, .topic = OWN, .mqtt_version = 4};

static int set_up_rates(void **state)
{
    struct site *site;

    if (set_up(state) != 0)
        return -1;
    site = *state;
    cloud_close(site->cloud);
    site->options.rates = true;
    site_open(site);
    return 0;
}

/* How many of 300 go ahead before one is answered otherwise, and how? */
static int go_ahead(struct site *site, const struct cloud_access *access,
    enum verdict *otherwise)
{
    for (int i = 0; i < 300; i++) {
        *otherwise = cloud_may(site->cloud, access);
        if (*otherwise != VERDICT_ALLOW)
            return i;
    }
    return 300;
}

static void a_connection_carries_100_messages_a_second_in_and_out(void **state)
{
    struct site *site = *state;
    struct cloud_access acknowledged = sent;
    enum verdict verdict;

    acknowledged.qos = 1;
    (void)tries(site, &site->acme, &genuine, THING);
    for (int i = 0; i < 40; i++)
        assert_int_equal(cloud_may(site->cloud, &heard), VERDICT_ALLOW);
    assert_int_equal(go_ahead(site, &sent, &verdict), 60);
    assert_int_equal(verdict, VERDICT_REFUSE);
    assert_int_equal(cloud_may(site->cloud, &heard), VERDICT_REFUSE);
    assert_int_equal(
        cloud_may(site->cloud, &acknowledged), VERDICT_CLOSE_THROTTLED);
    site->world.now_ms += 50;
    assert_int_equal(go_ahead(site, &heard, &verdict), 5);
    answers(site, "{\"op\":\"test-rates\",\"on\":false}", "{\"ok\":true}");
    assert_int_equal(go_ahead(site, &sent, &verdict), 300);
    answers(site, "{\"op\":\"test-rates\"}",
        "{\"error\":\"invalid\",\"message\":\"\\\"on\\\" is wrong; expected "
        "true or false\"}");
}

static void what_waits_for_a_client_and_its_will_do_not_count(void **state)
{
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);
    const struct cloud_connection connection = {
        THING, der.at, der.len, "192.0.2.7", site, false};
    enum verdict verdict;

    assert_int_equal(cloud_connect(site->cloud, &connection), CLOUD_WELCOME);
    assert_int_equal(go_ahead(site, &heard, &verdict), 300); /* what was kept */
    cloud_tick(site->cloud);
    assert_int_equal(go_ahead(site, &heard, &verdict), 100);
    cloud_disconnect(site->cloud, THING, site, PRESENCE_CONNECTION_LOST);
    assert_int_equal(go_ahead(site, &sent, &verdict), 300);  /* the will */
    assert_int_equal(go_ahead(site, &heard, &verdict), 300); /* to be kept */
    bytes_free(&der);
}

static void a_client_connects_once_a_second(void **state)
{
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);
    enum verdict verdict;

    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    (void)go_ahead(site, &sent, &verdict);
    /* A reload asks again about who is here, which is no CONNECT. */
    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    assert_int_equal(cloud_may(site->cloud, &sent), VERDICT_REFUSE);
    cloud_disconnect(site->cloud, THING, site, PRESENCE_CONNECTION_LOST);
    site->world.now_ms += 999;
    world_forget(&site->world);
    assert_int_equal(connects(site, &der, THING), CLOUD_DROP);
    assert_string_equal(site->world.said, "");
    site->world.now_ms += 1;
    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    assert_int_equal(go_ahead(site, &sent, &verdict), 100);
    bytes_free(&der);
}

static void the_connection_that_registers_is_the_first_of_its_second(
    void **state)
{
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);

    cloud_close(site->cloud);
    site->options.drop_first = true;
    site_open(site);
    assert_int_equal(connects(site, &der, THING), CLOUD_DROP);
    assert_int_equal(connects(site, &der, THING), CLOUD_DROP);
    site->world.now_ms += 1000;
    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    bytes_free(&der);
}

/* --- shadows ---------------------------------------------------------------
 */

static int rejected(struct site *site, int requests)
{
    const struct cloud_message get = {
        "boss", "$aws/things/" THING "/shadow/name/lamp/get", "", 0};
    int count = 0;

    for (int i = 0; i < requests; i++) {
        world_forget(&site->world);
        cloud_message(site->cloud, &get);
        count += said(site,
            "shadow/name/lamp/get/rejected {\"code\":429,"
            "\"message\":\"Too many requests\"");
    }
    return count;
}

static void a_things_shadows_are_asked_20_times_a_second(void **state)
{
    struct site *site = *state;

    (void)tries(site, &site->acme, &genuine, THING);
    assert_int_equal(rejected(site, 20), 0);
    assert_int_equal(rejected(site, 5), 5);
    site->world.now_ms += 100;
    assert_int_equal(rejected(site, 5), 3);
}

static void ten_answers_at_most_are_to_come(void **state)
{
    struct site *site = *state;

    (void)tries(site, &site->acme, &genuine, THING);
    answers(site, "{\"op\":\"test-delay\",\"ms\":300}", "{\"ok\":true}");
    (void)rejected(site, 12);
    site->world.now_ms += 299;
    cloud_tick(site->cloud);
    assert_string_equal(site->world.said, "");
    site->world.now_ms += 1;
    cloud_tick(site->cloud);
    assert_true(said(site, "\"code\":404"));
    answers(site, "{\"op\":\"test-delay\",\"ms\":0}", "{\"ok\":true}");
    assert_int_equal(rejected(site, 10), 0);
}

static int count_of(const char *text, const char *part)
{
    int count = 0;

    for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
        count++;
    return count;
}

static void the_eleventh_request_in_flight_is_rejected(void **state)
{
    const struct cloud_message get = {
        THING, "$aws/things/" THING "/shadow/get", "", 0};
    struct site *site = *state;

    (void)tries(site, &site->acme, &genuine, THING);
    answers(site, "{\"op\":\"test-delay\",\"ms\":300}", "{\"ok\":true}");
    world_forget(&site->world);
    for (int i = 0; i < 12; i++)
        cloud_message(site->cloud, &get);
    site->world.now_ms += 300;
    cloud_tick(site->cloud);
    assert_int_equal(count_of(site->world.said, "\"code\":404"), 10);
    assert_int_equal(count_of(site->world.said, "\"code\":429"), 2);
}

/* --- what the log shows -----------------------------------------------------
 */

static void a_will_to_a_foreign_topic_fails_the_connect(void **state)
{
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);
    const struct cloud_connection connection = {
        THING, der.at, der.len, "192.0.2.7", site, false};

    assert_true(cloud_will(site->cloud, THING, OTHER)); /* nobody arrives */
    assert_int_equal(cloud_connect(site->cloud, &connection), CLOUD_WELCOME);
    world_forget(&site->world); /* it was registered */
    assert_true(cloud_will(site->cloud, "boss", OTHER));
    assert_string_equal(site->world.said, "");
    assert_false(cloud_will(site->cloud, THING, OTHER));
    assert_true(said(site, "presence/connect_failed/" THING));
    world_forget(&site->world);
    cloud_tick(site->cloud);
    assert_string_equal(site->world.said, "");
    assert_string_equal(site->world.kicked, THING " ");
    cloud_disconnect(site->cloud, THING, site, PRESENCE_API_INITIATED);
    assert_string_equal(site->world.said, "");

    /* Twins: its own topic is fine, and nothing is strict when told so. */
    for (int i = 0; i < 2; i++) {
        site->world.now_ms += 1000;
        assert_int_equal(
            cloud_connect(site->cloud, &connection), CLOUD_WELCOME);
        assert_true(cloud_will(site->cloud, THING, i == 0 ? OWN : OTHER));
        cloud_tick(site->cloud);
        assert_true(said(site, "presence/connected/" THING));
        cloud_disconnect(site->cloud, THING, site, PRESENCE_CONNECTION_LOST);
        answers(site, "{\"op\":\"test-strict\",\"on\":false}", "{\"ok\":true}");
    }
    assert_string_equal(site->world.kicked, THING " ");
    bytes_free(&der);
}

static void a_subscribe_has_eight_filters(void **state)
{
    struct site *site = *state;
    char topic[100];
    struct cloud_access access = {
        .client = THING, .action = CLOUD_SUBSCRIBE, .topic = topic};

    for (int i = 0; i < 20; i++) {
        access.further = i != 0 && i != 9;
        (void)snprintf(topic, sizeof(topic), "nameplate/" THING "/%d", i);
        assert_int_equal(cloud_may(site->cloud, &access),
            i == 8 || i >= 17 ? VERDICT_REFUSE : VERDICT_ALLOW);
    }
    answers(site, "{\"op\":\"test-strict\",\"on\":false}", "{\"ok\":true}");
    assert_int_equal(cloud_may(site->cloud, &access), VERDICT_ALLOW);
}

#define RATES_TEST(test)                                                       \
    cmocka_unit_test_setup_teardown(test, set_up_rates, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RATES_TEST(a_connection_carries_100_messages_a_second_in_and_out),
        RATES_TEST(what_waits_for_a_client_and_its_will_do_not_count),
        RATES_TEST(a_client_connects_once_a_second),
        RATES_TEST(the_connection_that_registers_is_the_first_of_its_second),
        RATES_TEST(a_things_shadows_are_asked_20_times_a_second),
        RATES_TEST(ten_answers_at_most_are_to_come),
        RATES_TEST(the_eleventh_request_in_flight_is_rejected),
        RATES_TEST(a_will_to_a_foreign_topic_fails_the_connect),
        RATES_TEST(a_subscribe_has_eight_filters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
