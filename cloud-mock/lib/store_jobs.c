/* store_jobs.c */

#include "cloud-mock/lib/store_jobs.h"

#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/store_sql.h"

static enum err copy_text(sqlite3_stmt *s, int column, char **out)
{
    const unsigned char *text = sqlite3_column_text(s, column);
    char *copy = text == NULL ? NULL : strdup((const char *)text);

    if (copy == NULL)
        return ERR_NO_MEMORY;
    *out = copy;
    return ERR_OK;
}

/* --- jobs ----------------------------------------------------------------- */

static enum err read_job(sqlite3_stmt *s, struct store_job *out)
{
    struct store_job job = {.created_ms = sqlite3_column_int64(s, 2)};
    enum err e = copy_text(s, 1, &job.document);

    if (e != ERR_OK)
        return e;
    store_text(s, 0, job.id, sizeof(job.id));
    *out = job;
    return ERR_OK;
}

static enum err add_job(struct store *store, const struct store_job *job)
{
    sqlite3_stmt *s = store_statement(store, SQL_ADD_JOB);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, job->id);
    store_bind_text(s, 2, job->document);
    store_bind_number(s, 3, job->created_ms);
    return store_run(store, s);
}

enum err store_get_job(
    struct store *store, const char *id, struct store_job *out)
{
    sqlite3_stmt *s = store_statement(store, SQL_GET_JOB);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, id);
    e = store_row(store, s);
    if (e == ERR_OK)
        e = read_job(s, out);
    store_reset(s);
    return e;
}

void store_job_free(struct store_job *job)
{
    free(job->document);
    job->document = NULL;
}

enum err store_each_job(
    struct store *store, store_job_visitor *visit, void *context)
{
    sqlite3_stmt *s = store_statement(store, SQL_EACH_JOB);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    while ((e = store_row(store, s)) == ERR_OK) {
        struct store_job job;

        e = read_job(s, &job);
        if (e != ERR_OK)
            break;
        e = visit(context, &job);
        store_job_free(&job);
        if (e != ERR_OK)
            break;
    }
    store_reset(s);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- executions ----------------------------------------------------------- */

static enum err read_execution(sqlite3_stmt *s, struct store_execution *out)
{
    struct store_execution x = {
        .version = sqlite3_column_int64(s, 5),
        .queued_ms = sqlite3_column_int64(s, 6),
        .started_ms = sqlite3_column_int64(s, 7),
        .updated_ms = sqlite3_column_int64(s, 8),
        .due_ms = sqlite3_column_int64(s, 9),
    };
    enum err e = copy_text(s, 4, &x.details);

    if (e != ERR_OK)
        return e;
    store_text(s, 1, x.thing, sizeof(x.thing));
    store_text(s, 2, x.job, sizeof(x.job));
    store_text(s, 3, x.status, sizeof(x.status));
    *out = x;
    return ERR_OK;
}

void store_execution_free(struct store_execution *execution)
{
    free(execution->details);
    execution->details = NULL;
}

/* The one row of a statement that is bound. */
static enum err take_execution(
    struct store *store, sqlite3_stmt *s, struct store_execution *out)
{
    enum err e = store_row(store, s);

    if (e == ERR_OK)
        e = read_execution(s, out);
    store_reset(s);
    return e;
}

static enum err add_execution(
    struct store *store, const struct store_job *job, const char *thing)
{
    sqlite3_stmt *s = store_statement(store, SQL_ADD_EXECUTION);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, thing);
    store_bind_text(s, 2, job->id);
    store_bind_text(s, 3, "QUEUED");
    store_bind_text(s, 4, "{}");
    store_bind_number(s, 5, 1);
    store_bind_number(s, 6, job->created_ms);
    store_bind_number(s, 7, 0);
    store_bind_number(s, 8, job->created_ms);
    store_bind_number(s, 9, 0);
    return store_run(store, s);
}

