/* What cloud/outbox does with a store of which any part is damaged.
 *
 * A store is made once: one that was closed, and one whose agent was killed, so
 * that a WAL lies beside it.  Then, again and again, its files are laid out
 * anew, damaged somewhere (a flipped bit, a zeroed block, an end that is
 * missing, files in each other's place) and opened.  Whatever was done, the
 * outbox opens and takes messages; what comes out is what was put in, to the
 * byte; what does not come out is counted as lost in a file that was set
 * aside; and no number is given a second time.  One thing cannot be known:
 * whether the last group in a WAL is damaged, or was torn by a power cut before
 * anybody was told that it is stored.  It may be missing, but its numbers are
 * not given again.
 *
 * Every 61st byte gets its bit flipped, from a random one on; with --all every
 * byte.  The seed is told; --seed=N takes it again. */

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cloud/outbox_page.h"
#include "core/log.h"
#include "outbox_damage_world.h"
#include "ports/port.h"

/* --- damaging ---------------------------------------------------------------
 */

static void lay_out_one(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static void empty_folder(struct store *s)
{
    DIR *dir = opendir(s->world.folder.path);
    struct dirent *entry;
    int fd;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    (void)closedir(dir);
    fd = open(s->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    log_set_descriptor(fd);
    if (s->log_fd > 0)
        (void)close(s->log_fd);
    s->log_fd = fd;
}

static void lay_out(struct store *s)
{
    empty_folder(s);
    lay_out_one(s->world.path, s->bytes[0], s->sizes[0]);
    if (s->has_wal)
        lay_out_one(s->wal, s->bytes[1], s->sizes[1]);
}

#define STEP 61 /* bytes between those that are hit */

static const char *name_of(int which)
{
    return which == 0 ? "database" : "WAL";
}

__attribute__((format(printf, 2, 3))) static void trial(
    struct store *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(s->what, sizeof(s->what), format, args);
    va_end(args);
    s->trials++;
}

/* What is laid out stands; it is judged. */
static void expect_survived(struct store *s)
{
    const char *fault;

    (void)alarm(60);
    fault = examine(s);
    (void)alarm(0);
    if (fault != NULL)
        wrong(s, "%s", fault);
}

static void flip(struct store *s, int which, size_t at)
{
    unsigned char mask = (unsigned char)(1U << roll(8));

    trial(s, "%s byte %zu of %zu with %02x", name_of(which), at,
        s->sizes[which], mask);
    s->bytes[which][at] ^= mask;
    lay_out(s);
    s->bytes[which][at] ^= mask;
    expect_survived(s);
}

static void flip_each(struct store *s, int which)
{
    size_t step = all ? 1 : STEP;

    for (size_t at = all ? 0 : roll(STEP); at < s->sizes[which]; at += step)
        flip(s, which, at);
}

static void a_closed_store_with_a_flipped_bit_is_survived(void **state)
{
    flip_each(*state, 0);
}

static void a_killed_agents_database_with_a_flipped_bit_is_survived(
    void **state)
{
    flip_each(*state, 0);
}

static void a_killed_agents_wal_with_a_flipped_bit_is_survived(void **state)
{
    flip_each(*state, 1);
}

static void zero(struct store *s, int which, size_t at, size_t len)
{
    unsigned char saved[OUTBOX_PAGE_BYTES];
    size_t here = len < s->sizes[which] - at ? len : s->sizes[which] - at;

    trial(s, "%s zeroed from %zu for %zu", name_of(which), at, here);
    memcpy(saved, s->bytes[which] + at, here);
    memset(s->bytes[which] + at, 0, here);
    lay_out(s);
    memcpy(s->bytes[which] + at, saved, here);
    expect_survived(s);
}

static void zeroed_blocks_are_survived(void **state)
{
    struct store *s = *state;

    for (int which = 0; which < FILES; which++) {
        for (size_t at = 0; at < s->sizes[which]; at += 4096)
            zero(s, which, at, 4096);
        for (size_t at = roll(8) * 512; at < s->sizes[which];
             at += all ? 512 : 4096)
            zero(s, which, at, 512);
    }
}

/* A WAL without its end is what a power cut leaves: that is not damage, and
 * kill -9 and power cuts have tests of their own. */
static void a_database_without_its_end_is_survived(void **state)
{
    struct store *s = *state;
    size_t size = s->sizes[0];

    for (size_t end = 0; end < size; end += all ? 64 : 512 + roll(512)) {
        trial(s, "database of %zu bytes cut at %zu", size, end);
        s->sizes[0] = end;
        lay_out(s);
        s->sizes[0] = size;
        /* An empty one is a new one; nobody knows that there was another. */
        if (end > 0)
            expect_survived(s);
    }
}

static void swap_pages(struct store *s, size_t a, size_t b)
{
    unsigned char page[OUTBOX_PAGE_BYTES];

    memcpy(page, s->bytes[0] + a, sizeof(page));
    memcpy(s->bytes[0] + a, s->bytes[0] + b, sizeof(page));
    memcpy(s->bytes[0] + b, page, sizeof(page));
}

static void pages_in_each_others_place_are_survived(void **state)
{
    struct store *s = *state;

    for (size_t a = 0; a < s->sizes[0]; a += OUTBOX_PAGE_BYTES)
        for (size_t b = 0; b < a; b += OUTBOX_PAGE_BYTES) {
            trial(s, "pages at %zu and %zu swapped", a, b);
            swap_pages(s, a, b);
            lay_out(s);
            swap_pages(s, a, b);
            expect_survived(s);
        }
}

static void files_in_each_others_place_are_survived(void **state)
{
    struct store *s = *state;

    trial(s, "the WAL as the database");
    lay_out(s);
    lay_out_one(s->world.path, s->bytes[1], s->sizes[1]);
    expect_survived(s);
    trial(s, "the database as the WAL");
    lay_out(s);
    lay_out_one(s->wal, s->bytes[0], s->sizes[0]);
    expect_survived(s);
}

/* Of names that SQLite may look for and we never write. */
static void strange_files_beside_it_are_survived(void **state)
{
    static const char *const names[] = {"shm", "journal", "reserve"};
    struct store *s = *state;
    unsigned char junk[8192];
    char path[600];

    for (size_t i = 0; i < 3; i++)
        for (int turn = 0; turn < (all ? 200 : 8); turn++) {
            trial(s, "%s turn %d", names[i], turn);
            for (size_t at = 0; at < sizeof(junk); at++)
                junk[at] = (unsigned char)roll(256);
            lay_out(s);
            (void)snprintf(
                path, sizeof(path), "%s-%s", s->world.path, names[i]);
            lay_out_one(path, junk, sizeof(junk));
            expect_survived(s);
        }
}

static size_t find_text(const struct store *s, const char *text)
{
    size_t len = strlen(text);

    for (size_t at = 0; at + len < s->sizes[0]; at++)
        if (memcmp(s->bytes[0] + at, text, len) == 0)
            return at;
    fail_msg("no %s in the database", text);
    return 0;
}

/* The twin: a page that is damaged and sealed again is what a store without
 * seals would be, and the examination sees it. */
static void damage_that_no_seal_shows_is_seen_by_this_test(void **state)
{
    static char text[10000];
    struct store *s = *state;
    size_t at, page;

    (void)text_of(7, text);
    text[30] = '\0';
    at = find_text(s, text) + 20;
    page = at - at % OUTBOX_PAGE_BYTES;
    s->bytes[0][at] ^= 1;
    lay_out(s);
    assert_null(examine(s));
    outbox_page_seal(s->bytes[0] + page, page);
    lay_out(s);
    assert_string_equal(examine(s), "a message is not what was put");
}

static void read_options(int argc, char **argv)
{
    if (port_random(&seed, sizeof(seed)) != ERR_OK)
        seed = 1;
    for (int i = 1; i < argc; i++) {
        all |= strcmp(argv[i], "--all") == 0;
        if (strncmp(argv[i], "--seed=", 7) == 0)
            seed = (uint32_t)strtoul(argv[i] + 7, NULL, 10);
    }
    print_message("# seed=%" PRIu32 "\n", seed);
}

#define CLOSED(f) cmocka_unit_test_setup_teardown(f, make_closed, unmake)
#define KILLED(f) cmocka_unit_test_setup_teardown(f, make_killed, unmake)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CLOSED(a_closed_store_with_a_flipped_bit_is_survived),
        KILLED(a_killed_agents_database_with_a_flipped_bit_is_survived),
        KILLED(a_killed_agents_wal_with_a_flipped_bit_is_survived),
        KILLED(zeroed_blocks_are_survived),
        CLOSED(a_database_without_its_end_is_survived),
        CLOSED(pages_in_each_others_place_are_survived),
        KILLED(files_in_each_others_place_are_survived),
        CLOSED(strange_files_beside_it_are_survived),
        CLOSED(damage_that_no_seal_shows_is_seen_by_this_test),
    };

    read_options(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
