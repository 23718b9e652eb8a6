/* When a revocation list is asked for again, as a table of times. */

#include "cloud/revocation_schedule.h"
#include "cmocka_all.h"

#define S         ((int64_t)1000)
#define HOUR_S    ((int64_t)3600)
#define HOUR      (HOUR_S * S)
#define DAY       (24 * HOUR)
#define NOW       (1000 * DAY) /* monotonic */
#define WALL      INT64_C(1800000000)
#define LEAST     REVOCATION_LEAST_MS
#define FIRST_WAY ((uint32_t)0x7fffffff)

/* A list of ten hours that came at `tried`, well. */
static struct revocation_times good(int64_t tried_ms)
{
    return (struct revocation_times){.now_ms = NOW,
        .now_wall_s = WALL,
        .tried_ms = tried_ms,
        .succeeded_ms = tried_ms,
        .this_update_s = WALL,
        .next_update_s = WALL + 10 * HOUR_S,
        .interval_ms = (uint64_t)DAY};
}

static void the_first_question_comes_at_once(void **state)
{
    struct revocation_times t = {.now_ms = NOW, .now_wall_s = WALL};

    (void)state;
    assert_int_equal(revocation_due_ms(&t), NOW);
    /* ... whatever the list on disk says. */
    t.next_update_s = WALL + 1000 * HOUR_S;
    assert_int_equal(revocation_due_ms(&t), NOW);
}

/* What changes against good(NOW), and when the next question is due. */
static void the_next_question_comes_when_the_table_says(void **state)
{
    static const struct {
        const char *why;
        int64_t now_ms, wall_s, this_s, next_s, interval_ms, due_ms;
    } rows[] = {
        {"nine tenths of its life",    0,    0,                   0,           10 * HOUR_S,   DAY,  9 * HOUR },
        {"the interval is first",      0,    0,                   0,           10 * HOUR_S,   HOUR, HOUR     },
        {"no nextUpdate",              0,    0,                   0,           -WALL,         DAY,  DAY      },
        {"no thisUpdate: no margin",   0,    0,                   -WALL,       10 * HOUR_S,   DAY,  10 * HOUR},
        {"an hour later, the same",    HOUR, HOUR_S,              0,           10 * HOUR_S,   DAY,
         9 * HOUR                                                                                            },
        {"the list was half over",     0,    0,                   -5 * HOUR_S, 5 * HOUR_S,    DAY,
         4 * HOUR                                                                                            },
        {"the list is over",           0,    11 * HOUR_S,         0,           10 * HOUR_S,   DAY,  LEAST    },
        {"a list of a minute",         0,    0,                   0,           60,            DAY,  LEAST    },
        {"an interval of a second",    0,    0,                   0,           10 * HOUR_S,   S,    LEAST    },
        {"a list of the far future",   0,    0,                   0,           INT64_MAX / 2, DAY,  DAY      },
        {"nextUpdate before this",     0,    0,                   0,           -HOUR_S,       DAY,  LEAST    },
 /* The clock jumps, an hour after the answer. */
        {"forward nine hours: now",    HOUR, 10 * HOUR_S,         0,           10 * HOUR_S,   DAY,
         0 * HOUR + LEAST                                                                                    },
        {"forward sixty years",        HOUR, INT64_C(2000000000), 0,           10 * HOUR_S,   DAY,
         LEAST                                                                                               },
        {"back to 1970: the interval", HOUR, -WALL,               0,           10 * HOUR_S,   DAY,  DAY      },
        {"before 1970: the interval",  HOUR, INT64_MIN / 2,       0,           10 * HOUR_S,   DAY,
         DAY                                                                                                 },
        {"back an hour: an hour more", HOUR, 0,                   0,           10 * HOUR_S,   DAY,  10 * HOUR},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct revocation_times t = good(NOW);
        int64_t due;

        t.now_ms += rows[i].now_ms;
        t.now_wall_s += rows[i].wall_s;
        t.this_update_s = WALL + rows[i].this_s;
        t.next_update_s = WALL + rows[i].next_s;
        t.interval_ms = (uint64_t)rows[i].interval_ms;
        due = revocation_due_ms(&t) - NOW;
        /* What is overdue is due "some time ago". */
        if (due != rows[i].due_ms)
            fail_msg("%s: due after %lld s, expected %lld s", rows[i].why,
                (long long)(due / S), (long long)(rows[i].due_ms / S));
    }
}

