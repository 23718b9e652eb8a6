/* status.c */

#include "local/status.h"

/* A part of the answer, built like one. */
static struct answer part(void)
{
    struct json *object = json_new_object();

    return (struct answer){object, object == NULL ? ERR_NO_MEMORY : ERR_OK};
}

/* Takes `inner`. */
static void add_part(struct answer *a, const char *key, struct answer inner)
{
    if (inner.e != ERR_OK)
        a->e = inner.e;
    answer_value(a, key, inner.object);
}

static struct answer class_part(const struct outbox_class_figures *c)
{
    struct answer a = part(), dropped = part();

    answer_number(&a, "queued", (double)c->queued);
    answer_number(&a, "queued_bytes", (double)c->queued_bytes);
    for (int i = 0; i < OUTBOX_DROPS; i++)
        answer_number(&dropped, outbox_drop_name((enum outbox_drop)i),
            (double)c->dropped[i]);
    add_part(&a, "dropped", dropped);
    answer_number(&a, "busy", (double)c->refused);
    return a;
}

static struct answer classes_part(const struct outbox_figures *f)
{
    struct answer a = part();

    for (size_t i = 0; i < f->class_count; i++)
        add_part(&a, f->classes[i].name, class_part(&f->classes[i]));
    return a;
}

static struct answer store_part(const struct outbox_figures *f)
{
    struct answer a = part();

    answer_bool(&a, "failing", f->failing);
    answer_number(&a, "set_aside", (double)f->set_aside);
    answer_number(&a, "written_bytes", (double)f->written);
    answer_number(&a, "written_today_bytes", (double)f->written_today);
    answer_number(&a, "write_limit_bytes", (double)f->day_bytes);
    answer_number(&a, "syncs", (double)f->syncs);
    answer_number(&a, "accepted", (double)f->accepted);
    return a;
}

/* {"day":{"in":...,"out":...,"limit":...,"classes":{"event":...}},...} */
static struct answer period_part(
    const struct budget_figures *f, enum budget_period p)
{
    struct answer a = part(), classes = part();

    answer_number(&a, "in", (double)f->in[p]);
    answer_number(&a, "out", (double)f->out[p]);
    answer_number(&a, "limit", (double)f->limit[p]);
    for (size_t i = 0; i < f->class_count; i++)
        answer_number(
            &classes, f->classes[i].name, (double)f->classes[i].bytes[p]);
    add_part(&a, "classes", classes);
    return a;
}

static struct answer budget_part(const struct budget_figures *f)
{
    struct answer a = part();

    for (int p = 0; p < BUDGET_PERIODS; p++)
        add_part(&a, budget_period_name((enum budget_period)p),
            period_part(f, (enum budget_period)p));
    answer_number(&a, "used_percent", (double)f->used_percent);
    return a;
}

struct answer status_answer(const struct session_status *s,
    const struct budget_figures *budget, const char *thing)
{
    int64_t next_try_s = (s->next_try_ms + 999) / 1000;
    struct answer a = answer_ok();

    answer_text(&a, "thing", thing);
    answer_bool(&a, "online", s->online);
    if (!s->online) {
        answer_text(&a, "why", s->why);
        answer_text(&a, "detail", s->detail);
        answer_number(&a, "next_try_s", (double)next_try_s);
    }
    answer_number(&a, "since", (double)s->since_ms);
    if (s->outage != NULL && s->outage->to_ms != 0)
        answer_value(&a, "last_outage", outage_json(s->outage));
    answer_number(&a, "queued", (double)s->outbox.queued);
    answer_number(&a, "dropped", (double)s->outbox.dropped);
    add_part(&a, "classes", classes_part(&s->outbox));
    add_part(&a, "store", store_part(&s->outbox));
    if (budget != NULL)
        add_part(&a, "budget", budget_part(budget));
    answer_number(&a, "bytes_in", (double)s->bytes_in);
    answer_number(&a, "bytes_out", (double)s->bytes_out);
    answer_number(&a, "connections", (double)s->connections);
    answer_number(&a, "no_suback", (double)s->no_suback);
    answer_number(&a, "no_puback", (double)s->no_puback);
    answer_text(&a, "agent", NAMEPLATE_VERSION);
    return a;
}
