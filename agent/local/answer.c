/* answer.c */

#include "local/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct answer begin(void)
{
    struct json *object = json_new_object();

    return (struct answer){object, object == NULL ? ERR_NO_MEMORY : ERR_OK};
}

struct answer answer_ok(void)
{
    struct answer a = begin();

    answer_bool(&a, "ok", true);
    return a;
}

struct answer answer_event(const char *name)
{
    struct answer a = begin();

    answer_text(&a, "ev", name);
    return a;
}

static const char *code_of(enum err e)
{
    switch (e) {
    case ERR_INVALID:
        return "invalid";
    case ERR_TOO_BIG:
    case ERR_EXISTS:
        return "too_large";
    case ERR_UNSUPPORTED:
        return "unsupported";
    case ERR_DENIED:
        return "denied";
    case ERR_OK:
    case ERR_NO_MEMORY:
    case ERR_AGAIN:
        return "busy";
    case ERR_NOT_FOUND:
    case ERR_CONFLICT:
    case ERR_IO:
        return "io";
    }
    return "io";
}

struct answer answer_refusal(enum err e, const char *words)
{
    struct answer a = begin();

    answer_bool(&a, "ok", false);
    answer_text(&a, "code", code_of(e));
    answer_text(&a, "error", words);
    return a;
}

void answer_value(struct answer *a, const char *key, struct json *value)
{
    if (a->e == ERR_OK)
        a->e = json_set(a->object, key, value);
    else
        json_free(value);
}

void answer_text(struct answer *a, const char *key, const char *text)
{
    if (text != NULL)
        answer_value(a, key, json_new_string(text));
}

void answer_number(struct answer *a, const char *key, double number)
{
    answer_value(a, key, json_new_number(number));
}

void answer_bool(struct answer *a, const char *key, bool truth)
{
    answer_value(a, key, json_new_bool(truth));
}

/* NULL: no memory. */
static struct json *to_json(const struct nameplate_above *above)
{
    struct answer a = begin();

    if (a.e == ERR_OK) {
        answer_text(&a, "subject", above->subject);
        answer_text(&a, "fingerprint", above->fingerprint);
        answer_text(&a, "certificate_id", above->certificate_id);
    }
    if (a.e == ERR_OK)
        return a.object;
    json_free(a.object);
    return NULL;
}

static void answer_chain(struct answer *a, const struct nameplate *n)
{
    struct json *chain = json_new_array();
    enum err e = chain == NULL ? ERR_NO_MEMORY : ERR_OK;

    for (size_t i = 0; i < n->above_count && e == ERR_OK; i++)
        e = json_append(chain, to_json(&n->above[i]));
    if (e == ERR_OK) {
        answer_value(a, "chain", chain);
        return;
    }
    json_free(chain);
    a->e = e;
}

void answer_nameplate(struct answer *a, const struct nameplate *n)
{
    answer_text(a, "vendor", n->vendor);
    answer_text(a, "model", n->model);
    answer_text(a, "serial", n->serial);
    answer_text(a, "thing", n->thing);
    answer_text(a, "issuer", n->issuer);
    answer_text(a, "fingerprint", n->fingerprint);
    answer_text(a, "certificate_id", n->certificate_id);
    answer_number(a, "not_before", (double)n->not_before_s);
    answer_number(a, "not_after", (double)n->not_after_s);
    answer_text(a, "hit", n->hit);
    answer_chain(a, n);
}

void answer_key(struct answer *a, struct key *key)
{
    struct keystore_place place;

    if (key == NULL)
        return;
    key_place(key, &place);
    answer_text(a, "key_kind", place.kind);
    answer_text(a, "key_place", place.words);
    if (place.opened)
        answer_bool(a, "key_exportable", place.exportable);
}

char *answer_line(struct answer *a, const char *id, size_t *len)
{
    char *body = a->e == ERR_OK ? json_print(a->object) : NULL;
    char *line = NULL;
    size_t size;

    json_free(a->object);
    if (body == NULL)
        return NULL;
    size = strlen(id) + strlen(body) + sizeof("{\"id\":,\n");
    line = malloc(size);
    if (line != NULL) {
        int n = *id == '\0'
            ? snprintf(line, size, "%s\n", body)
            : snprintf(line, size, "{\"id\":%s,%s\n", id, body + 1);

        *len = (size_t)n;
    }
    free(body);
    return line;
}

size_t answer_stored(const char *id, char line[ANSWER_STORED])
{
    int len =
        snprintf(line, ANSWER_STORED, "{%s%s%s\"ok\":true,\"stored\":true}\n",
            *id == '\0' ? "" : "\"id\":", id, *id == '\0' ? "" : ",");

    return (size_t)len;
}
