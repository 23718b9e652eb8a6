/* assign.c */

#include "local/assign.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "local/lines.h"

#define WHOLE_DIGITS 15 /* of a number that a double keeps, see core/json.h */

static const struct json_limits limits = {LINES_MAX, 32};

/* RFC 8259 section 6: -? int frac? exp?  The digits are counted. */
static bool is_number(const char *p, size_t *digits)
{
    size_t n = 0, frac;

    p += *p == '-';
    n = strspn(p, "0123456789");
    if (n == 0 || (*p == '0' && n > 1))
        return false;
    *digits = *p == '0' ? 0 : n;
    p += n;
    if (*p == '.') {
        frac = strspn(p + 1, "0123456789");
        if (frac == 0)
            return false;
        *digits += frac;
        p += 1 + frac;
    }
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '+' || p[1] == '-');
        n = strspn(p, "0123456789");
        if (n == 0)
            return false;
        p += n;
    }
    return *p == '\0';
}

static enum err read_json(
    const char *text, struct json **out, char fault[ASSIGN_FAULT])
{
    struct json_fault found;
    enum err e = json_parse_or_say(text, strlen(text), limits, &found, out);

    if (e == ERR_OK || e == ERR_NO_MEMORY)
        return e;
    (void)snprintf(fault, ASSIGN_FAULT,
        "'%.100s' begins like JSON and is none: %s, at byte %zu", text,
        found.what, found.at);
    return ERR_INVALID;
}

/* What the agent will see must read as what we meant. */
static enum err read_text(
    const char *text, struct json **out, char fault[ASSIGN_FAULT])
{
    struct json *value = json_new_string(text), *seen = NULL;
    char *printed = value == NULL ? NULL : json_print(value);
    enum err e = printed == NULL
        ? ERR_NO_MEMORY
        : json_parse(printed, strlen(printed), limits, &seen);

    json_free(value);
    free(printed);
    if (e == ERR_OK)
        *out = seen;
    else if (e != ERR_NO_MEMORY) {
        (void)snprintf(fault, ASSIGN_FAULT,
            e == ERR_TOO_BIG ? "a value of more than 64 KB"
                             : "a value that is not UTF-8");
        e = ERR_INVALID;
    }
    return e;
}

enum err assign_value(
    const char *text, struct json **out, char fault[ASSIGN_FAULT])
{
    size_t digits = 0;

    if (is_number(text, &digits)) {
        if (digits <= WHOLE_DIGITS)
            return read_json(text, out, fault);
        (void)snprintf(fault, ASSIGN_FAULT,
            "'%.100s' has more digits than a number keeps (%d); as text: "
            "'\"%.100s\"'",
            text, WHOLE_DIGITS, text);
        return ERR_INVALID;
    }
    if (*text != '\0' && strchr("{[\"", *text) != NULL)
        return read_json(text, out, fault);
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
        strcmp(text, "null") == 0)
        return read_json(text, out, fault);
    return read_text(text, out, fault);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One part of a key up to an unescaped '.', '=' or the end; NULL when an
 * escape is wrong.  *out has room for the rest of the text. */
static const char *read_part(const char *p, char *out)
{
    for (; *p != '\0' && *p != '.' && *p != '='; p++) {
        if (*p == '\\' && p[1] == 'x') {
            int high = hex_digit(p[2]);
            int low = high < 0 ? -1 : hex_digit(p[3]);

            if (low < 0 || high * 16 + low == 0)
                return NULL;
            *out++ = (char)(high * 16 + low);
            p += 3;
        } else if (*p == '\\') {
            if (p[1] == '\0')
                return NULL;
            *out++ = *++p;
        } else {
            *out++ = *p;
        }
    }
    *out = '\0';
    return p;
}

/* The object under `part`, made when missing. */
static enum err enter(struct json **object, const char *part)
{
    struct json *inner = json_get(*object, part);
    enum err e = ERR_OK;

    if (inner == NULL) {
        e = json_set(*object, part, json_new_object());
        inner = json_get(*object, part);
    }
    if (e != ERR_OK)
        return e;
    if (!json_is_object(inner))
        return ERR_EXISTS;
    *object = inner;
    return ERR_OK;
}

