/* An outbox against a model of it: what it does in any order of calls.
 *
 * The model is a list of messages for each class, and the rules in their most
 * simple words.  Thousands of random steps (the seed is fixed and told) put,
 * commit, take, forget, put back, rewind, let time pass, sweep and restart;
 * after each the counts must agree, and what is taken must be what the model
 * takes. The twin drops one message behind the model's back, and must be
 * caught. */

#include <stdbool.h>
#include <stdlib.h>

#include "core/log.h"
#include "outbox_classes_world.h"

#define STEPS    8000
#define MESSAGES 25 /* the outbox's limit */
#define LISTED   400
#define CLASSES  4

struct entry {
    int number;
    int64_t put_ms;
    uint64_t id, seq;
    bool flying, committed, backlog;
};

struct list {
    struct entry entries[LISTED];
    size_t count;
    uint64_t seq, turn, dropped, refused;
};

struct model {
    struct classes_world *cw;
    struct list lists[CLASSES]; /* as cw->classes */
    uint64_t turn;
    int next;
    uint32_t random;
};

static uint32_t roll(struct model *m, uint32_t below)
{
    m->random = m->random * 1664525 + 1013904223;
    return (m->random >> 8) % below;
}

static void remove_at(struct list *l, size_t i)
{
    memmove(l->entries + i, l->entries + i + 1,
        (l->count - i - 1) * sizeof(l->entries[0]));
    l->count--;
}

static size_t idle(const struct list *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->count; i++)
        n += !l->entries[i].flying;
    return n;
}

static size_t total(const struct model *m)
{
    size_t n = 0;

    for (size_t i = 0; i < CLASSES; i++)
        n += m->lists[i].count;
    return n;
}

/* The oldest, or the newest, that is not in flight. */
static void drop_one(struct list *l, bool newest)
{
    size_t found = l->count;

    for (size_t i = 0; i < l->count; i++)
        if (!l->entries[i].flying && (found == l->count || newest))
            found = i;
    assert_true(found < l->count);
    remove_at(l, found);
    l->dropped++;
}

static size_t share_of(const struct model *m, size_t c)
{
    return outbox_class_share(
        &m->cw->classes[c], (struct outbox_load){MESSAGES, 1000000})
        .messages;
}

static bool yields(const struct model *m, size_t victim, size_t c)
{
    return victim == c ||
        m->cw->classes[victim].priority < m->cw->classes[c].priority;
}

/* Whose message makes room; CLASSES: nobody's need. */
static size_t victim_of(const struct model *m, size_t c)
{
    size_t lowest = c;

    if (m->lists[c].count >= share_of(m, c))
        return c;
    if (total(m) < MESSAGES)
        return CLASSES;
    for (size_t i = 0; i < CLASSES; i++)
        if (yields(m, i, lowest) && idle(&m->lists[i]) > 0)
            lowest = i;
    return lowest;
}

static bool could_make_room(const struct model *m, size_t c)
{
    size_t flying = 0;

    for (size_t i = 0; i < CLASSES; i++)
        flying += yields(m, i, c) ? m->lists[i].count - idle(&m->lists[i])
                                  : m->lists[i].count;
    return m->lists[c].count - idle(&m->lists[c]) < share_of(m, c) &&
        flying < MESSAGES;
}

static bool newest_drops(const struct model *m, size_t c)
{
    return m->cw->classes[c].when_full == OUTBOX_DROP_NEWEST;
}

static enum err model_put(struct model *m, size_t c, bool or_busy)
{
    struct list *l = &m->lists[c];
    size_t victim = victim_of(m, c);

    if (victim != CLASSES && (or_busy || !could_make_room(m, c))) {
        l->refused++;
        return ERR_AGAIN;
    }
    if (victim == c && newest_drops(m, c)) {
        l->dropped++;
        return ERR_AGAIN;
    }
    for (; victim != CLASSES; victim = victim_of(m, c))
        drop_one(&m->lists[victim], newest_drops(m, victim));
    assert_true(l->count < LISTED);
    l->entries[l->count++] = (struct entry){
        .number = m->next, .put_ms = m->cw->now.wall_ms, .seq = ++l->seq};
    return ERR_OK;
}

