/* mint_names.c - written back to front, see certs/der.h. */

#include <stdlib.h>
#include <string.h>

#include "certs/der.h"
#include "identity/oid.h"
#include "mint.h"

#define ROOM      16384
#define WORDS_MAX 2000

static void check(bool good)
{
    if (!good)
        abort();
}

static struct bytes copy(const struct der *d)
{
    struct bytes out = {NULL, 0};
    struct span written;

    check(
        der_done(d, &written) == ERR_OK && bytes_copy(written, &out) == ERR_OK);
    return out;
}

static void put_organization(struct der *d, unsigned char tag, struct span text)
{
    unsigned char wide[ROOM];
    size_t mark = der_mark(d);

    if (tag == 0x1e) { /* BMPString: two octets each */
        check(2 * text.len <= sizeof(wide));
        for (size_t i = 0; i < text.len; i++) {
            wide[2 * i] = 0;
            wide[2 * i + 1] = text.at[i];
        }
        text = (struct span){wide, 2 * text.len};
    }
    der_put_tagged(d, tag, text);
    der_put_oid(d, OID_ORGANIZATION);
    der_wrap(d, DER_SEQUENCE, mark);
    der_wrap(d, DER_SET, mark);
    der_wrap(d, DER_SEQUENCE, mark);
}

static void put_directory(struct der *d, struct span text)
{
    char o[ROOM] = "", *ou;
    struct subject s = {.organization = NULL};

    memcpy(o, text.at, text.len);
    ou = strchr(o, '/');
    if (ou != NULL)
        *ou++ = '\0';
    s.organization = *o != '\0' ? o : NULL;
    s.organization_unit = ou;
    subject_put(d, &s);
}

static void put_address(struct der *d, struct span hex)
{
    unsigned char bytes[64];

    check(hex.len / 2 <= sizeof(bytes));
    for (size_t i = 0; i < hex.len / 2; i++) {
        const char two[] = {(char)hex.at[2 * i], (char)hex.at[2 * i + 1], '\0'};

        bytes[i] = (unsigned char)strtoul(two, NULL, 16);
    }
    der_put_tagged(d, DER_CONTEXT(7), (struct span){bytes, hex.len / 2});
}

static void put_other(struct der *d)
{
    size_t mark = der_mark(d), value;

    value = der_mark(d);
    der_put_text(d, DER_UTF8, "x");
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(0), value);
    der_put_oid(d, "1.3.6.1.4.1.32473.1");
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(0), mark);
}

static bool is(const char *word, const char *kind)
{
    return strncmp(word, kind, strlen(kind)) == 0;
}

static void put_name(struct der *d, const char *word, size_t len)
{
    const char *colon = memchr(word, ':', len);
    struct span text;
    size_t mark = der_mark(d);

    check(colon != NULL);
    text = (struct span){
        (const unsigned char *)colon + 1, len - (size_t)(colon + 1 - word)};
    if (is(word, "dns:"))
        der_put_tagged(d, DER_CONTEXT(2), text);
    else if (is(word, "mail:"))
        der_put_tagged(d, DER_CONTEXT(1), text);
    else if (is(word, "uri:"))
        der_put_tagged(d, DER_CONTEXT(6), text);
    else if (is(word, "rid:"))
        der_put_tagged(d, DER_CONTEXT(8), (struct span){(const void *)"*", 1});
    else if (is(word, "ip:"))
        put_address(d, text);
    else if (is(word, "other:"))
        put_other(d);
    else if (is(word, "dir:"))
        put_directory(d, text);
    else if (is(word, "t61:"))
        put_organization(d, 0x14, text);
    else if (is(word, "bmp:"))
        put_organization(d, 0x1e, text);
    else
        abort();
    if (is(word, "dir:") || is(word, "t61:") || is(word, "bmp:"))
        der_wrap(d, DER_CONTEXT_CONSTRUCTED(4), mark);
}

struct words {
    const char *at[WORDS_MAX];
    size_t len[WORDS_MAX];
    size_t count;
};

static void split(const char *text, struct words *w)
{
    w->count = 0;
    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        check(w->count < WORDS_MAX);
        w->at[w->count] = text;
        w->len[w->count] = strcspn(text, " ");
        text += w->len[w->count++];
    }
}

struct bytes mint_names(const char *text)
{
    unsigned char room[ROOM];
    struct words w;
    struct der d;

    split(text, &w);
    der_start(&d, room, sizeof(room));
    for (size_t i = w.count; i-- > 0;)
        put_name(&d, w.at[i], w.len[i]);
    der_wrap(&d, DER_SEQUENCE, 0);
    return copy(&d);
}

static void put_subtree(struct der *d, const char *word, size_t len)
{
    static const unsigned char one[] = {1};
    const char *bound = memchr(word, '?', len);
    size_t mark = der_mark(d);

    if (bound != NULL) {
        der_put_tagged(d, DER_CONTEXT(bound[2] == 'i' ? 0 : 1),
            (struct span){one, sizeof(one)});
        len = (size_t)(bound - word);
    }
    put_name(d, word, len);
    der_wrap(d, DER_SEQUENCE, mark);
}

struct bytes mint_constraints(const char *text)
{
    unsigned char room[ROOM];
    struct words w;
    struct der d;

    split(text, &w);
    der_start(&d, room, sizeof(room));
    for (unsigned kind = 2; kind-- > 0;) {
        size_t mark = der_mark(&d);

        for (size_t i = w.count; i-- > 0;)
            if (*w.at[i] == "+-"[kind])
                put_subtree(&d, w.at[i] + 1, w.len[i] - 1);
        if (der_mark(&d) > mark)
            der_wrap(&d, DER_CONTEXT_CONSTRUCTED(kind), mark);
    }
    der_wrap(&d, DER_SEQUENCE, 0);
    return copy(&d);
}

void mint_repeat(char *room, const char *word, size_t times)
{
    size_t len = strlen(word);

    for (size_t i = 0; i < times; i++)
        memcpy(room + i * len, word, len);
    room[times * len] = '\0';
}
