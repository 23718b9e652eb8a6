/* What links have learnt is there after a restart, and a broken file is no
 * harm. */

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cloud/link_memory.h"
#include "cmocka_all.h"
#include "core/file.h"
#include "folder.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct brokers two;

static int set_up(void **state)
{
    static struct folder folder;

    *state = &folder;
    return folder_make(&folder) != 0 ||
        brokers_parse("a.example, [fd00::1]:443", 8883, &two) != ERR_OK;
}

static int tear_down(void **state)
{
    folder_remove(*state);
    return 0;
}

static struct link_memory *open_with(void **state, uint16_t floor_s)
{
    const struct link_memory_options options = {
        .folder = ((struct folder *)*state)->path,
        .brokers = &two,
        .bounds = {floor_s, 60}
    };
    struct link_memory *m;

    assert_int_equal(link_memory_new(&options, &m), ERR_OK);
    return m;
}

static struct link_memory *open_memory(void **state)
{
    return open_with(state, 30);
}

static void path_of(void **state, char path[500])
{
    (void)snprintf(path, 500, "%s/link", ((struct folder *)*state)->path);
}

static void write_file(void **state, const char *text, size_t len)
{
    char path[500];

    path_of(state, path);
    assert_int_equal(file_replace(path, text, len), ERR_OK);
}

static void nothing_is_known_at_first(void **state)
{
    struct link_memory *m = open_memory(state);

    assert_int_equal(link_memory_route(m).broker, 0);
    assert_int_equal(link_memory_route(m).family, 0);
    assert_int_equal(link_memory_rhythm(m).now_s, 60);
    assert_int_equal(link_memory_bounds(m).floor_s, 30);
    link_memory_free(m);
    link_memory_free(NULL);
}

static void what_was_learnt_is_there_after_a_restart(void **state)
{
    const struct link_route route = {1, AF_INET6};
    const struct rhythm learnt = {.now_s = 40, .good_s = 40, .bad_s = 60};
    struct link_memory *m = open_memory(state);

    link_memory_settled(m, &route, 1000);
    link_memory_ended(m, &learnt, 0, 2000);
    link_memory_free(m);
    m = open_memory(state);
    assert_int_equal(link_memory_route(m).broker, 1);
    assert_int_equal(link_memory_route(m).family, AF_INET6);
    assert_int_equal(link_memory_rhythm(m).now_s, 40);
    assert_int_equal(link_memory_rhythm(m).good_s, 40);
    assert_int_equal(link_memory_rhythm(m).bad_s, 60);
    link_memory_free(m);
}

static void a_broker_that_is_configured_no_more_is_forgotten(void **state)
{
    const struct link_route route = {1, AF_INET};
    struct link_memory *m = open_memory(state);

    link_memory_settled(m, &route, 1000);
    link_memory_free(m);
    assert_int_equal(brokers_parse("a.example, [fd00::1]:444", 8883, &two), 0);
    m = open_memory(state);
    assert_int_equal(link_memory_route(m).broker, 0);
    assert_int_equal(link_memory_route(m).family, 0);
    link_memory_free(m);
    assert_int_equal(brokers_parse("[fd00::1]:443", 8883, &two), 0);
    m = open_memory(state);
    assert_int_equal(link_memory_route(m).broker, 0); /* its place changed */
    assert_int_equal(link_memory_route(m).family, AF_INET);
    link_memory_free(m);
}

#define GOOD "nameplate link 1\nbroker a.example:8883\nfamily 4\n"

