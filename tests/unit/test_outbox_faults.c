/* What cloud/outbox does when the disk is full, lies, or is not there. */

#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/log.h"
#include "outbox_world.h"
#include "ports/port.h"

/* Files may not grow beyond `bytes`: the kernel's own "no space left". */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == 0 ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Groups of ten until the disk refuses one; how many were stored. */
static uint64_t fill(struct world *w)
{
    static char padding[2000];
    uint64_t stored = 0, id;

    memset(padding, 'x', sizeof(padding));
    for (;; stored += 10) {
        bool refused = false;

        for (int i = 0; i < 10; i++)
            refused |= try_put(w, padding, sizeof(padding), &id) != ERR_OK;
        if (outbox_commit(w->ob) != ERR_OK)
            return stored;
        assert_false(refused);
        assert_true(stored < 10000);
    }
}

static void a_full_disk_is_said_and_nothing_stored_is_lost(void **state)
{
    struct world *w = *state;
    uint64_t stored;

    limit_files(300000);
    stored = fill(w);
    assert_true(stored > 0);
    assert_int_equal(outbox_figures(w->ob).queued, stored);
    assert_false(outbox_needs_commit(w->ob));
    limit_files(0);
    assert_int_equal(count_all(w), stored);
    open_again(w);
    assert_int_equal(count_all(w), stored);
}

static void after_a_full_disk_everything_goes_on_in_order(void **state)
{
    struct world *w = *state;
    uint64_t stored, id, last;

    limit_files(300000);
    stored = fill(w);
    last = outbox_next_id(w->ob) - 1;
    limit_files(0);
    id = store(w, "later");
    assert_true(id > last);
    assert_int_equal(count_all(w), stored + 1);
    open_again(w);
    assert_int_equal(count_all(w), stored + 1);
    assert_int_equal(outbox_figures(w->ob).queued, stored + 1);
}

/* More than SQLite keeps in memory reaches the disk before the commit. */
static void one_refused_put_fails_its_whole_group(void **state)
{
    static char large[100000];
    struct world *w = *state;
    enum err e = ERR_OK;
    uint64_t id;

    store(w, "before");
    limit_files(300000);
    put(w, "same group");
    for (int i = 0; i < 50 && e == ERR_OK; i++)
        e = try_put(w, large, sizeof(large), &id);
    assert_int_equal(e, ERR_IO);
    assert_true(outbox_needs_commit(w->ob));
    limit_files(0);
    assert_int_equal(try_put(w, "x", 1, &id), ERR_IO);
    assert_int_equal(outbox_commit(w->ob), ERR_IO);
    assert_int_equal(outbox_figures(w->ob).queued, 1);
    id = store(w, "after");
    assert_int_equal(take(w, take(w, 0, "before"), "after"), id);
}

static void what_was_forgotten_while_the_disk_was_full_stays_forgotten(
    void **state)
{
    struct world *w = *state;
    struct outbox_message m;
    uint64_t after = 0, stored;

    limit_files(300000);
    stored = fill(w);
    limit_files(40);
    for (uint64_t i = 0; i < stored; i++) {
        assert_true(outbox_take(w->ob, &m));
        after = m.id;
        outbox_forget(w->ob, after);
    }
    assert_int_equal(outbox_commit(w->ob), ERR_IO);
    assert_int_equal(outbox_figures(w->ob).queued, 0);
    outbox_rewind(w->ob);
    assert_nothing_more(w);
    limit_files(0);
    store(w, "later");
    open_again(w);
    take(w, 0, "later");
    assert_int_equal(outbox_figures(w->ob).queued, 1);
}

/* What a failed group had dropped to make room is there again. */
static void a_failed_group_drops_nothing(void **state)
{
    struct world *w = *state;
    uint64_t id;

    w->options.limit_messages = 2;
    open_again(w);
    store(w, "one");
    store(w, "two");
    id = put(w, "six");
    assert_int_equal(outbox_figures(w->ob).dropped, 1);
    limit_files(40);
    assert_int_equal(outbox_commit(w->ob), ERR_IO);
    limit_files(0);
    assert_int_equal(outbox_figures(w->ob).dropped, 0);
    assert_int_equal(outbox_figures(w->ob).queued, 2);
    take(w, take(w, 0, "one"), "two");
    assert_nothing_more(w);
    outbox_rewind(w->ob);
    assert_true(store(w, "new") > id);
}

