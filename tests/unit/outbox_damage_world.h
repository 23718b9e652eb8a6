/* outbox_damage_world.h - a store that can be laid out again and again, and the
 * judgement of what an outbox makes of it: test_outbox_damage.c. */

#ifndef TESTS_OUTBOX_DAMAGE_WORLD_H
#define TESTS_OUTBOX_DAMAGE_WORLD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/log.h"
#include "outbox_world.h"
#include "ports/port.h"

#define MESSAGES  36
#define FORGOTTEN 3
#define GROUP     4
#define LARGE     5 /* this one fills pages of its own */
#define FILES     2 /* the database, its WAL */
#define TRIES     4

/* What is known of the messages, shared with the child that makes the store. */
struct known {
    uint64_t ids[MESSAGES], seqs[MESSAGES];
    uint64_t next_id;
    char store[OUTBOX_STORE_NAME];
};

struct store {
    struct world world;
    char wal[510], log[510];
    struct known *known;
    unsigned char *bytes[FILES];
    size_t sizes[FILES];
    char what[200]; /* is being tried */
    bool has_wal;
    int log_fd;
    int watched; /* by who removes the folder: folder_watch */
    unsigned trials, aside, torn, exact;
    unsigned came, could; /* messages, out of what was set aside */
};

static bool all;
static uint32_t seed, dice;

static uint32_t roll(uint32_t below)
{
    dice = dice * 1664525 + 1013904223;
    return (dice >> 8) % below;
}

/* --- messages ---------------------------------------------------------------
 */

/* The last message begins a stream: nothing else tells that there is one. */
static const char *stream_of(int i)
{
    return i == MESSAGES - 1 ? "c" : i % 3 == 0 ? "a" : "b";
}

static const char *class_of(int i)
{
    return i % 2 == 0 ? OUTBOX_EVENT : OUTBOX_CRITICAL;
}

static size_t text_of(int i, char text[10000])
{
    size_t len = i == LARGE ? 9000 : (size_t)(40 + i * 37 % 200);
    int begun = snprintf(text, 10000, "%d ", i);

    for (size_t at = (size_t)begun; at < len; at++)
        text[at] = (char)('a' + (at * 7 + (size_t)i) % 26);
    return len;
}

static enum err put_message(struct world *w, int i, uint64_t *id)
{
    static char text[10000];
    const struct outbox_message m = {.topic = stream_of(i),
        .payload = text,
        .len = text_of(i, text),
        .class = class_of(i),
        .stream = stream_of(i)};

    return outbox_put(w->ob, &m, id);
}

/* --- making a store ---------------------------------------------------------
 */

static void put_some(struct store *s, int first, int last)
{
    for (int i = first; i < last; i++) {
        assert_int_equal(put_message(&s->world, i, &s->known->ids[i]), ERR_OK);
        s->known->seqs[i] = 1;
        for (int before = 0; before < i; before++)
            s->known->seqs[i] += stream_of(before)[0] == stream_of(i)[0];
        if (i % GROUP == GROUP - 1)
            commit(&s->world);
    }
}

static void child(struct store *s)
{
    struct outbox_message m;

    if (try_open(&s->world) != ERR_OK)
        _exit(1); /* an assertion would go on with the other tests here */
    put_some(s, 0, 20);
    open_again(&s->world);
    for (int i = 0; i < FORGOTTEN; i++) {
        assert_true(outbox_take(s->world.ob, &m));
        outbox_forget(s->world.ob, m.id);
    }
    put_some(s, 20, MESSAGES);
    s->known->next_id = outbox_next_id(s->world.ob);
    memcpy(s->known->store, outbox_store_name(s->world.ob), OUTBOX_STORE_NAME);
    if (!s->has_wal)
        close_outbox(&s->world);
    _exit(0);
}

static void read_file(struct store *s, int which, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    s->sizes[which] = (size_t)st.st_size;
    s->bytes[which] = malloc(s->sizes[which]);
    assert_int_equal(
        read(fd, s->bytes[which], s->sizes[which]), (ssize_t)s->sizes[which]);
    (void)close(fd);
}

