/* What cloudd/devices, cloudd/settings and cloudd/path promise. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/devices.h"
#include "cloudd/path.h"
#include "cloudd/settings.h"
#include "cmocka_all.h"

struct world {
    struct devices *devices;
    int changes;
    enum status_state before, after;
};

static void on_change(
    void *context, const struct device *device, enum status_state before)
{
    struct world *w = context;

    w->changes++;
    w->before = before;
    w->after = device_status(device)->state;
}

static int set_up(void **state)
{
    static struct world world;

    world = (struct world){0};
    world.devices = devices_new(180000, on_change, &world);
    *state = &world;
    return world.devices == NULL;
}

static int tear_down(void **state)
{
    devices_free(((struct world *)*state)->devices);
    return 0;
}

static struct json *parse(const char *text)
{
    struct json *json = NULL;

    assert_int_equal(
        json_parse(text, strlen(text), (struct json_limits){100000, 10}, &json),
        ERR_OK);
    return json;
}

static bool put(struct world *w, const char *text, int64_t now_ms)
{
    struct json *thing = parse(text);
    bool is_new = false;

    assert_int_equal(devices_put(w->devices, thing, now_ms, &is_new), ERR_OK);
    json_free(thing);
    return is_new;
}

static void presence(struct world *w, const char *text, int64_t now_ms)
{
    struct json *event = parse(text);

    devices_presence(w->devices, devices_find(w->devices, "t1"), event, now_ms);
    json_free(event);
}

static enum status_state shown(struct world *w)
{
    return device_status(devices_find(w->devices, "t1"))->state;
}

#define ACTIVE  "\"certificates\":[{\"status\":\"ACTIVE\"}]"
#define REVOKED "\"certificates\":[{\"status\":\"REVOKED\"}]"

static void a_thing_without_a_name_is_refused(void **state)
{
    struct world *w = *state;
    struct json *thing = parse("{\"vendor\":\"Acme\"}");
    bool is_new;

    assert_int_equal(devices_put(w->devices, thing, 1, &is_new), ERR_INVALID);
    json_free(thing);
}

static void a_device_is_new_once(void **state)
{
    assert_true(put(*state, "{\"thingName\":\"t1\"," ACTIVE "}", 1));
    assert_false(put(*state, "{\"thingName\":\"t1\"," ACTIVE "}", 2));
    assert_true(put(*state, "{\"thingName\":\"t2\"," ACTIVE "}", 3));
    assert_int_equal(((struct world *)*state)->changes, 0);
    assert_int_equal(shown(*state), STATUS_NEVER);
}

static void a_device_met_connected_is_online_since_then(void **state)
{
    (void)put(*state,
        "{\"thingName\":\"t1\"," ACTIVE ",\"presence\":{\"connected\":true,"
        "\"since\":5000}}",
        6000);
    assert_int_equal(shown(*state), STATUS_ONLINE);
    assert_int_equal(
        device_status(devices_find(((struct world *)*state)->devices, "t1"))
            ->since_ms,
        5000);
}

static void presence_events_change_what_is_shown_after_the_debounce(
    void **state)
{
    struct world *w = *state;

    (void)put(w, "{\"thingName\":\"t1\"," ACTIVE "}", 1);
    presence(w,
        "{\"eventType\":\"connected\",\"timestamp\":1000,"
        "\"versionNumber\":1}",
        1000);
    assert_int_equal(w->changes, 1);
    assert_int_equal(w->after, STATUS_ONLINE);
    presence(w,
        "{\"eventType\":\"disconnected\",\"timestamp\":2000,"
        "\"versionNumber\":1,\"disconnectReason\":\"CONNECTION_LOST\"}",
        2000);
    assert_int_equal(w->changes, 1);
    assert_int_equal(devices_due(w->devices), 12000);
    devices_tick(w->devices, 12000);
    assert_int_equal(w->changes, 2);
    assert_int_equal(w->before, STATUS_ONLINE);
    assert_int_equal(w->after, STATUS_OFFLINE);
    assert_int_equal(devices_due(w->devices), -1);
}

/* AWS: presence events may come out of order. */
static void the_end_of_an_older_connection_is_no_news(void **state)
{
    struct world *w = *state;

    (void)put(w, "{\"thingName\":\"t1\"," ACTIVE "}", 1);
    presence(w,
        "{\"eventType\":\"connected\",\"timestamp\":1000,"
        "\"versionNumber\":2}",
        1000);
    presence(w,
        "{\"eventType\":\"disconnected\",\"timestamp\":1001,"
        "\"versionNumber\":1}",
        1001);
    devices_tick(w->devices, 20000);
    assert_int_equal(shown(w), STATUS_ONLINE);
    presence(w, "{\"timestamp\":1001}", 20000);
    assert_int_equal(shown(w), STATUS_ONLINE);
}

