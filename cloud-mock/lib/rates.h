/* rates.h - AWS IoT Core's rates (contract sections 1, 1.1 and 2.6): how often
 * a client connects, publishes and hears, and shadows and jobs are asked.
 *
 * Each question counts, and is answered with true: go ahead.  Nothing counts
 * while they are switched off.  Without memory the answer is false. */

#ifndef CLOUD_MOCK_RATES_H
#define CLOUD_MOCK_RATES_H

#include <stdbool.h>
#include <stdint.h>

struct rates;

struct rates *rates_new(bool on); /* NULL: no memory */
void rates_free(struct rates *rates);

void rates_switch(struct rates *rates, bool on);
bool rates_are_on(const struct rates *rates);

/* One CONNECT a second; one that may go ahead begins with a full quota of
 * messages. */
bool rates_connect(struct rates *rates, const char *client, int64_t now_ms);

/* 100 messages a second, in and out together. */
bool rates_message(struct rates *rates, const char *client, int64_t now_ms);

/* 20 shadow requests a second, and 10 whose answer is still to come. */
struct rates_request {
    int64_t now_ms;
    int64_t answered_ms; /* when the answer leaves: now, or later */
};
bool rates_shadow(struct rates *rates, const char *thing,
    const struct rates_request *request);

/* 200 requests to Jobs a second, those of all things together. */
bool rates_jobs(struct rates *rates, int64_t now_ms);

#endif
