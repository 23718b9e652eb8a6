/* What a session does next, why it is offline, and where messages go. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud/filters.h"
#include "cloud/session_state.h"
#include "cloud/verdict.h"
#include "cloud/version.h"
#include "cmocka_all.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Rows: states; columns: TIMER CONNECTED FRESH SUBSCRIBED ENDED MOVED CLOSE. */
#define W      SESSION_WAITING
#define C      SESSION_CONNECTING
#define S      SESSION_SUBSCRIBING
#define O      SESSION_ONLINE
#define L      SESSION_LEAVING
#define G      SESSION_CLOSING
#define X      SESSION_CLOSED
#define STATES 7
#define EVENTS 7
static const enum session_state table[STATES][EVENTS] = {
    {C, W, W, W, W, C, X},
    {C, O, S, C, W, C, X},
    {S, S, S, O, W, C, L},
    {O, O, O, O, W, C, L},
    {G, L, L, L, X, L, L},
    {X, G, G, G, X, G, G},
    {X, X, X, X, X, X, X},
};

static void every_transition_is_as_specified(void **state)
{
    (void)state;
    for (int s = 0; s < STATES; s++)
        for (int e = 0; e < EVENTS; e++)
            if (session_state_next((enum session_state)s,
                    (enum session_event)e) != table[s][e])
                fail_msg("%s, event %d",
                    session_state_name((enum session_state)s), e);
}

static void filters_match_as_mqtt_says(void **state)
{
    static const struct {
        const char *filter, *topic;
        bool match;
    } rows[] = {
        {"a/b",               "a/b",                    true },
        {"a/b",               "a/b/c",                  false},
        {"a/b/c",             "a/b",                    false},
        {"a/+",               "a/b",                    true },
        {"a/+",               "a/",                     true },
        {"a/+",               "a",                      false},
        {"a/#",               "a/b/c",                  true },
        {"a/#",               "a",                      true },
        {"a/#",               "ab",                     false},
        {"+/b",               "a/b",                    true },
        {"#",                 "$aws/x",                 false},
        {"+/x",               "$aws/x",                 false},
        {"$aws/things/t/+/d", "$aws/things/t/shadow/d", true },
        {"$aws/+/x",          "$aws/y/x",               true },
        {"/a",                "/a",                     true },
        {"+/a",               "/a",                     true },
        {"a",                 "/a",                     false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (filters_match(rows[i].filter, rows[i].topic) != rows[i].match)
            fail_msg("%s against %s", rows[i].filter, rows[i].topic);
}

static void count_call(void *context, const struct session_message *message)
{
    (void)message;
    ++*(int *)context;
}

static void what_is_not_a_filter_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "a#", "a/#/b", "#/a", "a+", "+a", "a/b+/c"};
    struct filters filters = {.count = 0};
    char longest[258];

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(
            filters_add(&filters, bad[i], count_call, NULL), ERR_INVALID);
    memset(longest, 'x', sizeof(longest));
    longest[257] = '\0';
    assert_int_equal(
        filters_add(&filters, longest, count_call, NULL), ERR_INVALID);
    for (int i = 0; i < FILTERS_MAX; i++)
        assert_int_equal(filters_add(&filters, "a", count_call, NULL), ERR_OK);
    assert_int_equal(filters_add(&filters, "a", count_call, NULL), ERR_TOO_BIG);
    filters_clear(&filters);
}

static void a_message_goes_to_each_who_wants_it(void **state)
{
    struct filters filters = {.count = 0};
    const struct session_message message = {"a/b", "", 0, false};
    int one = 0, two = 0, three = 0;

    (void)state;
    assert_int_equal(filters_add(&filters, "a/b", count_call, &one), ERR_OK);
    assert_int_equal(filters_add(&filters, "a/+", count_call, &two), ERR_OK);
    assert_int_equal(filters_add(&filters, "c", count_call, &three), ERR_OK);
    assert_true(filters_route(&filters, &message));
    assert_int_equal(one, 1);
    assert_int_equal(two, 1);
    assert_int_equal(three, 0);
    filters_clear(&filters);
    assert_false(filters_route(&filters, &message));
}

static void only_the_same_filters_are_remembered(void **state)
{
    char path[] = "/tmp/filters-XXXXXX";
    struct filters filters = {.count = 0};
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(filters_add(&filters, "a", count_call, NULL), ERR_OK);
    assert_false(filters_are_remembered(&filters, path));
    filters_remember(&filters, path);
    assert_true(filters_are_remembered(&filters, path));
    assert_int_equal(filters_add(&filters, "b", count_call, NULL), ERR_OK);
    assert_false(filters_are_remembered(&filters, path));
    filters_remember(&filters, path);
    filters.broker = "a.example"; /* another one's session */
    assert_false(filters_are_remembered(&filters, path));
    filters_remember(&filters, path);
    assert_true(filters_are_remembered(&filters, path));
    filters.broker = "b.example";
    assert_false(filters_are_remembered(&filters, path));
    filters_forget(path);
    assert_false(filters_are_remembered(&filters, path));
    filters_clear(&filters);
}