static void without_an_accepted_certificate_a_device_is_blocked(void **state)
{
    struct world *w = *state;

    (void)put(w,
        "{\"thingName\":\"t1\"," ACTIVE ",\"presence\":{\"connected\":true,"
        "\"since\":5000}}",
        6000);
    (void)put(w, "{\"thingName\":\"t1\"," REVOKED "}", 7000);
    assert_int_equal(shown(w), STATUS_BLOCKED);
    (void)put(w, "{\"thingName\":\"t1\"," ACTIVE "}", 8000);
    assert_int_equal(shown(w), STATUS_ONLINE);
}

static void one_accepted_certificate_is_enough(void **state)
{
    (void)put(*state,
        "{\"thingName\":\"t1\",\"certificates\":[{\"status\":\"REVOKED\","
        "\"certificateId\":\"old\"},{\"status\":\"ACTIVE\","
        "\"certificateId\":\"new\"}]}",
        1);
    assert_int_equal(shown(*state), STATUS_NEVER);
    assert_string_equal(device_certificate(devices_find(
                            ((struct world *)*state)->devices, "t1")),
        "new");
}

static void a_device_as_json_is_what_the_protocol_says(void **state)
{
    struct world *w = *state;
    struct device *d;
    struct json *got, *expected;
    int64_t begin_s, end_s;

    (void)put(w,
        "{\"thingName\":\"t1\",\"vendor\":\"Acme\",\"model\":\"M\","
        "\"serial\":\"S\",\"registeredAt\":77,\"certificates\":[{"
        "\"status\":\"ACTIVE\",\"certificateId\":\"ci\",\"keySha256\":\"ks\","
        "\"issuer\":\"is\",\"notBefore\":1,\"notAfter\":2,"
        "\"chain\":[\"a\"]}],\"presence\":{\"connected\":false,\"since\":5,"
        "\"disconnectReason\":\"CONNECTION_LOST\"},"
        "\"alarms\":[{\"kind\":\"two_keys\"}]}",
        20000);
    d = devices_find(w->devices, "t1");
    assert_non_null(device_find_certificate(d, "ci"));
    assert_null(device_find_certificate(d, "c"));
    devices_set_td(d, parse("{\"title\":\"Hall\"}"));
    devices_set_td(d, parse("{\"title\":\"Kitchen\"}"));
    devices_set_agent(d, "0.1.0");
    devices_set_enrolment(d, parse("{\"state\":\"waiting\"}"));
    devices_set_enrolment(d, parse("{\"state\":\"idle\"}"));
    got = device_json(d, true);
    expected = parse(
        "{\"thingName\":\"t1\",\"vendor\":\"Acme\",\"model\":\"M\","
        "\"serial\":\"S\",\"title\":\"Kitchen\",\"status\":{\"state\":"
        "\"offline\",\"since\":5,\"text\":\"the connection broke off\","
        "\"reason\":\"CONNECTION_LOST\",\"lastHeard\":0},\"identity\":{"
        "\"fingerprint\":\"ks\",\"certificateId\":\"ci\","
        "\"certificateStatus\":\"ACTIVE\",\"issuer\":\"is\",\"chain\":[\"a\"],"
        "\"notBefore\":1,\"notAfter\":2,\"firstSeen\":77,\"agent\":\"0.1.0\"},"
        "\"certificates\":[{\"status\":\"ACTIVE\","
        "\"certificateId\":\"ci\",\"keySha256\":\"ks\",\"issuer\":\"is\","
        "\"notBefore\":1,\"notAfter\":2,\"chain\":[\"a\"]}],"
        "\"alarms\":[{\"kind\":\"two_keys\"}],"
        "\"enrolment\":{\"state\":\"idle\"},"
        "\"td\":{\"title\":\"Kitchen\"}}");
    assert_true(json_equal(got, expected));
    json_free(got);
    json_free(expected);
    got = device_json(d, false);
    assert_null(json_get(got, "identity"));
    json_free(got);
    assert_ptr_equal(devices_first(w->devices), d);
    assert_null(device_next(d));
    device_validity(d, &begin_s, &end_s);
    assert_true(begin_s == 1 && end_s == 2);
}

static void the_certificate_in_use_is_the_accepted_one_shown_last(void **state)
{
    static const struct {
        const char *thing;
        int64_t end_s;
    } table[] = {
#define ONE(status, seen, end)                                                 \
    "{\"status\":\"" status "\",\"lastSeenAt\":" #seen ",\"notBefore\":1,"     \
    "\"notAfter\":" #end "}"
        {ONE("ACTIVE",          5,                      10) "," ONE("ACTIVE", 9, 20), 20},
        {ONE("ACTIVE",                    9,                                       10) "," ONE("ACTIVE", 5, 20), 10},
        {ONE("ACTIVE",                     5,                                10) "," ONE("REVOKED", 9, 20), 10},
        {ONE("REVOKED", 9,10) "," ONE("ACTIVE", 5, 20), 20},
        {ONE("REVOKED",                   9,                                         10), 10},
        {"{\"status\":\"ACTIVE\"}",0},
#undef ONE
    };
    struct world *w = *state;
    char text[400];
    int64_t begin_s, end_s;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        (void)snprintf(text, sizeof(text),
            "{\"thingName\":\"t1\",\"certificates\":[%s]}", table[i].thing);
        (void)put(w, text, 1);
        device_validity(devices_find(w->devices, "t1"), &begin_s, &end_s);
        assert_int_equal(end_s, table[i].end_s);
    }
}