static enum err add(
    struct json *object, const char *text, char *part, char fault[ASSIGN_FAULT])
{
    const char *p = text;
    struct json *value = NULL;
    enum err e;

    for (;;) {
        p = read_part(p, part);
        if (p == NULL || *p == '\0' || *part == '\0')
            return ERR_NOT_FOUND;
        if (*p++ == '=')
            break;
        e = enter(&object, part);
        if (e != ERR_OK)
            return e;
    }
    if (json_get(object, part) != NULL)
        return ERR_EXISTS;
    e = assign_value(p, &value, fault);
    return e == ERR_OK ? json_set(object, part, value) : e;
}

enum err assign_add(
    struct json *object, const char *text, char fault[ASSIGN_FAULT])
{
    char *part = malloc(strlen(text) + 1);
    enum err e;

    if (part == NULL)
        return ERR_NO_MEMORY;
    e = add(object, text, part, fault);
    free(part);
    if (e == ERR_NOT_FOUND)
        (void)snprintf(fault, ASSIGN_FAULT,
            "'%.100s': expected KEY=VALUE, as temp=21.5 or led.on=true", text);
    if (e == ERR_EXISTS)
        (void)snprintf(
            fault, ASSIGN_FAULT, "'%.100s': this key is set already", text);
    return e == ERR_NOT_FOUND || e == ERR_EXISTS ? ERR_INVALID : e;
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

/* Would assign_value read this text as something else than itself? */
static bool needs_quotes(const char *text)
{
    char fault[ASSIGN_FAULT];
    struct json *value = NULL;
    bool same;

    if (has_control(text))
        return true;
    if (assign_value(text, &value, fault) != ERR_OK)
        return true;
    same = json_is_string(value);
    json_free(value);
    return !same || *text == '"';
}

char *assign_print(const struct json *value)
{
    const char *text = json_text(value);

    if (text != NULL && !needs_quotes(text))
        return strdup(text);
    return json_print(value);
}

/* `part` behind `path`, so that read_part gives it back. */
static char *join(const char *path, const char *part)
{
    size_t size = strlen(path) + 4 * strlen(part) + 2;
    char *out = malloc(size), *p;

    if (out == NULL)
        return NULL;
    p = out + snprintf(out, size, "%s%s", path, *path == '\0' ? "" : ".");
    for (; *part != '\0'; part++) {
        unsigned char c = (unsigned char)*part;

        if (c <= 0x20 || c == 0x7f) {
            p += snprintf(p, 5, "\\x%02x", c);
        } else {
            if (strchr(".=\\", c) != NULL)
                *p++ = '\\';
            *p++ = (char)c;
        }
    }
    *p = '\0';
    return out;
}

static enum err print_leaf(
    const char *path, const struct json *value, void (*line)(const char *text))
{
    char *text = assign_print(value), *whole = NULL;
    size_t size;

    if (text == NULL)
        return ERR_NO_MEMORY;
    size = strlen(path) + strlen(text) + sizeof(" = ");
    whole = malloc(size);
    if (whole != NULL) {
        (void)snprintf(whole, size, "%s = %s", path, text);
        line(whole);
    }
    free(text);
    free(whole);
    return whole == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err print_changes(const char *path, const struct json *now,
    const struct json *before, void (*line)(const char *text))
{
    enum err e = ERR_OK;

    for (const struct json *c = json_first(now); c != NULL && e == ERR_OK;
         c = json_next(c)) {
        const struct json *old = json_get(before, json_key(c));
        char *inner;

        if (json_equal(c, old))
            continue;
        inner = join(path, json_key(c));
        if (inner == NULL)
            return ERR_NO_MEMORY;
        e = json_is_object(c) && json_first(c) != NULL
            ? print_changes(inner, c, old, line)
            : print_leaf(inner, c, line);
        free(inner);
    }
    return e;
}

enum err assign_changes(const struct json *now, const struct json *before,
    void (*line)(const char *text))
{
    return print_changes("", now, before, line);
}
