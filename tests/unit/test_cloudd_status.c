/* What a person is told about a connection.  Each row is a little story: facts
 * with their second, and what is shown, and since when, at the end. */

#include "cloudd/status.h"
#include "cmocka_all.h"

#define SILENT_MS 180000
#define START     1000 /* seconds: no story begins at zero */

enum fact { END, UP, DOWN, HEARD, BLOCK, UNBLOCK, LOOK };

static const struct story {
    const char *descr;
    struct {
        enum fact fact;
        int at_s;
    } facts[8];
    enum status_state state;
    int since_s;
} stories[] = {
    {"a device that never came has never connected",         {{LOOK, 0}},                              STATUS_NEVER,
     -START                                                                                                               },
    {"good news shows at once",                              {{UP, 5}, {LOOK, 5}},                     STATUS_ONLINE,  5  },
    {"a loss does not show for 10 s",
     {{UP, 0}, {LOOK, 0}, {DOWN, 50}, {LOOK, 59}},                                                     STATUS_ONLINE,  0  },
    {"a loss shows after 10 s, since it happened",
     {{UP, 0}, {LOOK, 0}, {DOWN, 50}, {LOOK, 60}},                                                     STATUS_OFFLINE, 50 },
    {"a blip was never there",
     {{UP, 0}, {LOOK, 0}, {DOWN, 50}, {LOOK, 50}, {UP, 58}, {LOOK, 70}},
     STATUS_ONLINE,                                                                                                    0  },
    {"back after it showed is a new beginning",
     {{UP, 0}, {LOOK, 0}, {DOWN, 50}, {LOOK, 60}, {UP, 61}, {LOOK, 61}},
     STATUS_ONLINE,                                                                                                    61 },
    {"many blips in a row are still one presence",
     {{UP, 0}, {LOOK, 0}, {DOWN, 5}, {UP, 9}, {DOWN, 12}, {UP, 20},
            {LOOK, 20}},
     STATUS_ONLINE,                                                                                                    0  },
    {"a blip does not shorten the wait of the next loss",
     {{UP, 0}, {LOOK, 0}, {DOWN, 5}, {UP, 9}, {DOWN, 12}, {LOOK, 21}},
     STATUS_ONLINE,                                                                                                    0  },
    {"connected and saying nothing is silent",
     {{UP, 0}, {LOOK, 0}, {LOOK, 180}},                                                                STATUS_SILENT,  0  },
    {"silent since the last word",
     {{UP, 0}, {HEARD, 30}, {LOOK, 30}, {LOOK, 210}},                                                  STATUS_SILENT,  30 },
    {"a word ends the silence, and online is since it came",
     {{UP, 0}, {LOOK, 200}, {HEARD, 201}, {LOOK, 201}},                                                STATUS_ONLINE,  0  },
    {"a silent device that goes is offline",
     {{UP, 0}, {LOOK, 200}, {DOWN, 300}, {LOOK, 309}, {LOOK, 310}},
     STATUS_OFFLINE,                                                                                                   300},
    {"blocked shows at once, whatever else",
     {{UP, 0}, {LOOK, 0}, {BLOCK, 9}, {LOOK, 9}},                                                      STATUS_BLOCKED, 9  },
    {"blocked twice is blocked since the first time",
     {{BLOCK, 3}, {LOOK, 3}, {BLOCK, 9}, {LOOK, 9}},                                                   STATUS_BLOCKED, 3  },
    {"unblocked is what the connection says",
     {{BLOCK, 3}, {LOOK, 3}, {UNBLOCK, 4}, {UP, 5}, {LOOK, 6}},
     STATUS_ONLINE,                                                                                                    5  },
    {"a loss told twice happened when first told",
     {{UP, 0}, {LOOK, 0}, {DOWN, 20}, {DOWN, 25}, {LOOK, 31}},
     STATUS_OFFLINE,                                                                                                   20 },
    {"a connect told twice is one",                          {{UP, 0}, {LOOK, 0}, {UP, 0}, {LOOK, 7}},
     STATUS_ONLINE,                                                                                                    0  },
    {"known only as gone is offline",                        {{DOWN, 0}, {LOOK, 1}},                   STATUS_OFFLINE,
     0                                                                                                                    },
};

