/* owner_pairings.c */

#include "device/owner_pairings.h"

#include <stdlib.h>
#include <string.h>

#include "core/base64url.h"

struct pairing {
    unsigned char key[P256_POINT];
    unsigned char psk[BOX_KEY];
};

struct owner_pairings {
    struct pairing list[OWNER_PAIRINGS]; /* oldest first */
    size_t count;
};

struct owner_pairings *owner_pairings_new(void)
{
    return calloc(1, sizeof(struct owner_pairings));
}

void owner_pairings_clear(struct owner_pairings *p)
{
    explicit_bzero(p, sizeof(*p));
}

void owner_pairings_free(struct owner_pairings *p)
{
    if (p != NULL)
        owner_pairings_clear(p);
    free(p);
}

static void remove_at(struct owner_pairings *p, size_t i)
{
    p->count--;
    memmove(p->list + i, p->list + i + 1, (p->count - i) * sizeof(p->list[0]));
    explicit_bzero(&p->list[p->count], sizeof(p->list[0]));
}

const unsigned char *owner_pairings_find(
    const struct owner_pairings *p, const unsigned char key[P256_POINT])
{
    for (size_t i = 0; i < p->count; i++)
        if (memcmp(p->list[i].key, key, P256_POINT) == 0)
            return p->list[i].psk;
    return NULL;
}

void owner_pairings_add(struct owner_pairings *p,
    const unsigned char key[P256_POINT], const unsigned char psk[BOX_KEY])
{
    for (size_t i = p->count; i > 0; i--)
        if (memcmp(p->list[i - 1].key, key, P256_POINT) == 0)
            remove_at(p, i - 1);
    if (p->count == OWNER_PAIRINGS)
        remove_at(p, 0);
    memcpy(p->list[p->count].key, key, P256_POINT);
    memcpy(p->list[p->count].psk, psk, BOX_KEY);
    p->count++;
}

bool owner_pairings_prune(struct owner_pairings *p, const struct record *record)
{
    size_t before = p->count;

    for (size_t i = p->count; record != NULL && i > 0; i--)
        if (record_role(record, p->list[i - 1].key) == RECORD_NOBODY)
            remove_at(p, i - 1);
    return p->count != before;
}

char *owner_pairings_print(const struct owner_pairings *p)
{
    char key[BASE64URL_SIZE(P256_POINT)], psk[BASE64URL_SIZE(BOX_KEY)];
    struct json *object = json_new_object();
    enum err e = object == NULL ? ERR_NO_MEMORY : ERR_OK;
    char *text = NULL;

    for (size_t i = 0; e == ERR_OK && i < p->count; i++) {
        base64url_encode(p->list[i].key, P256_POINT, key);
        base64url_encode(p->list[i].psk, BOX_KEY, psk);
        e = json_set(object, key, json_new_string(psk));
    }
    if (e == ERR_OK)
        text = json_print(object);
    explicit_bzero(psk, sizeof(psk));
    json_free(object);
    return text;
}

enum err owner_pairings_parse(
    struct owner_pairings *p, const char *text, size_t len)
{
    static const struct json_limits limits = {OWNER_PAIRINGS_BYTES, 1};
    unsigned char key[P256_POINT], psk[BOX_KEY];
    struct json *object;
    enum err e = json_parse(text, len, limits, &object);

    if (e != ERR_OK)
        return e == ERR_NO_MEMORY ? e : ERR_INVALID;
    if (!json_is_object(object))
        e = ERR_INVALID;
    for (const struct json *m = json_first(object); e == ERR_OK && m != NULL;
         m = json_next(m)) {
        e = base64url_exact(json_key(m), key, P256_POINT);
        if (e == ERR_OK)
            e = base64url_exact(json_text(m), psk, BOX_KEY);
        if (e == ERR_OK)
            owner_pairings_add(p, key, psk);
    }
    explicit_bzero(psk, sizeof(psk));
    json_free(object);
    if (e != ERR_OK)
        owner_pairings_clear(p);
    return e;
}
