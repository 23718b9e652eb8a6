/* tpm2_uri.c */

#include "ports/keystore/tpm2_uri.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ports/keystore/keystore_inside.h"

#define SCHEME     "tpm2:"
#define SEPARATORS ";?&"

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c | 0x20);

    return c != '\0' && at != NULL && *at != '\0' ? (int)(at - digits) : -1;
}

/* The byte at *at, which moves on behind it; -1: badly encoded.  Never a NUL:
 * it would cut the value short. */
static int take_byte(const char **at, const char *end)
{
    const char *p = *at;
    int c = (unsigned char)*p;

    *at = p + 1;
    if (c != '%')
        return c;
    if (end - p < 3 || hex(p[1]) < 0 || hex(p[2]) < 0)
        return -1;
    *at = p + 3;
    c = hex(p[1]) * 16 + hex(p[2]);
    return c != 0 ? c : -1;
}

static bool decode(const char *text, size_t len, char out[TPM2_URI_VALUE])
{
    const char *end = text + len;
    size_t used = 0;

    while (text < end) {
        int c = take_byte(&text, end);

        if (c < 0 || used == TPM2_URI_VALUE - 1)
            return false;
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return used > 0;
}

static bool read_handle(const char *text, uint32_t *out)
{
    char *end;
    unsigned long n;

    if (strncmp(text, "0x", 2) != 0 || hex(text[2]) < 0)
        return false;
    errno = 0;
    n = strtoul(text, &end, 16);
    if (errno != 0 || *end != '\0' || n < 0x81000000 || n > 0x81ffffff)
        return false;
    *out = (uint32_t)n;
    return true;
}

/* Where the value goes whose name `text` begins with, and how long that name is
 * with its '='; NULL: not known. */
static char *find_value(struct tpm2_uri *out, const char *text, size_t *name)
{
    const struct {
        const char *name;
        char *value;
    } values[] = {
        {"tcti=",       out->tcti      },
        {"pin-value=",  out->pin_value },
        {"pin-source=", out->pin_source},
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        *name = strlen(values[i].name);
        if (strncmp(text, values[i].name, *name) == 0)
            return values[i].value;
    }
    return NULL;
}

/* One name=value of `len` bytes; why it is wrong, or NULL. */
static const char *take(const char *text, size_t len, struct tpm2_uri *out)
{
    char handle[TPM2_URI_VALUE] = "";
    size_t name;
    char *value;

    if (len > 7 && strncmp(text, "handle=", 7) == 0)
        return out->handle == 0 && decode(text + 7, len - 7, handle) &&
                read_handle(handle, &out->handle)
            ? NULL
            : "handle must stand once, from 0x81000000 to 0x81ffffff";
    value = find_value(out, text, &name);
    if (value == NULL)
        return "an attribute is not known; expected handle, tcti, pin-source";
    return *value == '\0' && len > name &&
            decode(text + name, len - name, value)
        ? NULL
        : "an attribute stands twice, is empty, too long or badly encoded";
}

enum err tpm2_uri_read(const char *uri, struct tpm2_uri *out, char *why)
{
    struct tpm2_uri read = {.handle = 0};
    const char *fault = NULL;
    const char *at = uri + strlen(SCHEME);

    while (fault == NULL && *at != '\0') {
        size_t len = strcspn(at, SEPARATORS);

        fault = take(at, len, &read);
        at += len;
        if (*at != '\0' && *++at == '\0')
            fault = "it ends with a separator";
    }
    if (fault == NULL && read.handle == 0)
        fault = "handle= is missing, such as handle=0x81010001";
    if (fault == NULL && read.pin_value[0] != '\0' &&
        read.pin_source[0] != '\0')
        fault = "pin-value and pin-source exclude each other";
    if (fault == NULL && read.tcti[0] == '\0')
        memcpy(read.tcti, TPM2_URI_TCTI, sizeof(TPM2_URI_TCTI));
    if (fault == NULL)
        *out = read;
    explicit_bzero(&read, sizeof(read));
    return fault == NULL
        ? ERR_OK
        : keystore_say(why, ERR_INVALID, "unsuitable: the tpm2 URI: %s", fault);
}
