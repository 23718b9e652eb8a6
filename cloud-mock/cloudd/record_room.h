/* record_room.h - what record*.c share: a record, taken apart. */

#ifndef CLOUDD_RECORD_ROOM_H
#define CLOUDD_RECORD_ROOM_H

#include "cloudd/record.h"

struct record {
    struct json *json, *signatures;
    char *text;
    size_t len;
    int64_t epoch;
    enum record_act act;
};

/* False: there is none of this name. */
bool record_find_act(const char *name, enum record_act *act);

/* Lists, or NULL. */
const struct json *record_owner_keys(const struct record *r);
const struct json *record_members(const struct record *r);

bool record_text_is(const struct json *value, const char *wanted);
bool record_has_text(const struct json *list, const char *text);
/* Does such a signature stand there?  Whether it is right was judged. */
bool record_signed_by(const struct record *r, const char *key);
bool record_signed_by_any(const struct record *r, const struct json *keys);

/* Judge the parsed text, and fill act and epoch; NULL: it is well formed. */
const char *record_form_fault(struct record *r, const char *thing);

#endif