static struct verdict judge(
    enum link_reason link, enum mqtt_reason mqtt, bool was_up)
{
    const struct link_end link_end = {link, "what the link says"};
    const struct mqtt_end mqtt_end = {mqtt, 0, NULL};
    const struct verdict_evidence evidence = {
        &link_end, &mqtt_end, was_up, false};

    return verdict_of(&evidence);
}

static void the_verdict_names_the_layer(void **state)
{
    static const struct {
        enum link_reason link;
        enum mqtt_reason mqtt;
        bool was_up;
        const char *why;
    } rows[] = {
        {LINK_INTERFACE,   MQTT_LOST,           false, "interface"  },
        {LINK_INTERFACE,   MQTT_LOST,           true,  "interface"  },
        {LINK_DNS,         MQTT_LOST,           false, "dns"        },
        {LINK_TCP,         MQTT_LOST,           false, "tcp"        },
        {LINK_PROXY,       MQTT_LOST,           false, "proxy"      },
        {LINK_TLS,         MQTT_LOST,           false, "tls"        },
        {LINK_WEBSOCKET,   MQTT_LOST,           false, "websocket"  },
        {LINK_CLOCK,       MQTT_LOST,           false, "clock"      },
        {LINK_CERTIFICATE, MQTT_LOST,           false, "certificate"},
        {LINK_REFUSED,     MQTT_LOST,           true,  "refused"    },
        {LINK_LOCAL,       MQTT_LOST,           false, "local"      },
        {LINK_KEY,         MQTT_LOST,           false, "key"        },
        {LINK_LOST,        MQTT_LOST,           true,  "lost"       },
        {LINK_CLOSED,      MQTT_NOT_AUTHORISED, true,  "policy"     },
        {LINK_LOST,        MQTT_TAKEN_OVER,     true,  "duplicate"  },
        {LINK_LOST,        MQTT_BUSY,           true,  "busy"       },
        {LINK_LOST,        MQTT_BAD_VERSION,    true,  "mqtt"       },
        {LINK_LOST,        MQTT_BAD_CLIENT_ID,  true,  "mqtt"       },
        {LINK_LOST,        MQTT_REFUSED,        true,  "mqtt"       },
        {LINK_LOST,        MQTT_KICKED,         true,  "kicked"     },
        {LINK_LOST,        MQTT_ELSEWHERE,      true,  "redirect"   },
        {LINK_LOST,        MQTT_NO_RETAIN,      true,  "mqtt"       },
        {LINK_LOST,        MQTT_NO_QOS_1,       true,  "mqtt"       },
        {LINK_LOST,        MQTT_NO_PUBACK,      true,  "no_puback"  },
        {LINK_CERTIFICATE, MQTT_NOT_AUTHORISED, false, "certificate"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verdict v = judge(rows[i].link, rows[i].mqtt, rows[i].was_up);

        assert_string_equal(v.why, rows[i].why);
        assert_true(strlen(v.detail) > 10);
    }
}

static void a_broker_that_shuts_down_is_told_from_one_that_kicks(void **state)
{
    static const struct {
        int code;
        bool shuts_down;
    } rows[] = {
        {0,    false},
        {0x82, false},
        {0x8b, true },
        {0x8d, false}
    };
    const struct link_end lost = {LINK_LOST, "cut"};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct mqtt_end mqtt = {MQTT_KICKED, rows[i].code, NULL};
        struct verdict v =
            verdict_of(&(struct verdict_evidence){&lost, &mqtt, true, true});

        assert_string_equal(v.why, "kicked");
        assert_int_equal(v.shuts_down, rows[i].shuts_down);
    }
}

static struct verdict hang_up(void)
{
    const struct link_end lost = {LINK_LOST, "cut"};
    const struct mqtt_end mqtt = {MQTT_LOST, 0, NULL};

    return verdict_of(&(struct verdict_evidence){&lost, &mqtt, true, false});
}

static void a_broker_that_says_it_wants_3_1_1_gets_it_at_once(void **state)
{
    struct verdict wants = judge(LINK_LOST, MQTT_BAD_VERSION, true);
    struct verdict busy = judge(LINK_LOST, MQTT_BUSY, true);
    struct version v = {.five = true};
    struct version fixed = {.five = true, .fixed = true};

    (void)state;
    version_learn(&v, &busy);
    assert_true(v.five);
    version_learn(&v, &wants);
    assert_false(v.five);
    version_learn(&fixed, &wants);
    assert_true(fixed.five);
}