static void write_at(
    const char *path, off_t offset, const void *bytes, size_t len)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, offset), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static void assert_starts_over(struct world *w)
{
    char name[256];

    assert_int_equal(try_open(w), ERR_OK);
    assert_int_equal(folder_count(&w->folder, "outbox.db.corrupt-", name), 1);
    assert_nothing_more(w);
    store(w, "new");
    open_again(w);
    take(w, 0, "new");
}

static void a_file_that_is_no_database_is_set_aside(void **state)
{
    static const char junk[4096] = "not a database, not at all";
    struct world *w = *state;

    store(w, "one");
    close_outbox(w);
    write_at(w->path, 0, junk, sizeof(junk));
    assert_starts_over(w);
}

static void a_cut_file_is_set_aside_and_ids_still_grow(void **state)
{
    struct world *w = *state;
    uint64_t id = store(w, "one");

    close_outbox(w);
    assert_int_equal(truncate(w->path, 5000), 0);
    assert_starts_over(w);
    assert_true(take(w, 0, "new") > id);
}

static void another_programs_database_is_set_aside(void **state)
{
    struct world *w = *state;
    char command[1200];

    close_outbox(w);
    (void)snprintf(command, sizeof(command),
        "rm '%s' && sqlite3 '%s' 'CREATE TABLE other (x)'", w->path, w->path);
    assert_int_equal(system(command), 0);
    assert_starts_over(w);
}

static void a_file_of_another_format_is_set_aside(void **state)
{
    struct world *w = *state;
    char command[1200];

    close_outbox(w);
    (void)snprintf(command, sizeof(command),
        "sqlite3 '%s' 'PRAGMA user_version = 4'", w->path);
    assert_int_equal(system(command), 0);
    assert_starts_over(w);
}

static void an_empty_file_is_a_new_outbox(void **state)
{
    struct world *w = *state;

    close_outbox(w);
    assert_int_equal(truncate(w->path, 0), 0);
    open_again(w);
    store(w, "one");
    assert_int_equal(folder_count(&w->folder, "outbox.db.corrupt-", NULL), 0);
}

static void only_the_latest_damaged_file_is_kept(void **state)
{
    struct world *w = *state;
    char first[256], second[256];

    close_outbox(w);
    write_at(w->path, 0, "junk", 4);
    assert_int_equal(try_open(w), ERR_OK);
    assert_int_equal(folder_count(&w->folder, "outbox.db.corrupt-", first), 1);
    close_outbox(w);
    write_at(w->path, 0, "junk", 4);
    assert_int_equal(usleep(2000), 0);
    assert_int_equal(try_open(w), ERR_OK);
    assert_int_equal(folder_count(&w->folder, "outbox.db.corrupt-", second), 1);
    assert_string_not_equal(first, second);
}

/* Fill pages, then overwrite all but the first two (schema and counters). */
static void damage_messages(struct world *w)
{
    static const char junk[4096] = "\x2a junk";
    struct stat st;

    for (uint64_t i = 0; i < 3000; i++)
        put(w, "some words that fill a page of the file in the end");
    open_again(w);
    assert_int_equal(stat(w->path, &st), 0);
    assert_true(st.st_size > 100000);
    for (off_t page = 3; page < st.st_size / 4096; page++)
        write_at(w->path, page * 4096, junk, sizeof(junk));
}

static void damage_met_while_running_is_set_aside_and_counted(void **state)
{
    struct world *w = *state;
    struct outbox_message m;
    uint64_t next = outbox_next_id(w->ob) + 3000;

    damage_messages(w);
    while (outbox_take(w->ob, &m))
        outbox_forget(w->ob, m.id);
    assert_true(outbox_needs_commit(w->ob));
    assert_int_equal(outbox_commit(w->ob), ERR_IO);
    assert_false(outbox_needs_commit(w->ob));
    assert_int_equal(folder_count(&w->folder, "outbox.db.corrupt-", NULL), 1);
    assert_true(outbox_figures(w->ob).dropped > 2000);
    assert_int_equal(outbox_figures(w->ob).queued, 0);
    assert_true(store(w, "new") >= next);
    take(w, 0, "new");
}

