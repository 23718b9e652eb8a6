/* pin.c */

#include "ports/keystore/pin.h"

#include <stdlib.h>
#include <string.h>

#include "ports/keystore/keystore_inside.h"
#include "ports/keystore/secret.h"

struct reading {
    struct secret *text; /* NULL: none */
    size_t len;
};

struct pin {
    struct secret *value; /* NULL: from the source */
    char *source;         /* NULL: from the value */
    struct reading now;
    struct reading refused;
};

static struct secret *copy(const void *bytes, size_t len)
{
    struct secret *s = len < SECRET_BYTES ? secret_new() : NULL;

    if (s != NULL)
        memcpy(secret_bytes(s), bytes, len);
    return s;
}

struct pin *pin_new(const char *value, const char *source)
{
    struct pin *pin = calloc(1, sizeof(*pin));

    if (pin == NULL)
        return NULL;
    if (value != NULL)
        pin->value = copy(value, strlen(value));
    else if (source != NULL)
        pin->source = strdup(source + 5 * (strncmp(source, "file:", 5) == 0));
    if ((value != NULL && pin->value == NULL) ||
        (value == NULL && source != NULL && pin->source == NULL)) {
        pin_free(pin);
        return NULL;
    }
    return pin;
}

void pin_free(struct pin *pin)
{
    if (pin == NULL)
        return;
    secret_free(pin->value);
    secret_free(pin->now.text);
    secret_free(pin->refused.text);
    free(pin->source);
    free(pin);
}

bool pin_is_given(const struct pin *pin)
{
    return pin->value != NULL || pin->source != NULL;
}

/* An editor ends the line; the PIN ends before. */
static void cut_line(struct reading *r)
{
    unsigned char *bytes = secret_bytes(r->text);

    while (
        r->len > 0 && (bytes[r->len - 1] == '\n' || bytes[r->len - 1] == '\r'))
        bytes[--r->len] = '\0';
}

static enum err fetch(struct pin *pin, char *why)
{
    const struct secret_file file = {pin->source, "PIN"};
    const char *value =
        pin->value != NULL ? (const char *)secret_bytes(pin->value) : "";
    enum err e;

    if (pin->source != NULL) {
        e = secret_read(&file, why, &pin->now.text, &pin->now.len);
        if (e == ERR_OK)
            cut_line(&pin->now);
        return e;
    }
    pin->now.len = strlen(value);
    pin->now.text = copy(value, pin->now.len);
    if (pin->now.text == NULL)
        return keystore_say(why, ERR_NO_MEMORY, "no_pin: out of memory");
    return ERR_OK;
}

static bool was_refused(const struct pin *pin)
{
    return pin->refused.text != NULL && pin->refused.len == pin->now.len &&
        memcmp(secret_bytes(pin->refused.text), secret_bytes(pin->now.text),
            pin->now.len) == 0;
}

enum err pin_read(
    struct pin *pin, char *why, const unsigned char **bytes, size_t *len)
{
    enum err e;

    pin_forget(pin);
    e = fetch(pin, why);
    if (e != ERR_OK)
        return e;
    if (was_refused(pin)) {
        pin_forget(pin);
        return keystore_say(why, ERR_DENIED,
            "wrong_pin: the token refused this PIN before; it is not tried "
            "again, so that the token does not lock itself: correct the PIN%s",
            pin->source != NULL ? "" : ", then restart");
    }
    *bytes = secret_bytes(pin->now.text);
    *len = pin->now.len;
    return ERR_OK;
}

void pin_forget(struct pin *pin)
{
    secret_free(pin->now.text);
    pin->now = (struct reading){NULL, 0};
}

void pin_refuse(struct pin *pin)
{
    secret_free(pin->refused.text);
    pin->refused = pin->now;
    pin->now = (struct reading){NULL, 0};
}