static void after_hang_ups_every_third_try_speaks_3_1_1(void **state)
{
    static const bool five[] = {true, false, true, true, false, true};
    struct version v = {.five = true};
    struct version fixed = {.five = false, .fixed = true};
    struct verdict verdict = hang_up();

    (void)state;
    for (size_t i = 0; i < COUNT(five); i++) {
        version_learn(&v, &verdict);
        assert_int_equal(v.five, five[i]);
    }
    version_settle(&v);
    version_learn(&v, &verdict);
    assert_true(v.five);
    version_learn(&fixed, &verdict);
    assert_false(fixed.five);
}

/* On a bad line a CONNACK is lost now and then; 3.1.1 has no numbers. */
static void who_took_5_is_not_thought_old_for_two_hang_ups(void **state)
{
    struct version v = {.five = true};
    struct verdict hung = hang_up(), tcp = judge(LINK_TCP, MQTT_LOST, false);
    struct verdict wants = judge(LINK_LOST, MQTT_BAD_VERSION, true);

    (void)state;
    version_settle(&v);
    version_learn(&v, &tcp);
    for (int i = 1; i < 8; i++) {
        version_learn(&v, &hung);
        assert_true(v.five);
    }
    version_learn(&v, &hung); /* it may have been replaced */
    assert_false(v.five);
    version_learn(&v, &wants);
    assert_false(v.five);
}

static void three_one_one_by_guess_serves_for_one_connection(void **state)
{
    struct version guess = {.five = true}, told = {.five = true};
    struct verdict hung = hang_up(), tcp = judge(LINK_TCP, MQTT_LOST, false);
    struct verdict wants = judge(LINK_LOST, MQTT_BAD_VERSION, true);

    (void)state;
    version_learn(&guess, &hung);
    version_learn(&guess, &hung);
    version_learn(&told, &wants);
    assert_false(guess.five || told.five);
    version_learn(&guess, &tcp); /* it was not tried yet */
    assert_false(guess.five);
    version_settle(&guess);
    version_settle(&told);
    assert_false(guess.five || told.five); /* while it stands */
    version_learn(&guess, &tcp);
    version_learn(&told, &tcp);
    assert_true(guess.five);
    assert_false(told.five);
}

static void a_loss_after_connack_says_nothing_about_the_version(void **state)
{
    const struct link_end lost = {LINK_LOST, "cut"};
    const struct mqtt_end mqtt = {MQTT_LOST, 0, NULL};
    const struct verdict_evidence after = {&lost, &mqtt, true, true};

    (void)state;
    assert_true(hang_up().hung_up);
    assert_false(verdict_of(&after).hung_up);
    assert_false(judge(LINK_TLS, MQTT_LOST, false).hung_up);
    assert_false(judge(LINK_REFUSED, MQTT_LOST, true).hung_up);
}

static void the_third_short_life_makes_one_think_of_a_rival(void **state)
{
    struct verdict lost = judge(LINK_LOST, MQTT_LOST, true);
    struct verdict busy = judge(LINK_LOST, MQTT_BUSY, true);

    (void)state;
    verdict_note_short_lives(&lost, 2);
    assert_null(strstr(lost.detail, "another device"));
    verdict_note_short_lives(&lost, 3);
    assert_non_null(strstr(lost.detail, "what the link says; again"));
    assert_non_null(strstr(lost.detail, "another device"));
    verdict_note_short_lives(&busy, 3);
    assert_null(strstr(busy.detail, "another device"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition_is_as_specified),
        cmocka_unit_test(filters_match_as_mqtt_says),
        cmocka_unit_test(what_is_not_a_filter_is_refused),
        cmocka_unit_test(a_message_goes_to_each_who_wants_it),
        cmocka_unit_test(only_the_same_filters_are_remembered),
        cmocka_unit_test(the_verdict_names_the_layer),
        cmocka_unit_test(a_broker_that_shuts_down_is_told_from_one_that_kicks),
        cmocka_unit_test(a_broker_that_says_it_wants_3_1_1_gets_it_at_once),
        cmocka_unit_test(after_hang_ups_every_third_try_speaks_3_1_1),
        cmocka_unit_test(who_took_5_is_not_thought_old_for_two_hang_ups),
        cmocka_unit_test(three_one_one_by_guess_serves_for_one_connection),
        cmocka_unit_test(a_loss_after_connack_says_nothing_about_the_version),
        cmocka_unit_test(the_third_short_life_makes_one_think_of_a_rival),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
