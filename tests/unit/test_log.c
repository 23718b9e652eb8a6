/* What core/log promises. */

#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "core/log.h"

static int ends[2];

static int set_up(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_INFO);
    if (pipe(ends) != 0)
        return 1;
    log_set_descriptor(ends[1]);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(ends[0]);
    log_set_descriptor(STDERR_FILENO);
    return 0;
}

static size_t logged(char *text, size_t size)
{
    ssize_t len;

    close(ends[1]);
    len = read(ends[0], text, size - 1);
    assert_true(len >= 0);
    text[len] = '\0';
    return (size_t)len;
}

static void a_line_says_level_module_and_what(void **state)
{
    char text[100];

    (void)state;
    log_info("link", "up host=%s", "a");
    (void)logged(text, sizeof(text));
    assert_string_equal(text, "info link up host=a\n");
}

static void lines_above_the_level_are_dropped(void **state)
{
    char text[100];

    (void)state;
    log_debug("link", "no");
    (void)logged(text, sizeof(text));
    assert_string_equal(text, "");
}

static void a_foreign_string_cannot_forge_a_line(void **state)
{
    char text[100];

    (void)state;
    log_warning("link", "%s", "a\nerror \x1b[31m");
    (void)logged(text, sizeof(text));
    assert_string_equal(text, "warning link a?error ?[31m\n");
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
    char longer[3000];
    char text[3000];
    size_t len;

    (void)state;
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    log_error("link", "%s", longer);
    len = logged(text, sizeof(text));
    assert_int_equal(len, 1000);
    assert_int_equal(text[999], '\n');
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_says_level_module_and_what),
        TEST(lines_above_the_level_are_dropped),
        TEST(a_foreign_string_cannot_forge_a_line),
        TEST(a_long_line_is_cut_and_still_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