static void step_put(struct model *m)
{
    size_t c = roll(m, CLASSES);
    bool or_busy = roll(m, 4) == 0;
    char text[16];
    enum err wanted;

    (void)snprintf(text, sizeof(text), "%d", m->next);
    wanted = model_put(m, c, or_busy);
    assert_int_equal(
        try_put_in(m->cw, m->cw->classes[c].name, text, or_busy), wanted);
    m->next++;
}

static void model_commit(struct model *m)
{
    for (size_t c = 0; c < CLASSES; c++)
        for (size_t i = 0; i < m->lists[c].count; i++)
            m->lists[c].entries[i].committed = true;
}

static bool is_over(const struct model *m, size_t c, const struct entry *e)
{
    return outbox_class_left_ms(
               &m->cw->classes[c], e->put_ms, m->cw->now.wall_ms) == 0;
}

/* The next to go of a list, dropping what is over; l->count: none. */
static size_t next_of(struct model *m, size_t c)
{
    struct list *l = &m->lists[c];
    bool newest_first = m->cw->classes[c].newest_first;

    for (;;) {
        size_t found = l->count;

        for (size_t i = 0; i < l->count && found == l->count; i++)
            if (!l->entries[i].flying && l->entries[i].committed &&
                !(newest_first && l->entries[i].backlog))
                found = i;
        for (size_t i = l->count; newest_first && found == l->count && i-- > 0;)
            if (!l->entries[i].flying && l->entries[i].backlog) {
                found = i;
                break;
            }
        if (found == l->count || !is_over(m, c, &l->entries[found]))
            return found;
        remove_at(l, found);
        l->dropped++;
    }
}

static struct entry *model_take(struct model *m, size_t *class)
{
    bool asked[CLASSES] = {false};

    for (size_t round = 0; round < CLASSES; round++) {
        size_t best = CLASSES, i;

        for (size_t c = 0; c < CLASSES; c++) {
            unsigned mine = m->cw->classes[c].priority;

            if (asked[c])
                continue;
            if (best == CLASSES || mine > m->cw->classes[best].priority ||
                (mine == m->cw->classes[best].priority &&
                    m->lists[c].turn < m->lists[best].turn))
                best = c;
        }
        asked[best] = true;
        i = next_of(m, best);
        if (i == m->lists[best].count)
            continue;
        m->lists[best].turn = ++m->turn;
        m->lists[best].entries[i].flying = true;
        *class = best;
        return &m->lists[best].entries[i];
    }
    return NULL;
}

static void step_take(struct model *m)
{
    struct outbox_message got;
    size_t class = 0;
    struct entry *wanted = model_take(m, &class);
    char text[16];

    assert_int_equal(outbox_take(m->cw->world.ob, &got), wanted != NULL);
    if (wanted == NULL)
        return;
    (void)snprintf(text, sizeof(text), "%d", wanted->number);
    assert_int_equal(got.len, strlen(text));
    assert_memory_equal(got.payload, text, got.len);
    assert_string_equal(got.class, m->cw->classes[class].name);
    assert_int_equal(got.seq, wanted->seq);
    wanted->id = got.id;
}

/* Any of those in flight is acknowledged. */
static void step_forget(struct model *m)
{
    struct list *l = &m->lists[roll(m, CLASSES)];

    for (size_t i = 0; i < l->count; i++)
        if (l->entries[i].flying && roll(m, 3) == 0) {
            outbox_forget(m->cw->world.ob, l->entries[i].id);
            remove_at(l, i);
            return;
        }
}

static void step_rewind(struct model *m)
{
    outbox_rewind(m->cw->world.ob);
    outbox_begin_drain(m->cw->world.ob);
    for (size_t c = 0; c < CLASSES; c++)
        for (size_t i = 0; i < m->lists[c].count; i++) {
            m->lists[c].entries[i].flying = false;
            m->lists[c].entries[i].backlog = m->lists[c].entries[i].committed;
        }
}

static void step_restart(struct model *m)
{
    open_again(&m->cw->world);
    m->turn = 0;
    for (size_t c = 0; c < CLASSES; c++)
        m->lists[c].turn = 0;
    model_commit(m);
    step_rewind(m);
}

