/* rates.c - one record a name; a thing's name is its client's. */

#include "cloud-mock/lib/rates.h"

#include <stdlib.h>

#include "cloud-mock/lib/limits.h"
#include "cloud-mock/lib/quota.h"
#include "cloud-mock/lib/table.h"
#include "core/log.h"

struct record {
    struct quota connects;
    struct quota messages;
    struct quota requests;
    int64_t answered_ms[LIMITS_SHADOW_IN_FLIGHT];
    bool told; /* that messages of this connection are discarded */
};

struct rates {
    bool on;
    struct quota jobs;
    bool jobs_began;
    struct table *records;
};

struct rates *rates_new(bool on)
{
    struct rates *rates = calloc(1, sizeof(*rates));

    if (rates == NULL)
        return NULL;
    rates->on = on;
    rates->records = table_new(free);
    if (rates->records != NULL)
        return rates;
    free(rates);
    return NULL;
}

void rates_free(struct rates *rates)
{
    if (rates == NULL)
        return;
    table_free(rates->records);
    free(rates);
}

void rates_switch(struct rates *rates, bool on)
{
    rates->on = on;
}

bool rates_are_on(const struct rates *rates)
{
    return rates->on;
}

/* NULL: no memory. */
static struct record *find_or_make(
    struct rates *rates, const char *name, int64_t now_ms)
{
    struct record *record = table_get(rates->records, name);

    if (record != NULL)
        return record;
    record = calloc(1, sizeof(*record));
    if (record == NULL)
        return NULL;
    quota_start(&record->connects, LIMITS_CONNECTS_PER_S, now_ms);
    quota_start(&record->messages, LIMITS_MESSAGES_PER_S, now_ms);
    quota_start(&record->requests, LIMITS_SHADOW_REQUESTS_PER_S, now_ms);
    if (table_add(rates->records, name, record))
        return record;
    free(record);
    return NULL;
}

bool rates_connect(struct rates *rates, const char *client, int64_t now_ms)
{
    struct record *record;

    if (!rates->on)
        return true;
    record = find_or_make(rates, client, now_ms);
    if (record == NULL)
        return false;
    if (!quota_take(&record->connects, now_ms)) {
        log_warning("rates",
            "dropped a CONNECT client=%s why=\"a second one within a second\"",
            client);
        return false;
    }
    quota_start(&record->messages, LIMITS_MESSAGES_PER_S, now_ms);
    record->told = false;
    return true;
}

bool rates_message(struct rates *rates, const char *client, int64_t now_ms)
{
    struct record *record;

    if (!rates->on)
        return true;
    record = find_or_make(rates, client, now_ms);
    if (record == NULL)
        return false;
    if (quota_take(&record->messages, now_ms))
        return true;
    if (!record->told)
        log_warning("rates",
            "discarded messages client=%s why=\"more than %d a second, in and"
            " out\"",
            client, LIMITS_MESSAGES_PER_S);
    record->told = true;
    return false;
}

/* A place whose answer has left, or NULL. */
static int64_t *free_place(struct record *record, int64_t now_ms)
{
    for (int i = 0; i < LIMITS_SHADOW_IN_FLIGHT; i++)
        if (record->answered_ms[i] <= now_ms)
            return &record->answered_ms[i];
    return NULL;
}

bool rates_shadow(
    struct rates *rates, const char *thing, const struct rates_request *request)
{
    struct record *record;
    int64_t *place;

    if (!rates->on)
        return true;
    record = find_or_make(rates, thing, request->now_ms);
    if (record == NULL)
        return false;
    place = free_place(record, request->now_ms);
    if (place == NULL || !quota_take(&record->requests, request->now_ms))
        return false;
    *place = request->answered_ms;
    return true;
}

bool rates_jobs(struct rates *rates, int64_t now_ms)
{
    if (!rates->on)
        return true;
    if (!rates->jobs_began)
        quota_start(&rates->jobs, LIMITS_JOBS_REQUESTS_PER_S, now_ms);
    rates->jobs_began = true;
    return quota_take(&rates->jobs, now_ms);
}
