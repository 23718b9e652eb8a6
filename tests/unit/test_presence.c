/* Who is connected, and the events AWS sends about it (contract section 6).
 * Bracketed numbers are the contract's test vectors. */

#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/presence.h"
#include "cloud-mock/lib/store_presence.h"
#include "cloud-mock/lib/table.h"
#include "cloud_world.h"
#include "folder.h"

#define THING "acme:thermo-1:S1"

struct stage {
    struct world world;
    struct store *store;
    struct sender *sender;
    struct presence *presence;
};

static const int first_wire, second_wire; /* two connections */

static void stage_open(struct stage *stage, const char *database)
{
    const struct seam seam = world_seam(&stage->world);

    assert_int_equal(store_open(database, &stage->store), ERR_OK);
    stage->sender = sender_new(&seam);
    stage->presence = presence_new(stage->store, stage->sender);
    assert_non_null(stage->presence);
}

static void stage_close(struct stage *stage)
{
    presence_free(stage->presence);
    sender_free(stage->sender);
    store_close(stage->store);
}

static int set_up(void **state)
{
    struct stage *stage = malloc(sizeof(*stage));

    assert_non_null(stage);
    world_begin(&stage->world);
    stage_open(stage, ":memory:");
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

static void arrive(struct stage *stage, const void *wire)
{
    const struct presence_arrival arrival = {
        THING, "c0ffee", "192.0.2.7", wire};

    assert_int_equal(presence_arrive(stage->presence, &arrival), ERR_OK);
}

static void connect_with(struct stage *stage, const void *wire)
{
    arrive(stage, wire);
    presence_tick(stage->presence);
}

static void leave(
    struct stage *stage, const void *wire, enum presence_reason reason)
{
    presence_leave(stage->presence, THING, wire, reason);
}

/* How often does the text stand in what was said? */
static int times(const struct stage *stage, const char *text)
{
    int count = 0;

    for (const char *p = strstr(stage->world.said, text); p != NULL;
         p = strstr(p + 1, text))
        count++;
    return count;
}

static void a_connection_is_announced_when_it_is_complete(void **state)
{
    struct stage *stage = *state;

    arrive(stage, &first_wire);
    assert_string_equal(stage->world.said, "");
    presence_tick(stage->presence);
    assert_string_equal(stage->world.said,
        "$aws/events/presence/connected/" THING " {\"clientId\":\"" THING
        "\",\"timestamp\":1591142747000,\"eventType\":\"connected\","
        "\"thingName\":\"" THING "\",\"sessionIdentifier\":"
        "\"00000000-0000-4000-8000-000000000000\",\"principalIdentifier\":"
        "\"c0ffee\",\"ipAddress\":\"192.0.2.7\",\"versionNumber\":0}\n");
}

static void a_disconnection_names_its_reason_and_its_session(void **state)
{
    struct stage *stage = *state;

    connect_with(stage, &first_wire);
    world_forget(&stage->world);
    stage->world.now_ms += 5;
    leave(stage, &first_wire, PRESENCE_KEEP_ALIVE_TIMEOUT);
    assert_string_equal(stage->world.said,
        "$aws/events/presence/disconnected/" THING " {\"clientId\":\"" THING
        "\",\"timestamp\":1591142747005,\"eventType\":\"disconnected\","
        "\"thingName\":\"" THING "\",\"sessionIdentifier\":"
        "\"00000000-0000-4000-8000-000000000000\",\"principalIdentifier\":"
        "\"c0ffee\",\"clientInitiatedDisconnect\":false,"
        "\"disconnectReason\":\"MQTT_KEEP_ALIVE_TIMEOUT\","
        "\"versionNumber\":0}\n");
}

static void only_the_clients_own_disconnect_is_client_initiated(void **state)
{
    struct stage *stage = *state;

    for (enum presence_reason r = PRESENCE_CLIENT_INITIATED;
         r <= PRESENCE_THROTTLED; r++) {
        char expected[100];

        connect_with(stage, &first_wire);
        world_forget(&stage->world);
        leave(stage, &first_wire, r);
        (void)snprintf(expected, sizeof(expected),
            "\"clientInitiatedDisconnect\":%s,\"disconnectReason\":\"%s\"",
            r == PRESENCE_CLIENT_INITIATED ? "true" : "false",
            presence_reason_name(r));
        assert_int_equal(times(stage, expected), 1);
    }
}

/* [22] */
static void a_second_connection_takes_over_in_the_order_of_time(void **state)
{
    struct stage *stage = *state;
    const char *gone, *back;

    connect_with(stage, &first_wire);
    world_forget(&stage->world);
    arrive(stage, &second_wire);
    leave(stage, &first_wire, PRESENCE_DUPLICATE_CLIENTID);
    presence_tick(stage->presence);
    gone = strstr(stage->world.said, "DUPLICATE_CLIENTID");
    back = strstr(stage->world.said, "\"eventType\":\"connected\"");
    assert_non_null(gone);
    assert_non_null(back);
    assert_true(gone < back);
    assert_non_null(strstr(gone, "\"versionNumber\":0}"));
    assert_non_null(strstr(back, "\"versionNumber\":1}"));
    world_forget(&stage->world);
    leave(stage, &first_wire, PRESENCE_CONNECTION_LOST); /* late, the old one */
    assert_string_equal(stage->world.said, "");
    leave(stage, &second_wire, PRESENCE_CLIENT_INITIATED);
    assert_int_equal(times(stage, "\"versionNumber\":1}"), 1);
}

static void a_takeover_the_broker_does_not_tell_of_is_one_still(void **state)
{
    struct stage *stage = *state;

    connect_with(stage, &first_wire);
    world_forget(&stage->world);
    connect_with(stage, &second_wire);
    assert_int_equal(times(stage, "DUPLICATE_CLIENTID"), 1);
    assert_int_equal(times(stage, "\"eventType\":\"connected\""), 1);
}

static void being_looked_at_again_is_no_event(void **state)
{
    struct stage *stage = *state;

    connect_with(stage, &first_wire);
    world_forget(&stage->world);
    connect_with(stage, &first_wire);
    assert_string_equal(stage->world.said, "");
}

static void a_connection_that_ends_at_once_came_and_went(void **state)
{
    struct stage *stage = *state;

    arrive(stage, &first_wire);
    leave(stage, &first_wire, PRESENCE_CONNECTION_LOST);
    assert_int_equal(times(stage, "\"eventType\":\"connected\""), 1);
    assert_int_equal(times(stage, "CONNECTION_LOST"), 1);
    world_forget(&stage->world);
    presence_tick(stage->presence);
    assert_string_equal(stage->world.said, "");
}

static void whoever_never_arrived_does_not_leave(void **state)
{
    struct stage *stage = *state;

    leave(stage, &first_wire, PRESENCE_CONNECTION_LOST);
    connect_with(stage, &first_wire);
    world_forget(&stage->world);
    /* A stranger with the same id, refused, is no concern of the client's. */
    leave(stage, &second_wire, PRESENCE_AUTH_ERROR);
    assert_string_equal(stage->world.said, "");
}

static void the_version_begins_anew_after_an_hour_offline(void **state)
{
    struct stage *stage = *state;

    connect_with(stage, &first_wire);
    leave(stage, &first_wire, PRESENCE_CLIENT_INITIATED);
    stage->world.now_ms += 3600 * 1000 - 1;
    connect_with(stage, &first_wire);
    assert_int_equal(times(stage, "\"versionNumber\":1}"), 1);
    leave(stage, &first_wire, PRESENCE_CLIENT_INITIATED);
    stage->world.now_ms += 3600 * 1000;
    world_forget(&stage->world);
    connect_with(stage, &first_wire);
    assert_int_equal(times(stage, "\"versionNumber\":0}"), 1);
}

static void a_kick_waits_for_the_tick_and_has_its_reason(void **state)
{
    struct stage *stage = *state;

    assert_false(presence_kick(stage->presence, THING, PRESENCE_API_INITIATED));
    connect_with(stage, &first_wire);
    world_forget(&stage->world);
    assert_true(presence_kick(stage->presence, THING, PRESENCE_AUTH_ERROR));
    assert_true(
        presence_kick(stage->presence, THING, PRESENCE_FORBIDDEN_ACCESS));
    assert_string_equal(stage->world.kicked, "");
    /* The broker closes it while it is told to: see world_kick. */
    presence_leave(stage->presence, THING, &first_wire, PRESENCE_API_INITIATED);
    assert_int_equal(times(stage, "FORBIDDEN_ACCESS"), 1);
    presence_tick(stage->presence);
    assert_string_equal(stage->world.kicked, "");
}

static void a_kick_is_carried_out_once(void **state)
{
    struct stage *stage = *state;

    connect_with(stage, &first_wire);
    assert_true(presence_kick(stage->presence, THING, PRESENCE_AUTH_ERROR));
    presence_tick(stage->presence);
    presence_tick(stage->presence);
    assert_string_equal(stage->world.kicked, THING " ");
}

static void who_is_turned_away_never_came_and_is_kicked_once(void **state)
{
    struct stage *stage = *state;

    assert_false(presence_turn_away(stage->presence, THING));
    arrive(stage, &first_wire);
    assert_true(presence_has(stage->presence, THING, &first_wire));
    assert_true(presence_turn_away(stage->presence, THING));
    assert_false(presence_has(stage->presence, THING, &first_wire));
    assert_int_equal(times(stage, "connect_failed"), 2); /* topic, eventType */
    presence_tick(stage->presence);
    presence_tick(stage->presence);
    leave(stage, &first_wire, PRESENCE_API_INITIATED);
    assert_string_equal(stage->world.kicked, THING " ");
    assert_null(strstr(stage->world.said, "connected"));
    assert_false(presence_is_here(stage->presence, THING));
}

static void who_was_turned_away_and_left_or_came_again_is_not_kicked(
    void **state)
{
    struct stage *stage = *state;

    arrive(stage, &first_wire);
    assert_true(presence_turn_away(stage->presence, THING));
    leave(stage, &first_wire, PRESENCE_CONNECTION_LOST);
    presence_tick(stage->presence);
    arrive(stage, &first_wire);
    assert_true(presence_turn_away(stage->presence, THING));
    connect_with(stage, &second_wire);
    assert_string_equal(stage->world.kicked, "");
    assert_true(presence_is_here(stage->presence, THING));
}

static void a_client_is_here_from_its_arrival_to_its_end(void **state)
{
    struct stage *stage = *state;

    assert_false(presence_is_here(stage->presence, THING));
    assert_false(presence_has(stage->presence, THING, &first_wire));
    arrive(stage, &first_wire);
    assert_false(presence_is_here(stage->presence, THING));
    presence_tick(stage->presence);
    assert_true(presence_is_here(stage->presence, THING));
    assert_true(presence_has(stage->presence, THING, &first_wire));
    assert_false(presence_has(stage->presence, THING, &second_wire));
    leave(stage, &first_wire, PRESENCE_CONNECTION_LOST);
    assert_false(presence_is_here(stage->presence, THING));
    assert_false(presence_has(stage->presence, THING, &first_wire));
}

/* [23] */
static void a_revoked_certificate_ends_only_its_own_connection(void **state)
{
    struct stage *stage = *state;

    presence_revoke(stage->presence, THING, "c0ffee"); /* nobody there */
    connect_with(stage, &first_wire);
    presence_revoke(stage->presence, THING, "another");
    presence_tick(stage->presence);
    assert_string_equal(stage->world.kicked, "");
    presence_revoke(stage->presence, THING, "c0ffee");
    presence_tick(stage->presence);
    assert_string_equal(stage->world.kicked, THING " ");
}

static void a_connection_revoked_before_it_was_complete_ends_too(void **state)
{
    struct stage *stage = *state;

    arrive(stage, &first_wire);
    presence_revoke(stage->presence, THING, "c0ffee");
    presence_tick(stage->presence);
    assert_string_equal(stage->world.kicked, THING " ");
}

static void a_refused_attempt_is_announced_but_not_under_any_id(void **state)
{
    static const char *const bad[] = {"", "a#", "a+", "a/b"};
    struct stage *stage = *state;
    struct presence_arrival arrival = {"who", "c0ffee", "192.0.2.7", NULL};

    presence_refused(stage->presence, &arrival);
    assert_string_equal(stage->world.said,
        "$aws/events/presence/connect_failed/who {\"clientId\":\"who\","
        "\"timestamp\":1591142747000,\"eventType\":\"connect_failed\","
        "\"connectFailureReason\":\"AUTHORIZATION_FAILED\","
        "\"principalIdentifier\":\"c0ffee\",\"sessionIdentifier\":"
        "\"00000000-0000-4000-8000-000000000000\","
        "\"ipAddress\":\"192.0.2.7\"}\n");
    world_forget(&stage->world);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        arrival.client = bad[i];
        presence_refused(stage->presence, &arrival);
    }
    assert_string_equal(stage->world.said, "");
}

