/* sender.c - delayed messages wait in a list, oldest first: with one delay for
 * all, the first one is always the first that is due.  When the delay is made
 * shorter, those behind a long one wait with it; order is kept. */

#include "cloud-mock/lib/sender.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"

struct delayed {
    struct delayed *next;
    int64_t due_ms;
    char *payload; /* taken */
    char topic[];
};

struct sender {
    struct seam seam;
    struct sender_faults faults;
    struct delayed *first;
    struct delayed **last;
};

struct sender *sender_new(const struct seam *seam)
{
    struct sender *sender = calloc(1, sizeof(*sender));

    if (sender == NULL)
        return NULL;
    sender->seam = *seam;
    sender->last = &sender->first;
    return sender;
}

/* Unhook the first; the caller frees it with delayed_free. */
static struct delayed *take_first(struct sender *sender)
{
    struct delayed *d = sender->first;

    sender->first = d->next;
    if (sender->first == NULL)
        sender->last = &sender->first;
    return d;
}

static void delayed_free(struct delayed *d)
{
    free(d->payload);
    free(d);
}

void sender_free(struct sender *sender)
{
    if (sender == NULL)
        return;
    while (sender->first != NULL)
        delayed_free(take_first(sender));
    free(sender);
}

/* Not skewed: delays and skew are independent. */
static int64_t real_now_ms(const struct sender *sender)
{
    return sender->seam.now_ms(sender->seam.context);
}

int64_t sender_now_ms(const struct sender *sender)
{
    return real_now_ms(sender) + sender->faults.clock_ms;
}

enum err sender_random(struct sender *sender, void *bytes, size_t len)
{
    return sender->seam.random(sender->seam.context, bytes, len);
}

static void send_now(struct sender *sender, const char *to, const char *topic,
    const char *payload)
{
    const struct seam_message message = {to, topic, payload, strlen(payload)};

    sender->seam.publish(sender->seam.context, &message);
}

/* Takes `payload`. */
static void send_later(struct sender *sender, const char *topic, char *payload)
{
    size_t size = strlen(topic) + 1;
    struct delayed *d = malloc(sizeof(*d) + size);

    if (d == NULL) {
        log_error("sender", "no memory, lost topic=%s", topic);
        free(payload);
        return;
    }
    d->next = NULL;
    d->due_ms = real_now_ms(sender) + sender->faults.delay_ms;
    d->payload = payload;
    memcpy(d->topic, topic, size);
    *sender->last = d;
    sender->last = &d->next;
}

static char *print(const char *topic, struct json *body)
{
    char *text = body == NULL ? NULL : json_print(body);

    json_free(body);
    if (text == NULL)
        log_error("sender", "no memory, lost topic=%s", topic);
    return text;
}

/* Count one down if there is one. */
static bool use_up(int64_t *count)
{
    if (*count <= 0)
        return false;
    (*count)--;
    return true;
}

void sender_publish(struct sender *sender, const char *topic, struct json *body)
{
    char *text = print(topic, body);

    if (text == NULL)
        return;
    if (use_up(&sender->faults.drop)) {
        free(text);
        return;
    }
    if (use_up(&sender->faults.duplicate))
        send_now(sender, NULL, topic, text);
    if (sender->faults.delay_ms > 0 || sender->first != NULL) {
        send_later(sender, topic, text);
        return;
    }
    send_now(sender, NULL, topic, text);
    free(text);
}

void sender_answer(struct sender *sender, const char *client, const char *topic,
    struct json *body)
{
    char *text = print(topic, body);

    if (text != NULL)
        send_now(sender, client, topic, text);
    free(text);
}

void sender_kick(struct sender *sender, const char *client)
{
    sender->seam.kick(sender->seam.context, client);
}

void sender_tick(struct sender *sender)
{
    while (
        sender->first != NULL && sender->first->due_ms <= real_now_ms(sender)) {
        struct delayed *d = take_first(sender);

        send_now(sender, NULL, d->topic, d->payload);
        delayed_free(d);
    }
}

struct sender_faults *sender_faults(struct sender *sender)
{
    return &sender->faults;
}
