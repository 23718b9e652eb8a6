/* Bytes by day and month, under a clock that does what it wants. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/budget.h"
#include "cmocka_all.h"
#include "core/file.h"
#include "folder.h"

#define DAY_MS INT64_C(86400000)
/* 2026-02-27T12:00:00Z */
#define FEBRUARY_27 (INT64_C(20511) * DAY_MS + DAY_MS / 2)

struct world {
    struct folder folder;
    char path[440];
    int64_t now_ms;
    struct budget *budget;
};

static int64_t now_of(void *context)
{
    return ((struct world *)context)->now_ms;
}

static void open_with(
    struct world *w, uint64_t day, uint64_t month, unsigned begins)
{
    const struct budget_options options = {
        .path = w->path,
        .limit_bytes = {day, month},
        .month_begins = begins,
        .wall_ms = now_of,
        .context = w
    };

    budget_free(w->budget);
    w->budget = NULL;
    assert_int_equal(budget_new(&options, &w->budget), ERR_OK);
}

static int begin(void **state)
{
    static struct world world;

    world = (struct world){.now_ms = FEBRUARY_27};
    assert_int_equal(folder_make(&world.folder), 0);
    (void)snprintf(
        world.path, sizeof(world.path), "%s/budget", world.folder.path);
    open_with(&world, 1000, 10000, 1);
    *state = &world;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    budget_free(w->budget);
    folder_remove(&w->folder);
    return 0;
}

static void bytes_are_counted_in_both_periods_and_by_class(void **state)
{
    struct world *w = *state;
    struct budget_figures f;

    budget_carry(w->budget, 100, 300);
    budget_send(w->budget, "event", 120);
    budget_send(w->budget, "telemetry", 50);
    budget_send(w->budget, "event", 1);
    f = budget_figures(w->budget);
    assert_int_equal(f.in[BUDGET_DAY], 100);
    assert_int_equal(f.out[BUDGET_MONTH], 300);
    assert_int_equal(f.limit[BUDGET_MONTH], 10000);
    assert_int_equal(f.class_count, 2);
    assert_string_equal(f.classes[0].name, "event");
    assert_int_equal(f.classes[0].bytes[BUDGET_DAY], 121);
    assert_int_equal(f.classes[1].bytes[BUDGET_MONTH], 50);
    assert_int_equal(budget_used_percent(w->budget), 40);
}

static void a_spent_day_ends_at_midnight_utc(void **state)
{
    struct world *w = *state;

    assert_int_equal(budget_wait_ms(w->budget), 0);
    budget_carry(w->budget, 999, 0);
    assert_int_equal(budget_used_percent(w->budget), 99);
    assert_int_equal(budget_wait_ms(w->budget), 0);
    budget_carry(w->budget, 0, 1);
    assert_int_equal(budget_used_percent(w->budget), 100);
    assert_int_equal(budget_wait_ms(w->budget), DAY_MS / 2);
    w->now_ms += DAY_MS / 2 - 1;
    assert_int_equal(budget_wait_ms(w->budget), 1);
    w->now_ms += 1;
    assert_int_equal(budget_wait_ms(w->budget), 0);
    assert_int_equal(budget_used_percent(w->budget), 10);
}

static void a_spent_month_ends_on_its_day(void **state)
{
    static const struct {
        unsigned begins;
        int64_t days; /* from the 27th of February 2026, its noon */
    } rows[] = {
        {1,  2 },
        {28, 1 },
        {27, 28},
        {15, 16},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        w->now_ms = FEBRUARY_27;
        open_with(w, 0, 5000 + i, rows[i].begins);
        budget_carry(w->budget, 6000, 0);
        assert_int_equal(
            budget_wait_ms(w->budget), rows[i].days * DAY_MS - DAY_MS / 2);
        w->now_ms += budget_wait_ms(w->budget);
        assert_int_equal(budget_wait_ms(w->budget), 0);
        assert_int_equal(budget_figures(w->budget).in[BUDGET_MONTH], 0);
    }
}