enum err store_order_job(
    struct store *store, const struct store_job_order *order)
{
    enum err e = store_simply(store, SQL_BEGIN);

    if (e != ERR_OK)
        return e;
    e = add_job(store, order->job);
    for (size_t i = 0; i < order->count && e == ERR_OK; i++)
        e = add_execution(store, order->job, order->things[i]);
    return store_end(store, e);
}

enum err store_get_execution(struct store *store, const char *thing,
    const char *job, struct store_execution *out)
{
    sqlite3_stmt *s = store_statement(store, SQL_GET_EXECUTION);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, thing);
    store_bind_text(s, 2, job);
    return take_execution(store, s, out);
}

enum err store_set_execution(
    struct store *store, const struct store_execution *x)
{
    sqlite3_stmt *s = store_statement(store, SQL_SET_EXECUTION);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, x->thing);
    store_bind_text(s, 2, x->job);
    store_bind_text(s, 3, x->status);
    store_bind_text(s, 4, x->details);
    store_bind_number(s, 5, x->version);
    store_bind_number(s, 6, x->started_ms);
    store_bind_number(s, 7, x->updated_ms);
    store_bind_number(s, 8, x->due_ms);
    return store_run(store, s);
}

enum err store_drop_execution(
    struct store *store, const char *thing, const char *job)
{
    sqlite3_stmt *s = store_statement(store, SQL_DROP_EXECUTION);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, thing);
    store_bind_text(s, 2, job);
    return store_run(store, s);
}

static enum err run_for(
    struct store *store, enum store_sql which, const char *text)
{
    sqlite3_stmt *s = store_statement(store, which);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, text);
    return store_run(store, s);
}

enum err store_drop_job(struct store *store, const char *id)
{
    enum err e = store_simply(store, SQL_BEGIN);

    if (e != ERR_OK)
        return e;
    e = run_for(store, SQL_DROP_JOB, id);
    if (e == ERR_OK)
        e = run_for(store, SQL_DROP_EXECUTIONS, id);
    return store_end(store, e);
}

/* Walk the rows of a statement that is bound. */
static enum err each(struct store *store, sqlite3_stmt *s,
    store_execution_visitor *visit, void *context)
{
    enum err e;

    while ((e = store_row(store, s)) == ERR_OK) {
        struct store_execution x;

        e = read_execution(s, &x);
        if (e != ERR_OK)
            break;
        e = visit(context, &x);
        store_execution_free(&x);
        if (e != ERR_OK)
            break;
    }
    store_reset(s);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err store_each_execution(struct store *store, const char *job,
    store_execution_visitor *visit, void *context)
{
    sqlite3_stmt *s = store_statement(store, SQL_EACH_EXECUTION);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, job);
    return each(store, s, visit, context);
}

enum err store_each_pending(struct store *store,
    const struct store_pending *pending, store_execution_visitor *visit,
    void *context)
{
    sqlite3_stmt *s = store_statement(store, SQL_EACH_PENDING);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, pending->thing);
    store_bind_number(s, 2, pending->limit);
    return each(store, s, visit, context);
}

enum err store_overdue_execution(
    struct store *store, int64_t now_ms, struct store_execution *out)
{
    sqlite3_stmt *s = store_statement(store, SQL_OVERDUE_EXECUTION);

    if (s == NULL)
        return ERR_IO;
    store_bind_number(s, 1, now_ms);
    return take_execution(store, s, out);
}

enum err store_next_due(struct store *store, int64_t *due_ms)
{
    sqlite3_stmt *s = store_statement(store, SQL_NEXT_DUE);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    e = store_row(store, s);
    if (e == ERR_OK && sqlite3_column_type(s, 0) == SQLITE_NULL)
        e = ERR_NOT_FOUND;
    if (e == ERR_OK)
        *due_ms = sqlite3_column_int64(s, 0);
    store_reset(s);
    return e;
}