static void apply(struct status *s, enum fact fact, int64_t at_ms)
{
    switch (fact) {
    case END:
        break;
    case UP:
        status_connected(s, at_ms);
        break;
    case DOWN:
        status_disconnected(s, at_ms, "CONNECTION_LOST");
        break;
    case HEARD:
        status_heard(s, at_ms);
        break;
    case BLOCK:
        status_block(s, true, at_ms);
        break;
    case UNBLOCK:
        status_block(s, false, at_ms);
        break;
    case LOOK:
        (void)status_tick(s, at_ms, SILENT_MS);
        break;
    }
}

static void every_story_ends_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        struct status s = {0};

        for (int j = 0; j < 8 && stories[i].facts[j].fact != END; j++)
            apply(&s, stories[i].facts[j].fact,
                (int64_t)(START + stories[i].facts[j].at_s) * 1000);
        if (s.state != stories[i].state ||
            s.since_ms != (int64_t)(START + stories[i].since_s) * 1000)
            fail_msg("%s: shown %s since %d s", stories[i].descr,
                status_name(s.state), (int)(s.since_ms / 1000) - START);
    }
}

static void a_tick_says_whether_anything_shown_changed(void **state)
{
    struct status s = {0};

    (void)state;
    status_connected(&s, 1000);
    assert_true(status_tick(&s, 1000, SILENT_MS));
    assert_false(status_tick(&s, 2000, SILENT_MS));
    status_disconnected(&s, 3000, "");
    assert_false(status_tick(&s, 12999, SILENT_MS));
    assert_true(status_tick(&s, 13000, SILENT_MS));
}

/* A look at the due time is enough: no change comes earlier. */
static void the_due_time_is_when_the_next_change_comes(void **state)
{
    struct status s = {0};

    (void)state;
    assert_int_equal(status_due(&s, SILENT_MS), -1);
    status_connected(&s, 1000);
    (void)status_tick(&s, 1000, SILENT_MS);
    assert_int_equal(status_due(&s, SILENT_MS), 1000 + SILENT_MS);
    (void)status_tick(&s, 1000 + SILENT_MS, SILENT_MS);
    assert_int_equal(s.state, STATUS_SILENT);
    assert_int_equal(status_due(&s, SILENT_MS), -1);
    status_disconnected(&s, 200000, "");
    (void)status_tick(&s, 200000, SILENT_MS);
    assert_int_equal(status_due(&s, SILENT_MS), 210000);
    (void)status_tick(&s, 210000, SILENT_MS);
    assert_int_equal(status_due(&s, SILENT_MS), -1);
    status_block(&s, true, 220000);
    assert_int_equal(status_due(&s, SILENT_MS), -1);
}

static void every_reason_has_words_also_one_we_do_not_know(void **state)
{
    (void)state;
    assert_string_equal(status_reason_words("MQTT_KEEP_ALIVE_TIMEOUT"),
        "lost power or network (keep-alive ran out)");
    assert_string_equal(status_reason_words("CLIENT_INITIATED_DISCONNECT"),
        "the device said goodbye");
    assert_string_equal(status_reason_words("NEW"), "no reason was given");
    assert_string_equal(status_reason_words(""), "no reason was given");
}

static void every_state_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(status_name(STATUS_NEVER), "never");
    assert_string_equal(status_name(STATUS_ONLINE), "online");
    assert_string_equal(status_name(STATUS_SILENT), "silent");
    assert_string_equal(status_name(STATUS_OFFLINE), "offline");
    assert_string_equal(status_name(STATUS_BLOCKED), "blocked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_story_ends_as_told),
        cmocka_unit_test(a_tick_says_whether_anything_shown_changed),
        cmocka_unit_test(the_due_time_is_when_the_next_change_comes),
        cmocka_unit_test(every_reason_has_words_also_one_we_do_not_know),
        cmocka_unit_test(every_state_has_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
