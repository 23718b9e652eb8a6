/* store_telemetry.h - numbers over time, bounded in age and count. */

#ifndef CLOUDD_STORE_TELEMETRY_H
#define CLOUDD_STORE_TELEMETRY_H

#include <stdint.h>

#include "cloudd/store.h"
#include "core/json.h"

#define STORE_SERIES_MOST   100    /* of one device */
#define STORE_POINTS_MOST   100000 /* of one series */
#define STORE_POINTS_AGE_MS ((int64_t)7 * 24 * 3600 * 1000)
#define STORE_ANSWER_MOST   2000 /* points in one answer */

struct store_series {
    const char *thing;
    const char *stream; /* "telemetry" for the machine figures */
    const char *key;    /* path of a numeric leaf, "a.b" */
};

/* Keep every numeric leaf of `data`, the figure `key_if_bare` when it is a
 * number itself.  The same leaf at the same time is kept once.  ERR_TOO_BIG:
 * the device has STORE_SERIES_MOST already; what fitted is kept. */
enum err store_telemetry_add(struct store *store, const char *thing,
    const char *stream, int64_t ts_ms, const struct json *data) MUST_CHECK;

/* [[ts,value]...] in [from, to), oldest first.  More than STORE_ANSWER_MOST
 * points are thinned to the smallest and largest of each bucket. */
enum err store_telemetry_points(struct store *store,
    const struct store_series *series, int64_t from_ms, int64_t to_ms,
    struct json **out) MUST_CHECK;

/* [{"stream","key","last","ts"}...] */
enum err store_telemetry_series(
    struct store *store, const char *thing, struct json **out) MUST_CHECK;

/* When the device last sent a number; 0: never. */
int64_t store_telemetry_last(struct store *store, const char *thing);

/* Forget a thing's. */
enum err store_telemetry_wipe(
    struct store *store, const char *thing) MUST_CHECK;

/* Forget what is too old or too much. */
enum err store_telemetry_prune(struct store *store, int64_t now_ms) MUST_CHECK;

#endif
