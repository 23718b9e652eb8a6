/* fake_session.c */

#include "fake_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 64

struct filter {
    char text[300];
    session_message_callback *callback;
    void *context;
};

struct listener {
    session_state_callback *callback;
    void *context;
};

struct session {
    struct filter filters[MANY];
    size_t filter_count;
    struct listener listeners[MANY];
    size_t listener_count;
    struct fake_letter letters[MANY];
    size_t letter_count;
    bool online;
    enum err answer;
};

struct session *fake_session_new(void)
{
    return calloc(1, sizeof(struct session));
}

void fake_session_free(struct session *s)
{
    for (size_t i = 0; s != NULL && i < s->letter_count; i++)
        free(s->letters[i].payload);
    free(s);
}

enum err session_subscribe(struct session *s, const char *filter,
    session_message_callback *callback, void *context)
{
    struct filter *f = &s->filters[s->filter_count];

    if (s->answer != ERR_OK || s->filter_count == MANY)
        return s->answer != ERR_OK ? s->answer : ERR_NO_MEMORY;
    s->filter_count++;
    (void)snprintf(f->text, sizeof(f->text), "%s", filter);
    f->callback = callback;
    f->context = context;
    return ERR_OK;
}

enum err session_expect(struct session *s, const char *filter,
    session_message_callback *callback, void *context)
{
    return session_subscribe(s, filter, callback, context);
}

enum err session_on_state(
    struct session *s, session_state_callback *callback, void *context)
{
    if (s->listener_count == MANY)
        return ERR_NO_MEMORY;
    s->listeners[s->listener_count++] = (struct listener){callback, context};
    return ERR_OK;
}

static enum err remember(struct session *s, struct fake_letter letter,
    const char *topic, const void *payload, size_t len)
{
    if (s->letter_count == MANY)
        return ERR_NO_MEMORY;
    letter.payload = malloc(len + 1);
    if (letter.payload == NULL)
        return ERR_NO_MEMORY;
    if (len > 0)
        memcpy(letter.payload, payload, len);
    letter.payload[len] = '\0';
    letter.len = len;
    (void)snprintf(letter.topic, sizeof(letter.topic), "%s", topic);
    s->letters[s->letter_count++] = letter;
    return ERR_OK;
}

enum err session_publish(
    struct session *s, const char *topic, const void *payload, size_t len)
{
    const struct fake_letter letter = {.kept = false};

    return s->online ? remember(s, letter, topic, payload, len) : ERR_AGAIN;
}

enum err session_send(struct session *s, const struct session_letter *letter)
{
    const struct fake_letter fake = {.kept = true,
        .retain = letter->retain,
        .stored = letter->stored,
        .context = letter->context};

    if (s->answer != ERR_OK)
        return s->answer;
    return remember(s, fake, letter->topic, letter->payload, letter->len);
}

uint64_t session_next_seq(const struct session *s)
{
    return 1000 + s->letter_count;
}

struct session_status session_status(const struct session *s)
{
    return (struct session_status){.online = s->online, .outbox.queued = 3};
}

void fake_session_go(struct session *s, bool online, bool present)
{
    s->online = online;
    for (size_t i = 0; i < s->listener_count; i++)
        s->listeners[i].callback(s->listeners[i].context, online, present);
}

static int deliver(struct session *s, const struct session_message *message)
{
    int count = 0;

    for (size_t i = 0; i < s->filter_count; i++) {
        if (strcmp(s->filters[i].text, message->topic) != 0)
            continue;
        s->filters[i].callback(s->filters[i].context, message);
        count++;
    }
    return count;
}

int fake_session_deliver(
    struct session *s, const char *topic, const char *payload)
{
    return deliver(
        s, &(struct session_message){topic, payload, strlen(payload), false});
}

int fake_session_deliver_to(struct session *s, const char *filter,
    const char *topic, const char *payload)
{
    const struct session_message message = {
        topic, payload, strlen(payload), false};
    int count = 0;

    for (size_t i = 0; i < s->filter_count; i++) {
        if (strcmp(s->filters[i].text, filter) != 0)
            continue;
        s->filters[i].callback(s->filters[i].context, &message);
        count++;
    }
    return count;
}

void fake_session_deliver_retained(
    struct session *s, const char *topic, const char *payload)
{
    (void)deliver(
        s, &(struct session_message){topic, payload, strlen(payload), true});
}

size_t fake_session_count(const struct session *s)
{
    return s->letter_count;
}

const struct fake_letter *fake_session_letter(
    const struct session *s, size_t index)
{
    return index < s->letter_count ? &s->letters[index] : NULL;
}

const struct fake_letter *fake_session_last(const struct session *s)
{
    return s->letter_count == 0 ? NULL : &s->letters[s->letter_count - 1];
}

void fake_session_refuse(struct session *s, enum err answer)
{
    s->answer = answer;
}

void fake_session_commit(struct session *s, bool stored)
{
    for (size_t i = 0; i < s->letter_count; i++) {
        session_stored_callback *callback = s->letters[i].stored;

        s->letters[i].stored = NULL;
        if (callback != NULL)
            callback(s->letters[i].context, stored);
    }
}