/* --- settings ------------------------------------------------------------- */

static void what_changed_is(
    struct json *(*changes)(const struct json *, const struct json *),
    const char *before, const char *after, const char *expected)
{
    struct json *a = parse(before), *b = parse(after);
    struct json *got = changes(a, b), *wanted = parse(expected);

    if (json_is_null(wanted))
        assert_null(got);
    else
        assert_true(json_equal(got, wanted));
    json_free(a);
    json_free(b);
    json_free(got);
    json_free(wanted);
}

static void asked_for_is_what_changed_among_the_wishes(void **state)
{
    (void)state;
    what_changed_is(settings_asked, "{}", "{\"a\":1}", "{\"a\":1}");
    what_changed_is(
        settings_asked, "{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":3}", "{\"b\":3}");
    what_changed_is(settings_asked, "{\"a\":1}", "{}", "{\"a\":null}");
    what_changed_is(settings_asked, "{\"a\":1}", "{\"a\":1.0}", "null");
}

static void applied_is_a_wish_that_has_come_true(void **state)
{
    (void)state;
    what_changed_is(settings_applied,
        "{\"desired\":{\"a\":1,\"b\":2},\"reported\":{\"a\":0}}",
        "{\"desired\":{\"a\":1,\"b\":2},\"reported\":{\"a\":1}}", "{\"a\":1}");
    what_changed_is(settings_applied,
        "{\"desired\":{\"a\":1},\"reported\":{\"a\":1}}",
        "{\"desired\":{\"a\":1},\"reported\":{\"a\":1,\"b\":2}}", "null");
    what_changed_is(settings_applied, "{\"reported\":{\"a\":0}}",
        "{\"reported\":{\"a\":1}}", "null");
}

static void the_device_spoke_only_if_what_it_reports_changed(void **state)
{
    struct json *wish =
        parse("{\"previous\":{\"state\":{\"reported\":{\"a\":1}}},"
              "\"current\":{\"state\":{\"desired\":{\"a\":2},"
              "\"reported\":{\"a\":1}}}}");
    struct json *report = parse(
        "{\"previous\":{},\"current\":{\"state\":{\"reported\":{\"a\":1}}}}");

    (void)state;
    assert_false(settings_reported(wish));
    assert_true(settings_reported(report));
    json_free(wish);
    json_free(report);
}

/* --- path ----------------------------------------------------------------- */

static void a_pattern_takes_exactly_its_levels(void **state)
{
    struct path_parts parts;
    char endless[400] = "a/";

    (void)state;
    assert_true(path_match("/api/things/a:b", "/api/things/+", &parts));
    assert_string_equal(parts.part[0], "a:b");
    assert_true(path_match("n/t1/stream/x", "n/+/stream/+", &parts));
    assert_string_equal(parts.part[0], "t1");
    assert_string_equal(parts.part[1], "x");
    assert_false(path_match("/api/things/", "/api/things/+", &parts));
    assert_false(path_match("/api/things/a/b", "/api/things/+", &parts));
    assert_false(path_match("/api/thing", "/api/things", &parts));
    assert_false(path_match("/api/things/", "/api/things", &parts));
    assert_false(path_match("a/b/c", "+/+/+", &parts));
    memset(endless + 2, 'x', 300);
    assert_false(path_match(endless, "a/+", &parts));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_thing_without_a_name_is_refused),
        TEST(a_device_is_new_once),
        TEST(a_device_met_connected_is_online_since_then),
        TEST(presence_events_change_what_is_shown_after_the_debounce),
        TEST(the_end_of_an_older_connection_is_no_news),
        TEST(without_an_accepted_certificate_a_device_is_blocked),
        TEST(one_accepted_certificate_is_enough),
        TEST(a_device_as_json_is_what_the_protocol_says),
        TEST(the_certificate_in_use_is_the_accepted_one_shown_last),
        cmocka_unit_test(asked_for_is_what_changed_among_the_wishes),
        cmocka_unit_test(applied_is_a_wish_that_has_come_true),
        cmocka_unit_test(the_device_spoke_only_if_what_it_reports_changed),
        cmocka_unit_test(a_pattern_takes_exactly_its_levels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