static void a_broken_file_is_no_harm(void **state)
{
    static const char *const broken[] = {"", "nameplate link 1\n",
        "nameplate link 2\nbroker a.example:8883\nfamily 4\nsilence 40 good 0 "
        "bad 0\n",
        GOOD "silence 40 good 0 bad 0", GOOD "silence 40 good 0 bad 0\n\n",
        GOOD "silence -1 good 0 bad 0\n", GOOD "silence 65536 good 0 bad 0\n",
        GOOD "silence 99999999999999999999 good 0 bad 0\n",
        GOOD "silence 40 good 50 bad 45\n", GOOD "silence 0 good 0 bad 0\n",
        GOOD "silence  40 good 0 bad 0\n", GOOD "silence 40 good 0 bad\n",
        "nameplate link 1\nbroker a.example:8883\nfamily 5\nsilence 40 good 0 "
        "bad 0\n",
        "nameplate link 1\nbroker a.example:8883"};
    char long_text[600];

    for (size_t i = 0; i < COUNT(broken); i++) {
        struct link_memory *m;

        write_file(state, broken[i], strlen(broken[i]));
        m = open_memory(state);
        if (link_memory_rhythm(m).now_s != 60 ||
            link_memory_route(m).family != 0)
            fail_msg("believed: %s", broken[i]);
        link_memory_free(m);
    }
    memset(long_text, 'x', sizeof(long_text));
    write_file(state, long_text, sizeof(long_text));
    link_memory_free(open_memory(state));
    write_file(state, GOOD "silence 40 good 0 bad 0\n\0", 74);
    link_memory_free(open_memory(state));
}

/* The twin of the above: what it would be without the fault. */
static void the_same_file_without_a_fault_is_believed(void **state)
{
    static const char text[] = GOOD "silence 40 good 0 bad 0\n";
    struct link_memory *m;

    write_file(state, text, sizeof(text) - 1);
    m = open_memory(state);
    assert_int_equal(link_memory_rhythm(m).now_s, 40);
    assert_int_equal(link_memory_route(m).family, AF_INET);
    link_memory_free(m);
    m = open_with(state, 50); /* and fitted */
    assert_int_equal(link_memory_rhythm(m).now_s, 50);
    link_memory_free(m);
}

static void only_a_death_that_a_connection_follows_at_once_is_silences(
    void **state)
{
    const struct link_route route = {0, AF_INET};
    const struct rhythm fresh = {.now_s = 60};
    struct link_memory *m = open_memory(state);

    link_memory_ended(m, &fresh, 60, 1000);
    link_memory_settled(m, &route, 1001 + LINK_MEMORY_SOON_MS);
    assert_int_equal(link_memory_rhythm(m).now_s, 60); /* an outage */
    link_memory_ended(m, &fresh, 0, 50000);
    link_memory_settled(m, &route, 50001);
    assert_int_equal(link_memory_rhythm(m).now_s, 60); /* not silence */
    link_memory_ended(m, &fresh, 60, 100000);
    link_memory_settled(m, &route, 100000 + LINK_MEMORY_SOON_MS);
    assert_int_equal(link_memory_rhythm(m).now_s, 40);
    link_memory_free(m);
    m = open_memory(state); /* written down at once */
    assert_int_equal(link_memory_rhythm(m).now_s, 40);
    link_memory_free(m);
}

static void a_store_that_cannot_be_written_is_no_harm(void **state)
{
    const struct link_route route = {1, AF_INET};
    char path[500];
    struct link_memory *m = open_memory(state);

    path_of(state, path);
    assert_int_equal(mkdir(path, 0700), 0); /* a folder where the file goes */
    link_memory_settled(m, &route, 1000);
    assert_int_equal(link_memory_route(m).broker, 1);
    link_memory_free(m);
    m = open_memory(state);
    assert_int_equal(link_memory_route(m).broker, 0);
    link_memory_free(m);
}

static void a_folder_with_too_long_a_name_is_refused(void **state)
{
    static char name[5000];
    const struct link_memory_options options = {
        .folder = name, .brokers = &two, .bounds = {30, 60}
    };
    struct link_memory *m;

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    assert_int_equal(link_memory_new(&options, &m), ERR_TOO_BIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_known_at_first),
        TEST(what_was_learnt_is_there_after_a_restart),
        TEST(a_broker_that_is_configured_no_more_is_forgotten),
        TEST(a_broken_file_is_no_harm),
        TEST(the_same_file_without_a_fault_is_believed),
        TEST(only_a_death_that_a_connection_follows_at_once_is_silences),
        TEST(a_store_that_cannot_be_written_is_no_harm),
        TEST(a_folder_with_too_long_a_name_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
