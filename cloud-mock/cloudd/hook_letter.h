/* hook_letter.h - one alert on its way to one receiver: a transfer of
 * libcurl's, and what came of it in words. */

#ifndef CLOUDD_HOOK_LETTER_H
#define CLOUDD_HOOK_LETTER_H

#include <curl/curl.h>
#include <stdint.h>

#include "cloudd/hook.h"

struct letter {
    struct letter *next;
    char *to, *url, *secret, *body;
    bool private_too;
    bool dropped;   /* it goes nowhere any more */
    bool kept_off;  /* its address was one that is not allowed */
    unsigned tries; /* begun */
    int64_t due_ms; /* the next one, monotonic */
    CURL *transfer; /* NULL: it waits */
    struct curl_slist *headers;
};

/* Takes `alert`; NULL: out of memory. */
struct letter *letter_new(const struct hook_receiver *to, struct json *alert);
void letter_free(struct letter *letter); /* it has no transfer */

/* Make the transfer; ERR_NO_MEMORY. */
enum err letter_start(struct letter *letter, const char *trust) MUST_CHECK;
/* It ended: NULL, the receiver took it; else why not, in `words`.  The transfer
 * was taken out of where it ran. */
const char *letter_end(struct letter *letter, CURLcode code, char words[160]);

#endif