static void subscriptions_are_announced(void **state)
{
    struct stage *stage = *state;

    presence_subscribed(stage->presence, "stranger", "a/b", true);
    assert_string_equal(stage->world.said, "");
    connect_with(stage, &first_wire);
    world_forget(&stage->world);
    presence_subscribed(stage->presence, THING, "a/b", true);
    presence_subscribed(stage->presence, THING, "a/b", false);
    assert_int_equal(
        times(stage, "$aws/events/subscriptions/subscribed/" THING " "), 1);
    assert_int_equal(
        times(stage, "$aws/events/subscriptions/unsubscribed/" THING " "), 1);
    assert_int_equal(times(stage, "\"topics\":[\"a/b\"]}"), 2);
}

static void after_a_restart_nobody_is_connected(void **state)
{
    struct stage *stage = malloc(sizeof(*stage));
    struct store_presence record;
    struct folder folder = {{0}};
    char database[500];

    (void)state;
    assert_non_null(stage);
    assert_int_equal(folder_make(&folder), 0);
    (void)snprintf(database, sizeof(database), "%s/cloud.db", folder.path);
    world_begin(&stage->world);
    stage_open(stage, database);
    connect_with(stage, &first_wire);
    assert_int_equal(store_get_presence(stage->store, THING, &record), ERR_OK);
    assert_true(record.connected);
    stage_close(stage);

    stage_open(stage, database);
    assert_int_equal(store_get_presence(stage->store, THING, &record), ERR_OK);
    assert_false(record.connected);
    assert_string_equal(record.reason, "SERVER_INITIATED_DISCONNECT");
    world_forget(&stage->world);
    connect_with(stage, &first_wire);
    assert_int_equal(times(stage, "\"versionNumber\":1}"), 1);
    stage_close(stage);
    folder_remove(&folder);
    free(stage);
}

