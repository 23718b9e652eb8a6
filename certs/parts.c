/* parts.c */

#include "certs/parts.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "certs/say.h"

/* The length of the UTF-8 sequence at `s` (RFC 3629), 0 when malformed. */
static size_t sequence(const unsigned char *s)
{
    size_t len = s[0] < 0x80 ? 1
        : s[0] < 0xc2        ? 0
        : s[0] < 0xe0        ? 2
        : s[0] < 0xf0        ? 3
        : s[0] < 0xf5        ? 4
                             : 0;

    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return len;
}

/* What is wrong with a text of at most PARTS_MAX characters, or NULL. */
static const char *fault_of(const char *value, const char *forbidden)
{
    const unsigned char *s = (const unsigned char *)value;
    size_t characters = 0, len;

    if (*value == '\0')
        return "it is empty";
    for (; *s != '\0'; s += len) {
        len = sequence(s);
        if (len == 0)
            return "it is not UTF-8";
        if (*s < ' ' || *s == 0x7f || (*s == 0xc2 && s[1] < 0xa0))
            return "it has a control character";
        if (strchr(forbidden, *s) != NULL)
            return "it has a space, comma, '+', '#' or '$'";
        if (++characters > PARTS_MAX)
            return "it has more than 64 characters";
    }
    return NULL;
}

static enum err refuse(
    const char *what, const char *value, const char *fault, const char *hint)
{
    if (fault == NULL)
        return ERR_OK;
    say("the %s '%s' is refused: %s; %s", what, value, fault, hint);
    return ERR_INVALID;
}

enum err parts_check_name(const char *what, const char *value)
{
    return refuse(what, value, fault_of(value, " ,+#$"),
        "choose another, it is never changed to fit");
}

enum err parts_check_text(const char *what, const char *value)
{
    return refuse(what, value, fault_of(value, ""), "choose another");
}

enum err parts_check_serial(const char *value)
{
    /* X.520 PrintableString without the characters that are forbidden. */
    static const char printable[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz"
                                    "0123456789'()-./:=?";
    const char *fault = fault_of(value, " ,+#$");

    if (fault == NULL && value[strspn(value, printable)] != '\0')
        fault = "it has a character outside A-Z a-z 0-9 ' ( ) - . / : = ?";
    return refuse("serial number", value, fault,
        "a serial number is kept to the byte, never changed to fit");
}

enum err parts_thing(
    const struct thing_name_parts *parts, char name[THING_NAME_SIZE])
{
    enum err e = parts_check_name("vendor", parts->vendor);

    if (e == ERR_OK)
        e = parts_check_name("model", parts->model);
    if (e == ERR_OK)
        e = parts_check_serial(parts->serial);
    if (e != ERR_OK)
        return e;
    e = thing_name_make(parts, name);
    if (e != ERR_OK)
        say("the thing name of %s, %s, %s would be longer than %d characters;"
            " it is never cut: choose a shorter serial number",
            parts->vendor, parts->model, parts->serial, THING_NAME_MAX);
    return e;
}
