/* What cloud/outbox does on a disk that it fills itself: a file system of four
 * megabytes, in a mount namespace of this program.  Where the system allows no
 * such namespace, the tests are skipped and say so. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* unshare */
#endif
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "core/log.h"
#include "outbox_world.h"

static int own_namespace; /* 0, or the errno of why not */

static int set_up_disk(void **state)
{
    struct world *w;

    if (own_namespace != 0)
        return 0;
    if (set_up(state) != 0)
        return 1;
    w = *state;
    close_outbox(w);
    if (mount("outbox", w->folder.path, "tmpfs", 0, "size=4m") != 0)
        return 1;
    return try_open(w) != ERR_OK;
}

static int tear_down_disk(void **state)
{
    struct world *w = *state;

    if (own_namespace != 0)
        return 0;
    close_outbox(w);
    if (umount(w->folder.path) != 0)
        return 1;
    return tear_down(state);
}

static void skip_without_disk(void)
{
    if (own_namespace == 0)
        return;
    print_message("# no mount namespace: %s\n", strerror(own_namespace));
    skip();
}

/* Groups of ten until the disk refuses; how many are queued. */
static uint64_t fill(struct world *w)
{
    static char padding[2000];
    uint64_t id;
    bool stored = true;

    memset(padding, 'x', sizeof(padding));
    for (int groups = 0; stored; groups++) {
        for (int i = 0; i < 10; i++)
            stored &= try_put(w, padding, sizeof(padding), &id) == ERR_OK;
        stored &= outbox_commit(w->ob) == ERR_OK;
        assert_true(groups < 1000);
    }
    return outbox_figures(w->ob).queued;
}

static uint64_t forget(struct world *w, uint64_t count)
{
    struct outbox_message m;
    uint64_t after = 0;

    while (count-- > 0) {
        assert_true(outbox_take(w->ob, &m));
        after = m.id;
        outbox_forget(w->ob, after);
    }
    return after;
}

static void what_fills_the_disk_can_be_sent_and_forgotten(void **state)
{
    struct world *w = *state;
    uint64_t stored;

    skip_without_disk();
    stored = fill(w);
    assert_true(stored > 500);
    for (uint64_t left = stored; left > 0;) {
        uint64_t some = left < 100 ? left : 100;

        forget(w, some);
        left -= some;
        commit(w);
        assert_int_equal(outbox_figures(w->ob).queued, left);
    }
    open_again(w);
    assert_int_equal(count_all(w), 0);
}

static void room_that_was_made_is_used_again(void **state)
{
    struct world *w = *state;
    uint64_t stored, later;

    skip_without_disk();
    for (int round = 0; round < 5; round++) {
        stored = fill(w);
        forget(w, stored);
        commit(w);
        outbox_rewind(w->ob);
        later = store(w, "later");
        forget(w, 1);
        assert_int_equal(outbox_commit(w->ob), ERR_OK);
        assert_true(later > 0);
        assert_true(stored > 500);
    }
}

/* Fill the disk, forget half, and end as a kill would; the other half is told
 * over a pipe. */
static void live_and_die(struct world *w, int fd)
{
    uint64_t left;

    if (try_open(w) != ERR_OK)
        _exit(1);
    left = fill(w);
    forget(w, left / 2);
    left -= left / 2;
    if (outbox_commit(w->ob) != ERR_OK ||
        write(fd, &left, sizeof(left)) != sizeof(left))
        _exit(1);
    (void)raise(SIGKILL);
}

static void a_kill_on_a_full_disk_loses_nothing(void **state)
{
    struct world *w = *state;
    uint64_t left = 0;
    int ends[2], status;
    pid_t pid;

    skip_without_disk();
    close_outbox(w);
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        live_and_die(w, ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(read(ends[0], &left, sizeof(left)), sizeof(left));
    close(ends[0]);
    close(ends[1]);
    assert_true(left > 100);
    open_again(w);
    assert_int_equal(count_all(w), left);
}

/* The twin: the reserve is what lets it forget. */
static void without_a_reserve_a_full_disk_would_stay_full(void **state)
{
    struct world *w = *state;
    char reserve[600], ballast[600];
    uint64_t stored;
    int fd;

    skip_without_disk();
    stored = fill(w);
    (void)snprintf(reserve, sizeof(reserve), "%s-reserve", w->path);
    (void)snprintf(ballast, sizeof(ballast), "%s/ballast", w->folder.path);
    assert_int_equal(rename(reserve, ballast), 0);
    fd = open(ballast, O_WRONLY | O_APPEND);
    while (write(fd, ballast, sizeof(ballast)) > 0)
        ;
    close(fd);
    forget(w, stored);
    assert_int_equal(outbox_commit(w->ob), ERR_IO);
    open_again(w);
    assert_int_equal(count_all(w), stored);
}

#define ON_DISK(f)                                                             \
    cmocka_unit_test_setup_teardown(f, set_up_disk, tear_down_disk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DISK(what_fills_the_disk_can_be_sent_and_forgotten),
        ON_DISK(room_that_was_made_is_used_again),
        ON_DISK(a_kill_on_a_full_disk_loses_nothing),
        ON_DISK(without_a_reserve_a_full_disk_would_stay_full),
    };

    if ((unshare(CLONE_NEWNS) != 0 &&
            unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ||
        mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        own_namespace = errno;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
