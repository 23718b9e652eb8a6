/* What local/lines promises. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "local/lines.h"

static int set_up(void **state)
{
    *state = lines_new();
    return *state == NULL;
}

static int tear_down(void **state)
{
    lines_free(*state);
    return 0;
}

/* Give all bytes, `step` at a time, and write down what comes out: lines with
 * a '|' behind each, '!' for one that was too long, its length if long. */
static void feed(struct lines *l, const char *bytes, size_t len, size_t step,
    char *out, size_t size)
{
    const char *line;
    size_t n;
    enum lines_next next;

    out[0] = '\0';
    while (len > 0) {
        char *room;
        size_t now;

        assert_int_equal(lines_room(l, &room, &now), ERR_OK);
        assert_true(now > 0);
        now = now < step ? now : step;
        now = now < len ? now : len;
        memcpy(room, bytes, now);
        lines_came(l, now);
        bytes += now;
        len -= now;
        while ((next = lines_take(l, &line, &n)) != LINES_NONE) {
            size_t used = strlen(out);

            if (next == LINES_TOO_LONG)
                (void)snprintf(out + used, size - used, "!|");
            else if (n > 100)
                (void)snprintf(out + used, size - used, "%zu|", n);
            else
                (void)snprintf(out + used, size - used, "%.*s|", (int)n, line);
        }
    }
}

static void lines_come_out_whole_however_the_bytes_came(void **state)
{
    static const char bytes[] = "one\ntwo\r\n\n\r\nthree\nfour";
    char out[100];
    const char *line;
    size_t len;

    for (size_t step = 1; step < sizeof(bytes); step++) {
        feed(*state, bytes, sizeof(bytes) - 1, step, out, sizeof(out));
        assert_string_equal(out, "one|two|||three|");
        assert_int_equal(lines_rest(*state, &line, &len), LINES_LINE);
        assert_int_equal(len, 4);
        assert_memory_equal(line, "four", 4);
        assert_int_equal(lines_rest(*state, &line, &len), LINES_NONE);
    }
}

/* The limit counts the newline. */
static void the_limit_is_exact(void **state)
{
    char *bytes = malloc(LINES_MAX + 10);
    char out[100];
    static const size_t steps[] = {1, 1000, 4096, LINES_MAX, LINES_MAX + 10};

    assert_non_null(bytes);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        memset(bytes, 'x', LINES_MAX + 10);
        bytes[LINES_MAX - 1] = '\n';
        feed(*state, bytes, LINES_MAX, steps[i], out, sizeof(out));
        assert_string_equal(out, "65535|");

        bytes[LINES_MAX - 1] = 'x';
        bytes[LINES_MAX] = '\n';
        (void)snprintf(bytes + LINES_MAX + 1, 9, "next\n");
        feed(*state, bytes, LINES_MAX + 6, steps[i], out, sizeof(out));
        assert_string_equal(out, "!|next|");
    }
    free(bytes);
}

static void a_line_without_end_is_told_once_and_costs_no_memory(void **state)
{
    char *bytes = malloc(10 * LINES_MAX);
    char out[100];
    const char *line;
    char *room;
    size_t len;

    assert_non_null(bytes);
    memset(bytes, 'x', 10 * LINES_MAX);
    feed(*state, bytes, 10 * LINES_MAX, 5000, out, sizeof(out));
    assert_string_equal(out, "!|");
    assert_int_equal(lines_room(*state, &room, &len), ERR_OK);
    assert_true(len <= LINES_MAX);
    assert_int_equal(lines_rest(*state, &line, &len), LINES_NONE);
    feed(*state, "\nnext\n", 6, 100, out, sizeof(out));
    assert_string_equal(out, "next|");
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(lines_come_out_whole_however_the_bytes_came),
        TEST(the_limit_is_exact),
        TEST(a_line_without_end_is_told_once_and_costs_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
