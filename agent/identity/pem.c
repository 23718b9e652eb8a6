/* pem.c */

#include "identity/pem.h"

#include <mbedtls/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_SIZE 64

struct marks {
    char begin[MARK_SIZE];
    char end[MARK_SIZE];
};

static struct marks marks_for(const char *label, const char *newline)
{
    struct marks m;

    (void)snprintf(
        m.begin, sizeof(m.begin), "-----BEGIN %s-----%s", label, newline);
    (void)snprintf(m.end, sizeof(m.end), "-----END %s-----%s", label, newline);
    return m;
}

enum err pem_write(const char *label, struct span der, struct bytes *text)
{
    struct marks m = marks_for(label, "\n");
    size_t size = der.len / 3 * 4 + der.len / 32 + 300, len;
    unsigned char *buffer = malloc(size);

    if (buffer == NULL)
        return ERR_NO_MEMORY;
    if (mbedtls_pem_write_buffer(
            m.begin, m.end, der.at, der.len, buffer, size, &len) != 0) {
        free(buffer);
        return ERR_TOO_BIG;
    }
    *text = (struct bytes){buffer, len - 1}; /* it counts the NUL */
    return ERR_OK;
}

enum err pem_next(const char *label, const char **text, struct bytes *der)
{
    struct marks m = marks_for(label, "");
    mbedtls_pem_context pem;
    const char *begin = strstr(*text, m.begin);
    enum err e = ERR_INVALID;
    size_t used, len;
    const unsigned char *found;

    if (begin == NULL)
        return ERR_NOT_FOUND;
    mbedtls_pem_init(&pem);
    if (mbedtls_pem_read_buffer(&pem, m.begin, m.end,
            (const unsigned char *)begin, NULL, 0, &used) == 0) {
        found = mbedtls_pem_get_buffer(&pem, &len);
        e = bytes_copy((struct span){found, len}, der);
    }
    mbedtls_pem_free(&pem);
    if (e == ERR_OK)
        *text = begin + used;
    return e;
}

enum err pem_each(const char *text, const char *label,
    enum err (*see)(void *context, const unsigned char *der, size_t len),
    void *context, size_t *count)
{
    struct bytes der;
    enum err e;

    *count = 0;
    while ((e = pem_next(label, &text, &der)) == ERR_OK) {
        (*count)++;
        e = see(context, der.at, der.len);
        bytes_free(&der);
        if (e != ERR_OK)
            return e;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
