/* hint.c */

#include "cloud/hint.h"

#include <string.h>

#define CONNACK   0x20
#define REFERENCE 0x1c /* MQTT 5 section 2.2.2.2 */
#define PAIR      0x26

struct hint hint_of_code(int code)
{
    return (struct hint){.place = code == 0x9c ? HINT_USE_ANOTHER
            : code == 0x9d                     ? HINT_MOVED
                                               : HINT_HERE};
}

void hint_add_reference(struct hint *hint, const char *text, size_t len)
{
    if (len >= sizeof(hint->reference) || memchr(text, '\0', len) != NULL)
        len = 0;
    memcpy(hint->reference, text, len);
    hint->reference[len] = '\0';
}

/* Whole seconds in decimal digits, and nothing else. */
static uint32_t seconds_of(const char *text, size_t len)
{
    uint32_t seconds = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        seconds = seconds * 10 + (uint32_t)(text[i] - '0');
        if (seconds > HINT_RETRY_MAX_S)
            seconds = HINT_RETRY_MAX_S;
    }
    return seconds;
}

void hint_add_pair(struct hint *hint, const struct hint_pair *pair)
{
    static const char name[] = "retry-after";

    if (pair->name_len == sizeof(name) - 1 &&
        memcmp(pair->name, name, pair->name_len) == 0)
        hint->retry_after_s = seconds_of(pair->value, pair->value_len);
}

/* --- a CONNACK ---------------------------------------------------------------
 */

struct reader {
    const unsigned char *at;
    size_t left;
    bool bad; /* more was taken than there is */
};

static const unsigned char *take(struct reader *r, size_t count)
{
    const unsigned char *at = r->at;

    if (count > r->left) {
        r->bad = true;
        r->left = 0;
        return at;
    }
    r->at += count;
    r->left -= count;
    return at;
}

static unsigned take_byte(struct reader *r)
{
    const unsigned char *at = take(r, 1);

    return r->bad ? 0 : *at;
}

/* Section 1.5.5; at most four bytes. */
static size_t take_size(struct reader *r)
{
    size_t size = 0;

    for (unsigned shift = 0; shift < 28; shift += 7) {
        unsigned byte = take_byte(r);

        size |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return size;
    }
    r->bad = true;
    return 0;
}

/* What a size says lies before us, and nothing behind it. */
static struct reader take_part(struct reader *r)
{
    size_t size = take_size(r);
    const unsigned char *at = take(r, size);

    return (struct reader){at, r->bad ? 0 : size, r->bad};
}

/* Section 1.5.4, and 1.5.6: two bytes of length before it. */
static const char *take_text(struct reader *r, size_t *len)
{
    unsigned high = take_byte(r);
    const unsigned char *at;

    *len = high << 8 | take_byte(r);
    at = take(r, *len);
    if (r->bad)
        *len = 0;
    return (const char *)at;
}

/* Bytes of a property of fixed size in a CONNACK; 0: it is another. */
static size_t fixed_size(unsigned identifier)
{
    switch (identifier) {
    case 0x24: /* Maximum QoS */
    case 0x25: /* Retain Available */
    case 0x28: /* Wildcard Subscription Available */
    case 0x29: /* Subscription Identifiers Available */
    case 0x2a: /* Shared Subscription Available */
        return 1;
    case 0x13: /* Server Keep Alive */
    case 0x21: /* Receive Maximum */
    case 0x22: /* Topic Alias Maximum */
        return 2;
    case 0x11: /* Session Expiry Interval */
    case 0x27: /* Maximum Packet Size */
        return 4;
    default:
        return 0;
    }
}

static bool is_text(unsigned identifier)
{
    return identifier == 0x12 || identifier == 0x15 || identifier == 0x16 ||
        identifier == 0x1a || identifier == 0x1f;
}

static void read_property(struct reader *r, struct hint *hint)
{
    unsigned identifier = take_byte(r);
    struct hint_pair pair;
    const char *text;
    size_t len;

    if (identifier == REFERENCE) {
        text = take_text(r, &len);
        hint_add_reference(hint, text, len);
    } else if (identifier == PAIR) {
        pair.name = take_text(r, &pair.name_len);
        pair.value = take_text(r, &pair.value_len);
        hint_add_pair(hint, &pair);
    } else if (is_text(identifier)) {
        (void)take_text(r, &len);
    } else if (fixed_size(identifier) > 0) {
        (void)take(r, fixed_size(identifier));
    } else {
        r->bad = true;
    }
}

bool hint_of_connack(const unsigned char *bytes, size_t len, struct hint *out)
{
    struct reader all = {bytes, len, false}, body, properties;
    bool is_connack = take_byte(&all) == CONNACK;
    struct hint hint;

    body = take_part(&all);
    (void)take_byte(&body); /* session present */
    hint = hint_of_code((int)take_byte(&body));
    properties = take_part(&body);
    while (properties.left > 0)
        read_property(&properties, &hint);
    if (!is_connack || all.bad || body.bad || properties.bad || body.left > 0)
        return false;
    *out = hint;
    return true;
}