static void step_sweep(struct model *m)
{
    (void)outbox_sweep(m->cw->world.ob);
    for (size_t c = 0; c < CLASSES; c++)
        for (size_t i = m->lists[c].count; i-- > 0;)
            if (!m->lists[c].entries[i].flying &&
                is_over(m, c, &m->lists[c].entries[i])) {
                remove_at(&m->lists[c], i);
                m->lists[c].dropped++;
            }
}

static void step(struct model *m)
{
    uint32_t what = roll(m, 1000);

    if (what < 500) {
        step_put(m);
    } else if (what < 560) {
        commit(&m->cw->world);
        model_commit(m);
    } else if (what < 800) {
        step_take(m);
    } else if (what < 930) {
        step_forget(m);
    } else if (what < 960) {
        pass_ms(m->cw, roll(m, 4000));
    } else if (what < 985) {
        step_rewind(m);
    } else if (what < 995) {
        step_sweep(m);
    } else {
        step_restart(m);
    }
}

/* Which class disagrees with the model; NULL: none. */
static const char *disagreement(struct model *m)
{
    for (size_t c = 0; c < CLASSES; c++) {
        const char *name = m->cw->classes[c].name;
        struct outbox_class_figures f = figures_of(m->cw, name);
        uint64_t dropped = 0;

        for (int i = 0; i < OUTBOX_DROPS; i++)
            dropped += f.dropped[i];
        if (f.queued != m->lists[c].count || dropped != m->lists[c].dropped ||
            f.refused != m->lists[c].refused)
            return name;
    }
    return NULL;
}

static const char *compare(struct model *m)
{
    static char text[1000];
    size_t len = 0;

    for (size_t c = 0; c < CLASSES; c++) {
        const char *name = m->cw->classes[c].name;
        struct outbox_class_figures f = figures_of(m->cw, name);
        uint64_t dropped = 0;

        for (int i = 0; i < OUTBOX_DROPS; i++)
            dropped += f.dropped[i];
        len += (size_t)snprintf(text + len, sizeof(text) - len,
            "%s: queued %" PRIu64 " (%zu) dropped %" PRIu64 " (%" PRIu64
            ") refused %" PRIu64 " (%" PRIu64 ") ",
            name, f.queued, m->lists[c].count, dropped, m->lists[c].dropped,
            f.refused, m->lists[c].refused);
    }
    return text;
}

static struct model *begin(struct classes_world *cw, uint32_t seed)
{
    static struct model m;

    m = (struct model){.cw = cw, .random = seed};
    cw->classes[0].ttl_s = 20;                     /* telemetry */
    cw->classes[1].newest_first = true;            /* event */
    cw->classes[3].when_full = OUTBOX_DROP_NEWEST; /* bulk */
    cw->classes[3].share_percent = 40;
    cw->world.options.limit_messages = MESSAGES;
    cw->world.options.limit_bytes = 1000000;
    open_again(&cw->world);
    step_rewind(&m);
    return &m;
}

static void an_outbox_does_what_its_model_does(void **state)
{
    for (uint32_t seed = 1; seed <= 3; seed++) {
        struct model *m;

        if (seed > 1) { /* a fresh file */
            assert_int_equal(tear_down(state), 0);
            assert_int_equal(set_up_classes(state), 0);
        }
        m = begin(*state, seed);
        for (int i = 0; i < STEPS; i++) {
            const char *wrong;

            step(m);
            wrong = disagreement(m);
            if (wrong != NULL)
                fail_msg("seed %u step %d: %s; %s", seed, i, wrong, compare(m));
        }
        assert_true(m->next > STEPS / 4);
    }
}

static void a_message_lost_behind_the_models_back_is_seen(void **state)
{
    struct model *m = begin(*state, 1);
    struct outbox_message lost;

    for (int i = 0; i < 200; i++)
        step(m);
    step_restart(m);
    assert_null(disagreement(m));
    assert_true(outbox_take(m->cw->world.ob, &lost));
    outbox_forget(m->cw->world.ob, lost.id);
    assert_non_null(disagreement(m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CLASSES(an_outbox_does_what_its_model_does),
        TEST_CLASSES(a_message_lost_behind_the_models_back_is_seen),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