static void months_are_those_of_the_calendar(void **state)
{
    struct world *w = *state;
    static const int lengths[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    /* 2026-01-01 is day 20454; 2028 is a leap year, 2100 is none. */
    w->now_ms = 20454 * DAY_MS;
    for (int month = 0; month < 12 * 80; month++) {
        int year = 2026 + month / 12;
        bool leap = year % 4 == 0 && year % 100 != 0;
        int days = lengths[month % 12] + (month % 12 == 1 && leap);

        open_with(w, 0, 1, 1);
        budget_carry(w->budget, 1, 0);
        assert_int_equal(budget_wait_ms(w->budget), days * DAY_MS);
        w->now_ms += days * DAY_MS;
    }
}

static void a_clock_that_goes_back_gives_nothing_free(void **state)
{
    struct world *w = *state;

    budget_carry(w->budget, 1000, 0);
    w->now_ms -= 400 * DAY_MS;
    assert_int_equal(budget_used_percent(w->budget), 100);
    assert_int_equal(budget_wait_ms(w->budget), DAY_MS / 2);
    w->now_ms += DAY_MS;
    assert_int_equal(budget_used_percent(w->budget), 10);
}

static void counts_outlive_a_restart(void **state)
{
    struct world *w = *state;
    struct budget_figures f;

    budget_carry(w->budget, 10, 20);
    budget_send(w->budget, "critical", 7);
    open_with(w, 1000, 10000, 1);
    f = budget_figures(w->budget);
    assert_int_equal(f.in[BUDGET_DAY], 10);
    assert_int_equal(f.out[BUDGET_MONTH], 20);
    assert_int_equal(f.classes[0].bytes[BUDGET_DAY], 7);
    w->now_ms += DAY_MS;
    open_with(w, 1000, 10000, 1);
    assert_int_equal(budget_figures(w->budget).in[BUDGET_DAY], 0);
    assert_int_equal(budget_figures(w->budget).in[BUDGET_MONTH], 10);
}

/* What was not saved is at most 64 KiB. */
static void much_is_saved_at_once(void **state)
{
    struct world *w = *state;
    char *text;
    size_t len;

    budget_carry(w->budget, 65535, 0);
    assert_int_equal(file_read(w->path, 8192, &text, &len), ERR_NOT_FOUND);
    budget_carry(w->budget, 0, 1);
    assert_int_equal(file_read(w->path, 8192, &text, &len), ERR_OK);
    assert_non_null(strstr(text, "65535"));
    free(text);
}

static void a_broken_file_begins_anew(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "{\"day\":{}}",
        "{\"day\":{\"number\":1,\"in\":-1,\"out\":0}}",
        "{\"day\":{\"number\":20511,\"in\":5,\"out\":0},\"month\":"
        "{\"number\":1,\"in\":5,\"out\":0},\"classes\":{\"BAD NAME\":{}}}",
        "{\"day\":{\"number\":20511,\"in\":5,\"out\":0},\"month\":"
        "{\"number\":1,\"in\":5,\"out\":0},\"classes\":{\"event\":{\"day\":1}}"
        "}"};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        budget_free(w->budget);
        w->budget = NULL;
        assert_int_equal(
            file_replace(w->path, texts[i], strlen(texts[i])), ERR_OK);
        open_with(w, 1000, 10000, 1);
        assert_int_equal(budget_figures(w->budget).in[BUDGET_DAY], 0);
        assert_int_equal(budget_figures(w->budget).class_count, 0);
    }
}

static void a_file_that_cannot_be_written_stops_nothing(void **state)
{
    struct world *w = *state;

    (void)snprintf(w->path, sizeof(w->path), "%s/none/budget", w->folder.path);
    open_with(w, 1000, 0, 1);
    budget_carry(w->budget, 70000, 0);
    assert_int_equal(budget_used_percent(w->budget), 100);
}

static void names_of_classes_are_bounded(void **state)
{
    struct world *w = *state;
    char name[16];

    for (int i = 0; i < 40; i++) {
        (void)snprintf(name, sizeof(name), "c%d", i);
        budget_send(w->budget, name, 1);
    }
    budget_send(w->budget, "NOT A NAME", 1);
    assert_int_equal(budget_figures(w->budget).class_count, OUTBOX_CLASSES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            bytes_are_counted_in_both_periods_and_by_class, begin, end),
        cmocka_unit_test_setup_teardown(
            a_spent_day_ends_at_midnight_utc, begin, end),
        cmocka_unit_test_setup_teardown(
            a_spent_month_ends_on_its_day, begin, end),
        cmocka_unit_test_setup_teardown(
            months_are_those_of_the_calendar, begin, end),
        cmocka_unit_test_setup_teardown(
            a_clock_that_goes_back_gives_nothing_free, begin, end),
        cmocka_unit_test_setup_teardown(counts_outlive_a_restart, begin, end),
        cmocka_unit_test_setup_teardown(much_is_saved_at_once, begin, end),
        cmocka_unit_test_setup_teardown(a_broken_file_begins_anew, begin, end),
        cmocka_unit_test_setup_teardown(
            a_file_that_cannot_be_written_stops_nothing, begin, end),
        cmocka_unit_test_setup_teardown(
            names_of_classes_are_bounded, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
