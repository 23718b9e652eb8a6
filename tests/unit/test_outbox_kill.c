/* What cloud/outbox promises to survive kill -9.
 *
 * A child puts groups of messages, takes and forgets others, and tells over a
 * pipe what it knows to be durable.  It is killed at a random moment, and the
 * file must hold what it told: round after round, always the same file.  The
 * twin tells at once and commits every third group, and must be caught. */

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "core/log.h"
#include "outbox_world.h"
#include "ports/port.h"

#define ROUNDS 40
#define GROUP  5
#define IDS    200000

struct tale {
    enum { STORED, FORGETTING, FORGOTTEN } what;
    uint64_t id;
};

struct record {
    uint64_t base; /* the file's first id */
    bool stored[IDS], forgetting[IDS], forgotten[IDS];
    uint64_t told, missing, risen, disordered;
};

static void tell(int fd, int what, uint64_t id)
{
    const struct tale tale = {.what = (unsigned)what, .id = id};

    if (write(fd, &tale, sizeof(tale)) != sizeof(tale))
        _exit(1);
}

static void tell_all(int fd, int what, const uint64_t ids[GROUP])
{
    for (size_t i = 0; i < GROUP; i++)
        if (ids[i] != 0)
            tell(fd, what, ids[i]);
}

/* Forget some of the oldest, fewer than were put. */
static void forget_some(struct world *w, int fd, uint64_t ids[GROUP])
{
    struct outbox_message m;

    for (size_t i = 0; i < GROUP - 1 && outbox_take(w->ob, &m); i++)
        ids[i] = m.id;
    tell_all(fd, FORGETTING, ids);
    for (size_t i = 0; i < GROUP; i++)
        if (ids[i] != 0)
            outbox_forget(w->ob, ids[i]);
}

static void child(struct world *w, int fd, bool early)
{
    if (try_open(w) != ERR_OK)
        _exit(1);
    for (int turn = 1;; turn++) {
        uint64_t put_ids[GROUP], gone[GROUP] = {0};

        for (size_t i = 0; i < GROUP; i++)
            put_ids[i] = put_number(w, outbox_next_id(w->ob));
        forget_some(w, fd, gone);
        if (early)
            tell_all(fd, STORED, put_ids);
        if (early && turn % 3 != 0)
            continue;
        if (outbox_commit(w->ob) != ERR_OK)
            _exit(1);
        if (!early)
            tell_all(fd, STORED, put_ids);
        tell_all(fd, FORGOTTEN, gone);
    }
}

static void listen_to(struct record *r, int fd)
{
    struct tale tale;

    while (read(fd, &tale, sizeof(tale)) == sizeof(tale)) {
        uint64_t n = tale.id - r->base;

        assert_true(n < IDS);
        r->told++;
        if (tale.what == STORED)
            r->stored[n] = true;
        else if (tale.what == FORGETTING)
            r->forgetting[n] = true;
        else
            r->forgotten[n] = true;
    }
}

/* Let a child work until `moment_us`, kill it, note what it told. */
static void one_life(
    struct world *w, struct record *r, bool early, long moment_us)
{
    const struct timespec moment = {0, moment_us * 1000};
    int ends[2], status;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        child(w, ends[1], early);
    }
    close(ends[1]);
    nanosleep(&moment, NULL);
    assert_int_equal(kill(pid, SIGKILL), 0);
    listen_to(r, ends[0]);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

/* Compare the file with what was told. */
static void examine(struct world *w, struct record *r)
{
    static bool here[IDS];
    struct outbox_message m;
    uint64_t after = 0, count = 0;

    memset(here, 0, sizeof(here));
    assert_int_equal(try_open(w), ERR_OK);
    for (; outbox_take(w->ob, &m); count++) {
        char text[32];

        (void)snprintf(text, sizeof(text), "%" PRIu64, m.id);
        r->disordered += m.id <= after || m.len != strlen(text) ||
            memcmp(m.payload, text, m.len) != 0;
        after = m.id;
        assert_true(m.id - r->base < IDS);
        here[m.id - r->base] = true;
    }
    assert_int_equal(outbox_figures(w->ob).queued, count);
    for (size_t i = 0; i < IDS; i++) {
        r->missing += r->stored[i] && !r->forgetting[i] && !here[i];
        r->risen += r->forgotten[i] && here[i];
    }
    close_outbox(w);
}

/* Kills come at moments spread over the child's whole life. */
static void many_lives(struct world *w, struct record *r, bool early)
{
    memset(r, 0, sizeof(*r));
    r->base = outbox_next_id(w->ob);
    close_outbox(w);
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t random;

        assert_int_equal(port_random(&random, sizeof(random)), ERR_OK);
        one_life(w, r, early, (long)(random % 40000));
        examine(w, r);
    }
    assert_true(r->told > ROUNDS * GROUP);
}

static void what_was_committed_survives_kill_9_in_order(void **state)
{
    static struct record r;

    many_lives(*state, &r, false);
    assert_int_equal(r.missing, 0);
    assert_int_equal(r.risen, 0);
    assert_int_equal(r.disordered, 0);
}

static void an_outbox_that_tells_before_its_commit_is_caught(void **state)
{
    static struct record r;

    many_lives(*state, &r, true);
    assert_true(r.missing > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_committed_survives_kill_9_in_order),
        TEST(an_outbox_that_tells_before_its_commit_is_caught),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
