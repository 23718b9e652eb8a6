/* store_telemetry.c */

#include "cloudd/store_telemetry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cloudd/fields.h"
#include "cloudd/store_sql.h"

#define KEY_SIZE 129

/* One message being taken apart. */
struct message {
    struct store *store;
    const char *thing, *stream;
    int64_t ts_ms;
    enum err first_failure;
};

/* The series' number; made when it is new and the device may have one more. */
static enum err series_id(
    const struct message *m, const char *key, double value, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    enum err e = store_ask(m->store, &s,
        "INSERT INTO series(thing, stream, key, last, ts)"
        " SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS(SELECT 1 FROM series"
        " WHERE thing=?1 AND stream=?2 AND key=?3)"
        " OR (SELECT count(*) FROM series WHERE thing=?1)<?6"
        " ON CONFLICT(thing, stream, key) DO UPDATE SET"
        " last=iif(excluded.ts>=ts, excluded.last, last),"
        " ts=max(ts, excluded.ts) RETURNING id",
        "tttdii", m->thing, m->stream, key, value, m->ts_ms,
        (int64_t)STORE_SERIES_MOST);

    if (e == ERR_OK)
        e = store_step(m->store, s);
    if (e == ERR_OK) {
        *out = sqlite3_column_int64(s, 0);
        e = store_step(m->store, s); /* to the end, so that it is done */
        e = e == ERR_NOT_FOUND ? ERR_OK : e;
    } else if (e == ERR_NOT_FOUND) {
        e = ERR_TOO_BIG;
    }
    (void)sqlite3_finalize(s);
    return e;
}

static void add_point(struct message *m, const char *key, double value)
{
    int64_t id = 0;
    enum err e = series_id(m, key, value, &id);

    if (e == ERR_OK)
        e = store_do(m->store,
            "INSERT OR REPLACE INTO points(series, ts, value)"
            " VALUES(?1, ?2, ?3)",
            "iid", id, m->ts_ms, value);
    if (m->first_failure == ERR_OK)
        m->first_failure = e;
}

/* The path of a member; a key that would not fit is not kept. */
static bool path(char out[KEY_SIZE], const char *above, const char *key)
{
    int len = snprintf(
        out, KEY_SIZE, "%s%s%s", above, above[0] != '\0' ? "." : "", key);

    return len > 0 && len < KEY_SIZE;
}

/* Objects nest at most as deep as the JSON parser's limit let them. */
static void add_leaves( // NOLINT(misc-no-recursion): bounded by the parser
    struct message *m, const char *above, const struct json *value)
{
    char key[KEY_SIZE];

    if (json_is_number(value) && isfinite(json_number(value)))
        add_point(m, above[0] != '\0' ? above : "value", json_number(value));
    if (!json_is_object(value))
        return;
    for (struct json *c = json_first(value); c != NULL; c = json_next(c)) {
        if (path(key, above, json_key(c)))
            add_leaves(m, key, c);
    }
}

enum err store_telemetry_add(struct store *store, const char *thing,
    const char *stream, int64_t ts_ms, const struct json *data)
{
    struct message m = {store, thing, stream, ts_ms, ERR_OK};
    enum err e = store_do(store, "BEGIN IMMEDIATE", "");

    if (e != ERR_OK)
        return e;
    add_leaves(&m, "", data);
    e = store_do(store, "COMMIT", "");
    return e != ERR_OK ? e : m.first_failure;
}

struct point {
    int64_t ts_ms;
    double value;
};

struct thinning {
    struct json *list;
    int64_t bucket_ms;
    int64_t bucket; /* the one being filled; -1: none */
    struct point low, high;
};

static enum err append(struct json *list, struct point p)
{
    struct json *pair = json_new_array();
    enum err e = pair == NULL
        ? ERR_NO_MEMORY
        : json_append(pair, json_new_number((double)p.ts_ms));

    if (e == ERR_OK)
        e = json_append(pair, json_new_number(p.value));
    if (e != ERR_OK) {
        json_free(pair);
        return e;
    }
    return json_append(list, pair);
}

static enum err flush(struct thinning *t)
{
    bool low_first = t->low.ts_ms <= t->high.ts_ms;
    enum err e;

    if (t->bucket < 0)
        return ERR_OK;
    e = append(t->list, low_first ? t->low : t->high);
    if (e == ERR_OK && t->low.ts_ms != t->high.ts_ms)
        e = append(t->list, low_first ? t->high : t->low);
    return e;
}

static enum err thin(struct thinning *t, struct point p)
{
    enum err e = ERR_OK;

    if (p.ts_ms / t->bucket_ms != t->bucket) {
        e = flush(t);
        t->bucket = p.ts_ms / t->bucket_ms;
        t->low = t->high = p;
    }
    if (p.value < t->low.value)
        t->low = p;
    if (p.value > t->high.value)
        t->high = p;
    return e;
}

