/* A connection never sends more than its limits in any second. */

#include "cloud/pace.h"
#include "cmocka_all.h"

#define SECONDS 20

/* Sends whenever it may for some seconds; the most that went within any one
 * second, and all. */
struct flow {
    int most, all;
};

static struct flow send_all(struct pace *pace, size_t bytes)
{
    static int sent[SECONDS * 1000];
    struct flow flow = {0, 0};

    for (int64_t now = 0; now < SECONDS * 1000;) {
        int64_t wait = pace_wait_ms(pace, now);

        if (wait == 0) {
            pace_spend(pace, bytes, now);
            sent[flow.all++] = (int)now;
        }
        now += wait;
    }
    for (int i = 0, j = 0; i < flow.all; i++) {
        while (sent[i] - sent[j] >= 1000)
            j++;
        if (i - j + 1 > flow.most)
            flow.most = i - j + 1;
    }
    return flow;
}

static void no_second_has_more_messages_than_allowed_and_a_bucket(void **state)
{
    struct pace pace = pace_begin(&(struct pace_limits){90, 0}, 0);
    struct flow flow = send_all(&pace, 100);

    (void)state;
    assert_in_range(flow.most, 90, 99);
    assert_in_range(flow.all, SECONDS * 90 - 1, SECONDS * 90 + 9);
}

static void bytes_are_counted_too_also_of_messages_beyond_a_bucket(void **state)
{
    struct pace pace = pace_begin(&(struct pace_limits){0, 460 * 1024}, 0);
    struct flow flow = send_all(&pace, 128 * 1024 - 100);

    (void)state;
    assert_in_range(flow.all, SECONDS * 460 / 128 - 1, SECONDS * 460 / 128 + 2);
    assert_in_range(flow.most, 3, 5);
}

static void what_came_in_makes_room_scarce(void **state)
{
    struct pace pace = pace_begin(&(struct pace_limits){10, 0}, 0);

    (void)state;
    for (int i = 0; i < 11; i++)
        pace_spend(&pace, 1, 0);
    assert_int_equal(pace_wait_ms(&pace, 0), 1100);
    assert_int_equal(pace_wait_ms(&pace, 1099), 1);
    assert_int_equal(pace_wait_ms(&pace, 1100), 0);
}

static void without_limits_nothing_waits(void **state)
{
    struct pace pace = pace_begin(&(struct pace_limits){0, 0}, 0);

    (void)state;
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(pace_wait_ms(&pace, 0), 0);
        pace_spend(&pace, 128 * 1024, 0);
    }
}

static void a_clock_that_goes_back_or_far_ahead_is_no_gift(void **state)
{
    struct pace pace = pace_begin(&(struct pace_limits){10, 0}, 1000000);

    (void)state;
    pace_spend(&pace, 1, 1000000);
    assert_true(pace_wait_ms(&pace, 0) > 0);
    assert_int_equal(pace_wait_ms(&pace, INT64_MAX / 2000000), 0);
    pace_spend(&pace, 1, INT64_MAX / 2000000);
    assert_true(pace_wait_ms(&pace, INT64_MAX / 2000000) > 0);
}

static void aws_has_limits_by_its_name_and_others_have_none(void **state)
{
    static const struct {
        const char *host;
        uint32_t configured, messages;
    } rows[] = {
        {"abc-ats.iot.eu-central-1.amazonaws.com", 0,   90 },
        {"ABC.iot.cn-north-1.AmazonAWS.com.cn",    0,   90 },
        {"abc-ats.iot.eu-central-1.amazonaws.com", 500, 500},
        {"broker.example.com",                     0,   0  },
        {"amazonaws.com.example.com",              0,   0  },
        {"notamazonaws.com",                       0,   0  },
        {"broker.example.com",                     7,   7  },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pace_limits limits = pace_limits_for(
            rows[i].host, &(struct pace_limits){rows[i].configured, 0});

        assert_int_equal(limits.messages_per_s, rows[i].messages);
        assert_int_equal(limits.bytes_per_s, i < 3 ? 460 * 1024 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_second_has_more_messages_than_allowed_and_a_bucket),
        cmocka_unit_test(
            bytes_are_counted_too_also_of_messages_beyond_a_bucket),
        cmocka_unit_test(what_came_in_makes_room_scarce),
        cmocka_unit_test(without_limits_nothing_waits),
        cmocka_unit_test(a_clock_that_goes_back_or_far_ahead_is_no_gift),
        cmocka_unit_test(aws_has_limits_by_its_name_and_others_have_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
