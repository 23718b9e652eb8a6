/* config_value.c */

#include "core/config_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is the first `len` bytes of `text` one of "a|b|c"? */
static bool is_choice(const char *choices, const char *text, size_t len)
{
    while (*choices != '\0') {
        size_t span = strcspn(choices, "|");

        if (span == len && strncmp(choices, text, len) == 0)
            return true;
        choices += span + (choices[span] == '|');
    }
    return false;
}

static bool read_number(
    const struct config_key *key, const char *text, int64_t *out)
{
    char *end;
    long long n;

    if (!isdigit((unsigned char)text[text[0] == '-']))
        return false;
    errno = 0;
    n = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || n < key->min || n > key->max)
        return false;
    *out = n;
    return true;
}

/* `scheme` is put before the path, which the caller frees. */
static char *resolve(const char *scheme, const char *path, const char *file)
{
    const char *slash = strrchr(file, '/');
    int folder = 0;
    char *out;
    size_t size;

    if (path[0] != '/' && slash != NULL)
        folder = (int)(slash - file) + 1;
    size = strlen(scheme) + (size_t)folder + strlen(path) + 1;
    out = malloc(size);
    if (out != NULL)
        (void)snprintf(out, size, "%s%.*s%s", scheme, folder, file, path);
    return out;
}

static bool is_acceptable(
    const struct config_key *key, const char *text, int64_t *number)
{
    switch (key->kind) {
    case CONFIG_TEXT:
    case CONFIG_PATH:
        return true;
    case CONFIG_NUMBER:
        return read_number(key, text, number);
    case CONFIG_CHOICE:
        return is_choice(key->choices, text, strlen(text));
    case CONFIG_YES_NO:
        return is_choice("yes|no", text, strlen(text));
    case CONFIG_URI: {
        size_t scheme = strcspn(text, ":");

        return text[scheme] == ':' && text[scheme + 1] != '\0' &&
            is_choice(key->choices, text, scheme);
    }
    case CONFIG_NEVER:
        return false;
    }
    return false;
}

void config_value_expected(const struct config_key *key, char *out, size_t size)
{
    if (key->expected != NULL) {
        (void)snprintf(out, size, "expected %s", key->expected);
        return;
    }
    switch (key->kind) {
    case CONFIG_TEXT:
        (void)snprintf(out, size, "expected text");
        break;
    case CONFIG_PATH:
        (void)snprintf(out, size, "expected the path of a file or folder");
        break;
    case CONFIG_NUMBER:
        (void)snprintf(out, size,
            "expected a whole number from %" PRId64 " to %" PRId64, key->min,
            key->max);
        break;
    case CONFIG_CHOICE:
        (void)snprintf(out, size, "expected one of %s", key->choices);
        break;
    case CONFIG_YES_NO:
        (void)snprintf(out, size, "expected yes or no");
        break;
    case CONFIG_URI:
        (void)snprintf(
            out, size, "expected SCHEME:..., SCHEME one of %s", key->choices);
        break;
    case CONFIG_NEVER:
        (void)snprintf(out, size, "expected nothing");
        break;
    }
}

static char *make_text(
    const struct config_key *key, const char *text, const char *file)
{
    if (key->kind == CONFIG_PATH && key->choices != NULL &&
        is_choice(key->choices, text, strlen(text)))
        return strdup(text);
    if (key->kind == CONFIG_PATH)
        return resolve("", text, file);
    if (key->kind == CONFIG_URI && strncmp(text, "file:", 5) == 0)
        return resolve("file:", text + 5, file);
    return strdup(text);
}

enum err config_value_make(const struct config_key *key, const char *text,
    const char *file, struct config_value *out, char *fault, size_t fault_size)
{
    struct config_value value = {NULL, 0};

    if (*text == '\0' && key->fallback != NULL && *key->fallback == '\0') {
        *out = value;
        return ERR_OK;
    }
    if (*text == '\0' || !is_acceptable(key, text, &value.number)) {
        config_value_expected(key, fault, fault_size);
        return ERR_INVALID;
    }
    value.text = make_text(key, text, file);
    if (value.text == NULL)
        return ERR_NO_MEMORY;
    *out = value;
    return ERR_OK;
}