static void an_outbox_whose_folder_vanished_comes_back_with_it(void **state)
{
    struct world *w = *state;
    struct outbox_message m;
    uint64_t id;

    damage_messages(w);
    while (outbox_take(w->ob, &m))
        outbox_forget(w->ob, m.id);
    folder_remove(&w->folder);
    assert_int_equal(outbox_commit(w->ob), ERR_IO);
    assert_false(outbox_needs_commit(w->ob));
    assert_nothing_more(w);
    outbox_forget(w->ob, 1);
    assert_int_equal(try_put(w, "x", 1, &id), ERR_IO);
    assert_true(outbox_needs_commit(w->ob));
    assert_int_equal(mkdir(w->folder.path, 0700), 0);
    assert_int_equal(outbox_commit(w->ob), ERR_IO);
    store(w, "new");
    take(w, 0, "new");
    assert_true(outbox_figures(w->ob).dropped > 2000);
}

/* A WAL that is still there means a sudden end; then all is checked. */
static void damage_behind_a_sudden_end_is_found_at_once_and_counted(
    void **state)
{
    struct world *w = *state;
    char wal[600];

    damage_messages(w);
    close_outbox(w);
    (void)snprintf(wal, sizeof(wal), "%s-wal", w->path);
    write_at(wal, 0, "x", 1);
    assert_int_equal(try_open(w), ERR_OK);
    assert_int_equal(outbox_figures(w->ob).dropped, 3000);
    assert_int_equal(outbox_figures(w->ob).queued, 0);
    store(w, "new");
}

/* Every amount of memory, up to where it works: a file is called damaged only
 * when it is. */
static void a_lack_of_memory_sets_no_sound_file_aside(void **state)
{
    struct world *w = *state;
    char wal[600];
    int refused = 0;
    sqlite3_int64 bytes = 2000;
    enum err e;

    for (uint64_t i = 0; i < 3000; i++)
        put(w, "some words that fill a page of the file in the end");
    close_outbox(w);
    (void)snprintf(wal, sizeof(wal), "%s-wal", w->path);
    do {
        write_at(wal, 0, "x", 1);
        (void)sqlite3_hard_heap_limit64(bytes);
        e = try_open(w);
        (void)sqlite3_hard_heap_limit64(0);
        refused += e != ERR_OK;
        bytes += 2000;
        assert_true(bytes < 10000000);
    } while (e != ERR_OK);
    assert_true(refused > 3);
    assert_int_equal(folder_count(&w->folder, "outbox.db.corrupt-", NULL), 0);
    assert_int_equal(outbox_figures(w->ob).queued, 3000);
    assert_int_equal(count_all(w), 3000);
}

static void a_second_agent_is_told_to_wait(void **state)
{
    struct world *w = *state;
    struct outbox *second = NULL;

    store(w, "one");
    assert_int_equal(outbox_open(&w->options, &second), ERR_AGAIN);
    assert_null(second);
    store(w, "two");
    assert_int_equal(folder_count(&w->folder, "outbox.db.corrupt-", NULL), 0);
}

static void a_missing_folder_is_an_error(void **state)
{
    struct world *w = *state;
    struct outbox *second = NULL;
    struct outbox_options options = w->options;

    options.path = "/nonexistent/deeper/outbox.db";
    assert_int_equal(outbox_open(&options, &second), ERR_IO);
    assert_null(second);
}

static void a_folder_in_the_files_place_is_an_error(void **state)
{
    struct world *w = *state;

    close_outbox(w);
    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(mkdir(w->path, 0700), 0);
    assert_int_equal(try_open(w), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_is_said_and_nothing_stored_is_lost),
        TEST(after_a_full_disk_everything_goes_on_in_order),
        TEST(one_refused_put_fails_its_whole_group),
        TEST(what_was_forgotten_while_the_disk_was_full_stays_forgotten),
        TEST(a_failed_group_drops_nothing),
        TEST(a_file_that_is_no_database_is_set_aside),
        TEST(a_cut_file_is_set_aside_and_ids_still_grow),
        TEST(another_programs_database_is_set_aside),
        TEST(a_file_of_another_format_is_set_aside),
        TEST(an_empty_file_is_a_new_outbox),
        TEST(only_the_latest_damaged_file_is_kept),
        TEST(damage_met_while_running_is_set_aside_and_counted),
        TEST(an_outbox_whose_folder_vanished_comes_back_with_it),
        TEST(damage_behind_a_sudden_end_is_found_at_once_and_counted),
        TEST(a_lack_of_memory_sets_no_sound_file_aside),
        TEST(a_second_agent_is_told_to_wait),
        TEST(a_missing_folder_is_an_error),
        TEST(a_folder_in_the_files_place_is_an_error),
    };

    (void)signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