static void count_value(void *context, void *value)
{
    (void)value;
    ++*(int *)context;
}

static void a_table_finds_thousands_of_names(void **state)
{
    struct table *table = table_new(free);
    int count = 0;
    char name[20];

    (void)state;
    for (int i = 0; i < 5000; i++) {
        int *value = malloc(sizeof(*value));

        assert_non_null(value);
        *value = i;
        (void)snprintf(name, sizeof(name), "name-%d", i);
        assert_true(table_add(table, name, value));
    }
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof(name), "name-%d", i);
        assert_int_equal(*(int *)table_get(table, name), i);
    }
    assert_null(table_get(table, "name-5000"));
    table_each(table, count_value, &count);
    assert_int_equal(count, 5000);
    table_free(table);
    table_free(NULL);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_connection_is_announced_when_it_is_complete),
        T(a_disconnection_names_its_reason_and_its_session),
        T(only_the_clients_own_disconnect_is_client_initiated),
        T(a_second_connection_takes_over_in_the_order_of_time),
        T(a_takeover_the_broker_does_not_tell_of_is_one_still),
        T(being_looked_at_again_is_no_event),
        T(a_connection_that_ends_at_once_came_and_went),
        T(whoever_never_arrived_does_not_leave),
        T(the_version_begins_anew_after_an_hour_offline),
        T(a_kick_waits_for_the_tick_and_has_its_reason),
        T(a_kick_is_carried_out_once),
        T(who_is_turned_away_never_came_and_is_kicked_once),
        T(who_was_turned_away_and_left_or_came_again_is_not_kicked),
        T(a_client_is_here_from_its_arrival_to_its_end),
        T(a_revoked_certificate_ends_only_its_own_connection),
        T(a_connection_revoked_before_it_was_complete_ends_too),
        T(a_refused_attempt_is_announced_but_not_under_any_id),
        T(subscriptions_are_announced),
        cmocka_unit_test(after_a_restart_nobody_is_connected),
        cmocka_unit_test(a_table_finds_thousands_of_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
