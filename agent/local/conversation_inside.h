/* conversation_inside.h - for the files that are the conversation together. */

#ifndef LOCAL_CONVERSATION_INSIDE_H
#define LOCAL_CONVERSATION_INSIDE_H

#include "core/json.h"
#include "local/answer.h"
#include "local/conversation.h"

extern const char conversation_no_memory[];

struct conversation {
    struct conversation_sources sources;
    conversation_say *say; /* NULL: closed */
    void *context;
    size_t unanswered; /* tickets */
    bool watching;
    bool privileged;
};

struct ticket {
    struct conversation *conversation;
    char id[]; /* as printed, or empty */
};

void conversation_say_answer(
    struct conversation *c, const char *id, struct answer *answer);
void conversation_refuse(
    struct conversation *c, const char *id, enum err e, const char *words);

/* NULL: no memory.  One that is not stored yet counts as unanswered. */
struct ticket *conversation_new_ticket(struct conversation *c, const char *id);
void conversation_drop_ticket(struct ticket *t);

/* --- conversation_user.c: what the device's users have to do with it --- */

void conversation_do_owner(
    struct conversation *c, const struct json *request, const char *id);
void conversation_do_reset(
    struct conversation *c, const struct json *request, const char *id);
void conversation_do_done(
    struct conversation *c, const struct json *request, const char *id);

/* Store what of a report is private, and take it out of it.  True: nothing is
 * left, or it was refused, and it was answered. */
bool conversation_keeps_private(
    struct conversation *c, struct json *report, const char *id);

/* A copy without what only a channel may wish; NULL: no memory. */
struct json *conversation_without_private(
    const struct conversation *c, const struct json *wishes);

/* Private wishes, and calls of actions. */
enum err conversation_watch_private(struct conversation *c) MUST_CHECK;
void conversation_unwatch_private(struct conversation *c);

/* --- conversation_watch.c: what it hears without having asked --- */

void conversation_do_watch(
    struct conversation *c, const struct json *request, const char *id);

/* Nothing more comes, if anything came. */
void conversation_unwatch(struct conversation *c);

#endif