/* How many points the answer would have, unthinned. */
static enum err count(struct store *store, const struct store_series *series,
    int64_t from_ms, int64_t to_ms, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    enum err e = store_ask(store, &s,
        "SELECT count(*) FROM points WHERE series=(SELECT id FROM series"
        " WHERE thing=?1 AND stream=?2 AND key=?3) AND ts>=?4 AND ts<?5",
        "tttii", series->thing, series->stream, series->key, from_ms, to_ms);

    if (e == ERR_OK)
        e = store_step(store, s);
    if (e == ERR_OK)
        *out = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return e;
}

static enum err collect(struct store *store, const struct store_series *series,
    int64_t from_ms, int64_t to_ms, struct thinning *t)
{
    sqlite3_stmt *s = NULL;
    enum err e = store_ask(store, &s,
        "SELECT ts, value FROM points WHERE series=(SELECT id FROM series"
        " WHERE thing=?1 AND stream=?2 AND key=?3) AND ts>=?4 AND ts<?5"
        " ORDER BY ts",
        "tttii", series->thing, series->stream, series->key, from_ms, to_ms);

    while (e == ERR_OK) {
        e = store_step(store, s);
        if (e == ERR_OK)
            e = thin(t,
                (struct point){
                    sqlite3_column_int64(s, 0), sqlite3_column_double(s, 1)});
    }
    (void)sqlite3_finalize(s);
    return e == ERR_NOT_FOUND ? flush(t) : e;
}

enum err store_telemetry_points(struct store *store,
    const struct store_series *series, int64_t from_ms, int64_t to_ms,
    struct json **out)
{
    struct thinning t = {
        .list = json_new_array(), .bucket_ms = 1, .bucket = -1};
    int64_t points = 0;
    enum err e = t.list == NULL ? ERR_NO_MEMORY
                                : count(store, series, from_ms, to_ms, &points);

    /* Two points a bucket, and one more bucket where the edges do not meet. */
    if (points > STORE_ANSWER_MOST)
        t.bucket_ms = (to_ms - from_ms) / (STORE_ANSWER_MOST / 2 - 2) + 1;
    if (e == ERR_OK)
        e = collect(store, series, from_ms, to_ms, &t);
    if (e != ERR_OK) {
        json_free(t.list);
        return e;
    }
    *out = t.list;
    return ERR_OK;
}

static struct json *series_row(sqlite3_stmt *s)
{
    struct json *o = json_new_object();

    return fields_end(o,
        fields_text(o, "stream", (const char *)sqlite3_column_text(s, 0)) &&
            fields_text(o, "key", (const char *)sqlite3_column_text(s, 1)) &&
            fields_number(o, "last", sqlite3_column_double(s, 2)) &&
            fields_number(o, "ts", (double)sqlite3_column_int64(s, 3)));
}

enum err store_telemetry_series(
    struct store *store, const char *thing, struct json **out)
{
    struct json *list = json_new_array();
    sqlite3_stmt *s = NULL;
    enum err e = list == NULL ? ERR_NO_MEMORY
                              : store_ask(store, &s,
                                    "SELECT stream, key, last, ts FROM series"
                                    " WHERE thing=?1 ORDER BY stream, key",
                                    "t", thing);

    while (e == ERR_OK) {
        e = store_step(store, s);
        if (e == ERR_OK)
            e = json_append(list, series_row(s));
    }
    (void)sqlite3_finalize(s);
    if (e != ERR_NOT_FOUND) {
        json_free(list);
        return e;
    }
    *out = list;
    return ERR_OK;
}

int64_t store_telemetry_last(struct store *store, const char *thing)
{
    sqlite3_stmt *s = NULL;
    int64_t last = 0;

    if (store_ask(store, &s, "SELECT max(ts) FROM series WHERE thing=?1", "t",
            thing) == ERR_OK &&
        store_step(store, s) == ERR_OK)
        last = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return last;
}

/* One statement for each series: its limit is then looked up once. */
static enum err prune_counts(struct store *store)
{
    sqlite3_stmt *s = NULL;
    enum err e = store_ask(store, &s, "SELECT id FROM series", "");

    while (e == ERR_OK) {
        e = store_step(store, s);
        if (e == ERR_OK)
            e = store_do(store,
                "DELETE FROM points WHERE series=?1 AND ts<(SELECT ts"
                " FROM points WHERE series=?1 ORDER BY ts DESC"
                " LIMIT 1 OFFSET ?2)",
                "ii", (int64_t)sqlite3_column_int64(s, 0),
                (int64_t)STORE_POINTS_MOST - 1);
    }
    (void)sqlite3_finalize(s);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err store_telemetry_prune(struct store *store, int64_t now_ms)
{
    enum err e = store_do(store,
        "DELETE FROM points WHERE series IN (SELECT id FROM series)"
        " AND ts<?1",
        "i", now_ms - STORE_POINTS_AGE_MS);

    if (e == ERR_OK)
        e = prune_counts(store);
    if (e == ERR_OK)
        e = store_do(store, "DELETE FROM series WHERE ts<?1", "i",
            now_ms - STORE_POINTS_AGE_MS);
    return e;
}

enum err store_telemetry_wipe(struct store *store, const char *thing)
{
    return store_do(store, "DELETE FROM series WHERE thing=?1", "t", thing);
}
