/* What cloudd/store_telemetry promises. */

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloudd/store_telemetry.h"
#include "cloudd_store_world.h"
#include "cmocka_all.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static int count(struct world *w, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    int n;

    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = sqlite3_column_int(s, 0);
    (void)sqlite3_finalize(s);
    (void)sqlite3_close(db);
    return n;
}

static enum err put(
    struct world *w, const char *stream, int64_t ts_ms, const char *data)
{
    struct json *json = parse(data);
    enum err e = store_telemetry_add(w->store, "t1", stream, ts_ms, json);

    json_free(json);
    return e;
}

static struct json *get(
    struct world *w, const char *stream, const char *key, int64_t to_ms)
{
    struct store_series series = {"t1", stream, key};
    struct json *points = NULL;

    assert_int_equal(
        store_telemetry_points(w->store, &series, 0, to_ms, &points), ERR_OK);
    return points;
}

static void points_are(
    struct world *w, const char *stream, const char *key, const char *expected)
{
    struct json *points = get(w, stream, key, 1000000);
    struct json *wanted = parse(expected);

    if (!json_equal(points, wanted)) {
        char *text = json_print(points);

        print_message("%s\n", text);
        free(text);
        fail_msg("%s %s: expected %s", stream, key, expected);
    }
    json_free(points);
    json_free(wanted);
}

static void every_number_is_kept_wherever_it_stands(void **state)
{
    struct world *w = *state;

    assert_int_equal(put(w, "s", 10,
                         "{\"a\":1.5,\"b\":{\"c\":2,\"d\":\"no\"},\"e\":[3],"
                         "\"f\":true,\"g\":null}"),
        ERR_OK);
    assert_int_equal(put(w, "bare", 10, "7"), ERR_OK);
    reopen(w);
    points_are(w, "s", "a", "[[10,1.5]]");
    points_are(w, "s", "b.c", "[[10,2]]");
    points_are(w, "bare", "value", "[[10,7]]");
    assert_int_equal(count(w, "SELECT count(*) FROM points"), 3);
}

static void points_come_oldest_first_and_once_for_each_time(void **state)
{
    struct world *w = *state;

    assert_int_equal(put(w, "s", 30, "{\"a\":3}"), ERR_OK);
    assert_int_equal(put(w, "s", 10, "{\"a\":1}"), ERR_OK);
    assert_int_equal(put(w, "s", 10, "{\"a\":1}"), ERR_OK);
    assert_int_equal(put(w, "s", 20, "{\"a\":2}"), ERR_OK);
    points_are(w, "s", "a", "[[10,1],[20,2],[30,3]]");
}

static void the_series_tell_the_newest_value_even_if_an_older_comes_late(
    void **state)
{
    struct world *w = *state;
    struct json *list = NULL;
    struct json *expected =
        parse("[{\"stream\":\"s\",\"key\":\"a\",\"last\":3,\"ts\":30}]");

    assert_int_equal(put(w, "s", 30, "{\"a\":3}"), ERR_OK);
    assert_int_equal(put(w, "s", 10, "{\"a\":1}"), ERR_OK);
    assert_int_equal(store_telemetry_series(w->store, "t1", &list), ERR_OK);
    assert_true(json_equal(list, expected));
    assert_int_equal(store_telemetry_last(w->store, "t1"), 30);
    assert_int_equal(store_telemetry_last(w->store, "t2"), 0);
    json_free(list);
    json_free(expected);
}

/* One spike in 10,000 points is what a person looks for. */
static void thinning_keeps_the_peaks_and_the_limit(void **state)
{
    struct world *w = *state;
    struct json *points;
    double most = 0, least = 0;
    int64_t last = -1;
    char data[40];

    for (int i = 0; i < 10000; i++) {
        (void)snprintf(data, sizeof(data), "{\"a\":%d}",
            i == 1234       ? 999
                : i == 4321 ? -999
                            : i % 7);
        assert_int_equal(put(w, "s", i * 10, data), ERR_OK);
    }
    points = get(w, "s", "a", 100000);
    assert_true(json_count(points) <= STORE_ANSWER_MOST);
    assert_true(json_count(points) > STORE_ANSWER_MOST / 2);
    for (struct json *p = json_first(points); p != NULL; p = json_next(p)) {
        int64_t ts = (int64_t)json_number(json_first(p));
        double value = json_number(json_next(json_first(p)));

        assert_true(ts > last);
        last = ts;
        most = value > most ? value : most;
        least = value < least ? value : least;
    }
    assert_true(most == 999 && least == -999);
    json_free(points);
}

static void a_device_cannot_fill_the_disk_with_names(void **state)
{
    struct world *w = *state;
    char data[40];

    for (int i = 0; i < STORE_SERIES_MOST; i++) {
        (void)snprintf(data, sizeof(data), "{\"k%d\":1}", i);
        assert_int_equal(put(w, "s", 10, data), ERR_OK);
    }
    assert_int_equal(put(w, "s", 20, "{\"more\":1,\"k0\":2}"), ERR_TOO_BIG);
    points_are(w, "s", "k0", "[[10,1],[20,2]]");
    points_are(w, "s", "more", "[]");
}

static void a_key_too_long_to_keep_is_left_out(void **state)
{
    char data[300];

    (void)snprintf(data, sizeof(data), "{\"a\":1,\"%0200d\":2}", 0);
    assert_int_equal(put(*state, "s", 10, data), ERR_OK);
    assert_int_equal(count(*state, "SELECT count(*) FROM series"), 1);
}

static void old_points_are_forgotten_and_young_ones_kept(void **state)
{
    struct world *w = *state;
    int64_t now_ms = 100 * DAY_MS;

    assert_int_equal(
        put(w, "s", now_ms - STORE_POINTS_AGE_MS - 1, "{\"a\":1,\"b\":1}"),
        ERR_OK);
    assert_int_equal(put(w, "s", now_ms - 1000, "{\"a\":2}"), ERR_OK);
    assert_int_equal(store_telemetry_prune(w->store, now_ms), ERR_OK);
    assert_int_equal(count(w, "SELECT count(*) FROM points"), 1);
    assert_int_equal(count(w, "SELECT count(*) FROM series"), 1);
}

static void more_points_than_kept_lose_their_oldest(void **state)
{
    struct world *w = *state;
    sqlite3 *db;

    assert_int_equal(put(w, "s", 1, "{\"a\":1}"), ERR_OK);
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i+1 FROM n"
            " WHERE i<100010) INSERT INTO points SELECT 1, i, i FROM n",
            NULL, NULL, NULL),
        SQLITE_OK);
    (void)sqlite3_close(db);
    assert_int_equal(store_telemetry_prune(w->store, 1000), ERR_OK);
    assert_int_equal(
        count(w, "SELECT count(*) FROM points"), STORE_POINTS_MOST);
    assert_int_equal(count(w, "SELECT min(ts) FROM points"), 11);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_number_is_kept_wherever_it_stands),
        TEST(points_come_oldest_first_and_once_for_each_time),
        TEST(the_series_tell_the_newest_value_even_if_an_older_comes_late),
        TEST(thinning_keeps_the_peaks_and_the_limit),
        TEST(a_device_cannot_fill_the_disk_with_names),
        TEST(a_key_too_long_to_keep_is_left_out),
        TEST(old_points_are_forgotten_and_young_ones_kept),
        TEST(more_points_than_kept_lose_their_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
