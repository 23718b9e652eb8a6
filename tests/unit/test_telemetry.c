/* What device/telemetry sends, and when. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "device/telemetry.h"
#include "fake_session.h"
#include "loop_wait.h"
#include "ports/port.h"

struct world {
    struct loop *loop;
    struct session *session;
    struct telemetry *telemetry;
    int stored, refused;
};

static int start(struct world *w, uint64_t interval_ms)
{
    return telemetry_new(&(struct telemetry_options){.session = w->session,
                             .loop = w->loop,
                             .thing = "acme:t:1",
                             .disk_folder = "/",
                             .interval_ms = interval_ms},
               &w->telemetry) != ERR_OK;
}

static int set_up(void **state)
{
    static struct world world;

    world = (struct world){.loop = loop_new(), .session = fake_session_new()};
    *state = &world;
    return start(&world, 0);
}

static int tear_down(void **state)
{
    struct world *w = *state;

    telemetry_free(w->telemetry);
    fake_session_free(w->session);
    loop_free(w->loop);
    return 0;
}

static struct json *parse(const char *text)
{
    static const struct json_limits limits = {1000000, 20};
    struct json *value = NULL;

    if (json_parse(text, strlen(text), limits, &value) != ERR_OK)
        fail_msg("malformed: %s", text);
    return value;
}

static void on_stored(void *context, bool stored)
{
    struct world *w = context;

    w->stored += stored;
    w->refused += !stored;
}

static enum err emit(struct world *w, const char *stream, const char *data)
{
    struct json *value = parse(data);
    enum err e = telemetry_emit(w->telemetry,
        &(struct telemetry_emission){.stream = stream,
            .data = value,
            .stored = on_stored,
            .context = w});

    json_free(value);
    return e;
}

static void assert_figures(const struct fake_letter *letter)
{
    static const char *const names[] = {"ts", "seq", "outbox_messages",
        "memory_percent", "memory_used_bytes", "disk_percent",
        "disk_free_bytes", "uptime_s", "agent_rss_bytes"};
    struct json *value = parse(letter->payload);

    assert_string_equal(letter->topic, "nameplate/acme:t:1/telemetry");
    assert_true(letter->kept);
    assert_false(letter->retain);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!json_is_number(json_get(value, names[i])))
            fail_msg("no %s in %s", names[i], letter->payload);
    assert_true(json_number(json_get(value, "outbox_messages")) == 3);
    json_free(value);
}

static void figures_come_soon_and_then_at_each_interval(void **state)
{
    struct world *w = *state;

    telemetry_free(w->telemetry);
    assert_int_equal(start(w, 50), 0);
    assert_int_equal(fake_session_count(w->session), 0);
    loop_wait(w->loop, 220);
    assert_in_range(fake_session_count(w->session), 2, 4);
    assert_figures(fake_session_letter(w->session, 0));
    assert_figures(fake_session_letter(w->session, 1));
}

static void the_first_figures_do_not_wait_for_a_long_interval(void **state)
{
    struct world *w = *state;

    telemetry_free(w->telemetry);
    assert_int_equal(start(w, 3600000), 0);
    loop_wait(w->loop, 2200);
    assert_int_equal(fake_session_count(w->session), 1);
}

static void rates_are_told_from_the_first_figures_on(void **state)
{
    struct world *w = *state;
    struct json *value;

    telemetry_free(w->telemetry);
    assert_int_equal(start(w, 200), 0);
    loop_wait(w->loop, 250);
    value = parse(fake_session_letter(w->session, 0)->payload);
    assert_true(json_is_number(json_get(value, "cpu_percent")));
    json_free(value);
}

static void no_interval_means_no_figures(void **state)
{
    struct world *w = *state;

    loop_wait(w->loop, 100);
    assert_int_equal(fake_session_count(w->session), 0);
}

static void figures_the_disk_refused_do_not_stop_the_next_ones(void **state)
{
    struct world *w = *state;

    telemetry_free(w->telemetry);
    fake_session_refuse(w->session, ERR_IO);
    assert_int_equal(start(w, 30), 0);
    loop_wait(w->loop, 100);
    assert_int_equal(fake_session_count(w->session), 0);
    fake_session_refuse(w->session, ERR_OK);
    loop_wait(w->loop, 100);
    assert_true(fake_session_count(w->session) > 0);
}

static void an_emission_has_time_sequence_and_data(void **state)
{
    struct world *w = *state;
    int64_t now = port_wall_ms(), ts;
    const struct fake_letter *letter;
    struct json *value;

    assert_int_equal(emit(w, "door", "{\"open\":true}"), ERR_OK);
    letter = fake_session_last(w->session);
    assert_string_equal(letter->topic, "nameplate/acme:t:1/stream/door");
    assert_true(letter->kept);
    value = parse(letter->payload);
    assert_int_equal(json_count(value), 3);
    assert_true(json_number(json_get(value, "seq")) == 1000);
    assert_true(json_is_true(json_get(json_get(value, "data"), "open")));
    assert_true(json_whole(json_get(value, "ts"), now, now + 10000, &ts));
    json_free(value);
    fake_session_commit(w->session, true);
    assert_int_equal(w->stored, 1);
}

static void any_json_can_be_emitted(void **state)
{
    static const char *const values[] = {
        "1.5", "\"x\"", "null", "[1,null]", "{}", "false"};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char end[50];
        const char *text;

        assert_int_equal(emit(w, "s", values[i]), ERR_OK);
        text = fake_session_last(w->session)->payload;
        (void)snprintf(end, sizeof(end), "\"data\":%s}", values[i]);
        assert_string_equal(text + strlen(text) - strlen(end), end);
    }
    assert_int_equal(telemetry_emit(w->telemetry,
                         &(struct telemetry_emission){.stream = "s"}),
        ERR_INVALID);
}

#define SIXTEEN "0123456789abcdef"
#define LONGEST SIXTEEN SIXTEEN SIXTEEN SIXTEEN

static void only_a_streams_name_is_a_streams_name(void **state)
{
    static const char longest[] = LONGEST;
    static const char too_long[] = LONGEST "x";
    static const char *const bad[] = {"", "a/b", "a b", "#", "+", "a#", "..",
        "caf\xc3\xa9", "a\n", "$aws", too_long};
    struct world *w = *state;

    assert_int_equal(emit(w, "aZ09_-", "1"), ERR_OK);
    assert_int_equal(emit(w, longest, "1"), ERR_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (emit(w, bad[i], "1") != ERR_INVALID)
            fail_msg("accepted: %s", bad[i]);
    assert_int_equal(fake_session_count(w->session), 2);
}

static void what_no_message_can_hold_is_too_big(void **state)
{
    struct world *w = *state;
    size_t len = 128 * 1024;
    char *text = malloc(len + 1);

    assert_non_null(text);
    (void)snprintf(text, len + 1, "\"%0*d\"", (int)len - 2, 0);
    assert_int_equal(emit(w, "s", text), ERR_TOO_BIG);
    text[len - 100] = '"';
    text[len - 99] = '\0';
    assert_int_equal(emit(w, "s", text), ERR_OK);
    free(text);
}

static void an_emission_the_disk_refused_says_so(void **state)
{
    struct world *w = *state;

    fake_session_refuse(w->session, ERR_IO);
    assert_int_equal(emit(w, "s", "1"), ERR_IO);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(figures_come_soon_and_then_at_each_interval),
        TEST(the_first_figures_do_not_wait_for_a_long_interval),
        TEST(rates_are_told_from_the_first_figures_on),
        TEST(no_interval_means_no_figures),
        TEST(figures_the_disk_refused_do_not_stop_the_next_ones),
        TEST(an_emission_has_time_sequence_and_data),
        TEST(any_json_can_be_emitted),
        TEST(only_a_streams_name_is_a_streams_name),
        TEST(what_no_message_can_hold_is_too_big),
        TEST(an_emission_the_disk_refused_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
