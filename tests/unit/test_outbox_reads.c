/* What cloud/outbox does when the disk refuses to read.
 *
 * SQLite takes EIO for damage, but a disk may come back: nothing is set aside
 * for it until it has lasted.  The system call below SQLite is ours here, and
 * so is the clock. */

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cloud/outbox_wear.h"
#include "core/log.h"
#include "outbox_world.h"

#define KEPT 2000 /* messages */
#define FEW  15   /* reads, much less than there are pages */

int64_t __wrap_port_monotonic_ms(void);

static int64_t now_ms = 1000;
static int64_t read_ms; /* that a read takes */
static int reads;
static bool refuses;

int64_t __wrap_port_monotonic_ms(void)
{
    return now_ms;
}

static ssize_t maybe_read(int fd, void *bytes, size_t len, off_t at)
{
    reads++;
    now_ms += read_ms;
    if (!refuses)
        return pread(fd, bytes, len, at);
    errno = EIO;
    return -1;
}

static void replace_call(const char *name, sqlite3_syscall_ptr call)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

    /* Which of the two SQLite uses is its build's choice. */
    (void)vfs->xSetSystemCall(vfs, name, call);
}

static int set_up_reads(void **state)
{
    int failed = set_up(state);
    struct world *w = *state;

    for (uint64_t i = 0; failed == 0 && i < KEPT; i++)
        put(w, "some words that fill a page of the file in the end");
    close_outbox(w);
    refuses = false;
    replace_call("pread", (sqlite3_syscall_ptr)maybe_read);
    replace_call("pread64", (sqlite3_syscall_ptr)maybe_read);
    return failed;
}

static int tear_down_reads(void **state)
{
    refuses = false;
    replace_call("pread", NULL);
    replace_call("pread64", NULL);
    return tear_down(state);
}

static int set_aside(const struct world *w)
{
    return folder_count(&w->folder, "outbox.db.corrupt-", NULL);
}

/* It fails, and then it is known whether the disk takes messages again. */
static void try_to_store(struct world *w)
{
    uint64_t id;

    assert_int_equal(try_put(w, "x", 1, &id), ERR_IO);
    assert_int_equal(outbox_commit(w->ob), ERR_IO);
}

static void a_disk_that_refuses_to_read_at_the_start_is_waited_for(void **state)
{
    struct world *w = *state;

    refuses = true;
    assert_int_equal(try_open(w), ERR_OK);
    assert_true(outbox_figures(w->ob).failing);
    refuses = false;
    now_ms += OUTBOX_RETRY_MS;
    try_to_store(w);
    assert_false(outbox_figures(w->ob).failing);
    assert_int_equal(count_all(w), 2000);
    assert_int_equal(set_aside(w), 0);
}

static void a_disk_that_refuses_to_read_while_running_is_waited_for(
    void **state)
{
    struct world *w = *state;
    struct outbox_message m;

    assert_int_equal(try_open(w), ERR_OK);
    refuses = true;
    while (outbox_take(w->ob, &m))
        continue;
    now_ms += OUTBOX_WEAR_UNREADABLE_MS - 1;
    assert_false(outbox_take(w->ob, &m));
    assert_false(outbox_needs_commit(w->ob));
    refuses = false;
    assert_int_equal(count_all(w), 2000);
    assert_int_equal(set_aside(w), 0);
}

static void a_place_that_cannot_be_read_for_long_is_damaged(void **state)
{
    struct world *w = *state;
    struct outbox_message m;

    assert_int_equal(try_open(w), ERR_OK);
    refuses = true;
    while (outbox_take(w->ob, &m))
        continue;
    now_ms += OUTBOX_WEAR_UNREADABLE_MS;
    assert_false(outbox_take(w->ob, &m));
    assert_true(outbox_needs_commit(w->ob));
    refuses = false;
    assert_int_equal(outbox_commit(w->ob), ERR_IO);
    assert_int_equal(set_aside(w), 1);
    store(w, "new");
}

static void a_disk_that_refuses_is_not_asked_all_the_time(void **state)
{
    struct world *w = *state;

    refuses = true;
    assert_int_equal(try_open(w), ERR_OK);
    now_ms += OUTBOX_RETRY_MS;
    try_to_store(w);
    refuses = false;
    now_ms += OUTBOX_RETRY_MS - 1;
    try_to_store(w);
    assert_true(outbox_figures(w->ob).failing);
    now_ms += 1;
    try_to_store(w);
    assert_false(outbox_figures(w->ob).failing);
}

/* --- a look at a whole file ------------------------------------------------
 */

static void be_killed(struct world *w)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        if (try_open(w) == ERR_OK) {
            put(w, "one more");
            commit(w);
        }
        _exit(0); /* and its WAL stays */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
}

/* Reads of the file until it is open. */
static int open_after_a_kill(struct world *w, int64_t each_ms)
{
    be_killed(w);
    reads = 0;
    read_ms = each_ms;
    assert_int_equal(try_open(w), ERR_OK);
    read_ms = 0;
    return reads;
}

static void a_look_at_a_file_that_takes_long_is_cut_short(void **state)
{
    struct world *w = *state;

    assert_in_range(open_after_a_kill(w, 100), 1, FEW);
    assert_false(outbox_figures(w->ob).failing);
    assert_int_equal(set_aside(w), 0);
    assert_int_equal(count_all(w), KEPT + 1);
    store(w, "new");
}

/* The twin: it is the time that cuts it short. */
static void a_look_that_takes_no_time_sees_the_whole_file(void **state)
{
    struct world *w = *state;

    assert_true(open_after_a_kill(w, 0) > 2 * FEW);
    assert_int_equal(set_aside(w), 0);
    assert_int_equal(count_all(w), KEPT + 1);
}

#define TEST_READS(f)                                                          \
    cmocka_unit_test_setup_teardown(f, set_up_reads, tear_down_reads)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_READS(a_disk_that_refuses_to_read_at_the_start_is_waited_for),
        TEST_READS(a_disk_that_refuses_to_read_while_running_is_waited_for),
        TEST_READS(a_place_that_cannot_be_read_for_long_is_damaged),
        TEST_READS(a_disk_that_refuses_is_not_asked_all_the_time),
        TEST_READS(a_look_at_a_file_that_takes_long_is_cut_short),
        TEST_READS(a_look_that_takes_no_time_sees_the_whole_file),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