static void a_failure_waits_for_its_back_off_and_for_nothing_else(void **state)
{
    struct revocation_times t = good(NOW);

    (void)state;
    t.has_failed = true;
    t.back_off_ms = 7000;
    assert_int_equal(revocation_due_ms(&t), NOW + 7000);
    t.now_wall_s += 20 * HOUR_S; /* over since */
    assert_int_equal(revocation_due_ms(&t), NOW + 7000);
    t.back_off_ms = 0;
    assert_int_equal(revocation_due_ms(&t), NOW);
}

/* A server that serves a list that is over is not asked every five minutes. */
static void a_list_that_is_no_news_is_asked_for_less_and_less_often(
    void **state)
{
    struct revocation_times t = good(NOW);

    (void)state;
    assert_false(revocation_wants_news(&t));
    t.now_wall_s += 9 * HOUR_S;
    assert_true(revocation_wants_news(&t));
    t.back_off_ms = (uint64_t)HOUR;
    assert_int_equal(revocation_due_ms(&t), NOW + HOUR);
    t.back_off_ms = 1;
    assert_int_equal(revocation_due_ms(&t), NOW + LEAST);
    t.next_update_s = 0; /* says nothing: no news are missed */
    assert_false(revocation_wants_news(&t));
}

static void jitter_takes_up_to_a_tenth_and_adds_nothing(void **state)
{
    struct revocation_times t = good(NOW);

    (void)state;
    t.interval_ms = (uint64_t)(10 * HOUR);
    t.next_update_s = 0;
    assert_int_equal(revocation_due_ms(&t), NOW + 10 * HOUR);
    t.random = FIRST_WAY;
    assert_in_range(revocation_due_ms(&t), NOW + 9 * HOUR + 29 * 60 * S,
        NOW + 9 * HOUR + 31 * 60 * S);
    t.random = UINT32_MAX;
    assert_in_range(
        revocation_due_ms(&t), NOW + 9 * HOUR, NOW + 9 * HOUR + 60 * S);
}

/* A device that looks at its clocks all day, which jump every hour, asks no
 * more often than the least, and no less often than the interval. */
static void a_clock_that_jumps_brings_neither_a_storm_nor_silence(void **state)
{
    static const int64_t jumps_s[] = {0, -40 * 365 * 24 * HOUR_S,
        13 * 365 * 24 * HOUR_S, -3 * HOUR_S, 9 * HOUR_S, 60};
    struct revocation_times t = good(NOW);
    int64_t longest = 0;

    (void)state;
    for (int64_t ms = 0; ms < 10 * DAY; ms += 60 * S) {
        size_t hour = (size_t)(ms / HOUR);
        int64_t since;

        t.now_ms = NOW + ms;
        t.now_wall_s = WALL + ms / S + jumps_s[hour % 6];
        if (revocation_due_ms(&t) > t.now_ms)
            continue;
        since = t.now_ms - t.tried_ms;
        assert_true(since >= LEAST);
        longest = since > longest ? since : longest;
        t.tried_ms = t.succeeded_ms = t.now_ms;
        t.this_update_s = WALL + ms / S; /* the server's clock is right */
        t.next_update_s = t.this_update_s + 10 * HOUR_S;
        t.random = (uint32_t)ms * 2654435761U;
    }
    assert_in_range(longest, HOUR / 2, DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_question_comes_at_once),
        cmocka_unit_test(the_next_question_comes_when_the_table_says),
        cmocka_unit_test(a_failure_waits_for_its_back_off_and_for_nothing_else),
        cmocka_unit_test(
            a_list_that_is_no_news_is_asked_for_less_and_less_often),
        cmocka_unit_test(jitter_takes_up_to_a_tenth_and_adds_nothing),
        cmocka_unit_test(a_clock_that_jumps_brings_neither_a_storm_nor_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
