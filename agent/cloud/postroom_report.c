/* postroom_report.c */

#include "cloud/postroom_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct text {
    char *at;
    size_t left;
};

__attribute__((format(printf, 2, 3))) static void add(
    struct text *t, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(t->at, t->left, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= t->left)
        return;
    t->at += len;
    t->left -= (size_t)len;
}

bool postroom_report_is_news(
    const struct outbox_figures *now, const struct outbox_figures *told)
{
    return now->dropped != told->dropped || now->set_aside != told->set_aside;
}

static void add_class(struct text *t, const struct outbox_class_figures *c)
{
    add(t, "\"%s\":{", c->name);
    for (int i = 0; i < OUTBOX_DROPS; i++)
        add(t, "%s\"%s\":%" PRIu64, i == 0 ? "" : ",",
            outbox_drop_name((enum outbox_drop)i), c->dropped[i]);
    add(t, "}");
}

size_t postroom_report_print(const struct outbox_figures *f, int64_t wall_ms,
    char out[POSTROOM_REPORT_BYTES])
{
    struct text t = {out, POSTROOM_REPORT_BYTES};

    add(&t, "{\"ts\":%" PRId64 ",\"dropped\":{", wall_ms);
    for (size_t i = 0; i < f->class_count; i++) {
        add(&t, "%s", i == 0 ? "" : ",");
        add_class(&t, &f->classes[i]);
    }
    add(&t, "},\"set_aside\":%" PRIu64 "}", f->set_aside);
    return (size_t)(t.at - out);
}