/* In memory where that is possible: it is laid out some thousand times. */
static int make_folder(struct folder *folder)
{
    (void)snprintf(
        folder->path, sizeof(folder->path), "/dev/shm/nameplate-XXXXXX");
    return mkdtemp(folder->path) != NULL ? 0 : folder_make(folder);
}

static int make(void **state, bool has_wal)
{
    static struct store s;
    int status;
    pid_t pid;

    s = (struct store){.has_wal = has_wal};
    if (make_folder(&s.world.folder) != 0)
        return 1;
    s.watched = folder_watch(&s.world.folder);
    (void)snprintf(s.world.path, sizeof(s.world.path), "%s/outbox.db",
        s.world.folder.path);
    (void)snprintf(s.wal, sizeof(s.wal), "%s-wal", s.world.path);
    (void)snprintf(s.log, sizeof(s.log), "%s-log", s.world.path);
    s.world.options = (struct outbox_options){.path = s.world.path,
        .limit_messages = 100000,
        .limit_bytes = 100000000};
    s.known = mmap(NULL, sizeof(*s.known), PROT_READ | PROT_WRITE,
        /* cppcheck-suppress invalidFunctionArg */
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(s.known != MAP_FAILED);
    pid = fork();
    if (pid == 0)
        child(&s);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    read_file(&s, 0, s.world.path);
    if (has_wal)
        read_file(&s, 1, s.wal);
    dice = seed;
    *state = &s;
    return 0;
}

static int make_closed(void **state)
{
    return make(state, false);
}

static int make_killed(void **state)
{
    return make(state, true);
}

static int unmake(void **state)
{
    struct store *s = *state;

    print_message("# %u trials: %u set aside (%u with each loss counted; %u of"
                  " %u messages came out), %u without the last group\n",
        s->trials, s->aside, s->exact, s->came, s->could, s->torn);
    outbox_close(s->world.ob);
    log_set_descriptor(2);
    if (s->log_fd > 0)
        (void)close(s->log_fd);
    folder_remove(&s->world.folder);
    (void)close(s->watched);
    for (int i = 0; i < FILES; i++)
        free(s->bytes[i]);
    return munmap(s->known, sizeof(*s->known));
}

/* --- judging what came of it ------------------------------------------------
 */

static void wrong(struct store *s, const char *format, ...)
{
    char why[300];
    char line[300];
    FILE *log = fopen(s->log, "re");
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    while (log != NULL && fgets(line, sizeof(line), log) != NULL)
        print_message("# %s", line);
    fail_msg("%s: %s; --seed=%" PRIu32, s->what, why, seed);
}

/* Is it a message of ours, to the byte?  Its number, or -1.  One that was
 * salvaged has no `seq` any more. */
static int recognise(const struct store *s, const struct outbox_message *m)
{
    static char text[10000];
    int i = m->len > 0 ? (int)strtol(m->payload, NULL, 10) : -1;

    if (i < 0 || i >= MESSAGES || text_of(i, text) != m->len ||
        memcmp(text, m->payload, m->len) != 0 ||
        strcmp(m->topic, stream_of(i)) != 0 ||
        strcmp(m->class, class_of(i)) != 0 || m->id != s->known->ids[i] ||
        (m->seq != s->known->seqs[i] && m->seq != 0))
        return -1;
    return i;
}

/* A commit that may fail: what it met is set aside then. */
static void settle(struct world *w)
{
    if (outbox_commit(w->ob) != ERR_OK)
        assert_false(outbox_needs_commit(w->ob));
}

/* Take all that there is, over what is met on the way. */
static const char *drain(struct store *s, bool seen[MESSAGES])
{
    struct outbox_message m;

    for (int tries = 0; tries < TRIES; tries++) {
        bool came[MESSAGES] = {false};

        while (outbox_take(s->world.ob, &m)) {
            int i = recognise(s, &m);

            if (i < 0)
                return "a message is not what was put";
            if (came[i])
                return "a message came twice";
            seen[i] = came[i] = true;
        }
        if (!outbox_needs_commit(s->world.ob))
            return NULL;
        settle(&s->world);
    }
    return "it never ends";
}

/* Put a message and see it come out.  False: damage was met and set aside. */
static bool goes_through(struct store *s, int i, struct outbox_message *m)
{
    uint64_t id;

    if (put_message(&s->world, i, &id) != ERR_OK ||
        outbox_commit(s->world.ob) != ERR_OK) {
        settle(&s->world);
        return false;
    }
    while (outbox_take(s->world.ob, m))
        if (m->id == id)
            return true;
    settle(&s->world);
    return false;
}

static const char *judge_numbers(
    const struct store *s, const struct outbox_message *m, uint64_t next_id)
{
    bool same = strcmp(outbox_store_name(s->world.ob), s->known->store) == 0;

    if (next_id < s->known->next_id)
        return "a payload's number is given again";
    for (int i = 0; i < MESSAGES; i++) {
        if (m->id == s->known->ids[i])
            return "an id is given again";
        if (same && strcmp(stream_of(i), m->topic) == 0 &&
            m->seq <= s->known->seqs[i])
            return "a stream's number is given again";
    }
    return NULL;
}

/* New messages are stored, and their numbers are new. */
static const char *put_more(struct store *s)
{
    struct outbox_message m;
    const char *fault = NULL;

    for (int i = 0; i < 7 && fault == NULL; i++) {
        int tries = 0;

        while (!goes_through(s, i < 6 ? i : MESSAGES - 1, &m))
            if (++tries == TRIES)
                return "nothing new is stored";
        fault = judge_numbers(s, &m, outbox_next_id(s->world.ob) - 1);
    }
    return fault;
}

static uint64_t lost(const struct outbox_figures *f)
{
    uint64_t count = 0;

    for (size_t i = 0; i < f->class_count; i++)
        count += f->classes[i].dropped[OUTBOX_LOST];
    return count;
}

/* Only messages of the last group, which could be torn?  Of the last two when
 * the mark is hit that ends the first of them. */
static bool only_the_last_group(const bool seen[MESSAGES])
{
    for (int i = FORGOTTEN * 2; i < MESSAGES - 2 * GROUP; i++)
        if (!seen[i])
            return false;
    return true;
}

static const char *account(struct store *s, const bool seen[MESSAGES])
{
    struct outbox_figures f = outbox_figures(s->world.ob);
    int missing = -FORGOTTEN;

    for (int i = 0; i < MESSAGES; i++)
        missing += !seen[i];
    s->aside += f.set_aside > 0;
    s->came += f.set_aside > 0 ? (unsigned)(MESSAGES - FORGOTTEN - missing) : 0;
    s->could += f.set_aside > 0 ? MESSAGES - FORGOTTEN : 0;
    s->exact += f.set_aside > 0 && lost(&f) >= (uint64_t)missing;
    if (missing <= 0 || f.set_aside > 0)
        return NULL;
    if (!s->has_wal || !only_the_last_group(seen))
        return "messages are gone and nobody says so";
    s->torn++;
    return NULL;
}

static const char *examine(struct store *s)
{
    bool seen[MESSAGES] = {false};
    struct outbox_figures f;
    const char *fault;

    if (try_open(&s->world) != ERR_OK)
        return "it does not open";
    fault = drain(s, seen);
    if (fault == NULL)
        fault = put_more(s);
    if (fault == NULL)
        fault = account(s, seen);
    close_outbox(&s->world);
    if (fault == NULL && try_open(&s->world) != ERR_OK)
        fault = "it does not open again";
    if (fault == NULL) {
        f = outbox_figures(s->world.ob);
        if (f.queued + lost(&f) < 7) /* it may lie in a damaged page */
            fault = "what is new is gone and nobody says so";
    }
    close_outbox(&s->world);
    return fault;
}

#endif
