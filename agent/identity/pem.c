/* pem.c */

#include "identity/pem.h"

#include <mbedtls/pem.h>
#include <stdio.h>
#include <string.h>

#define LINE 64

enum err pem_each(const char *text, const char *label,
    enum err (*see)(void *context, const unsigned char *der, size_t len),
    void *context, size_t *count)
{
    char begin[LINE], end[LINE];
    enum err e = ERR_OK;

    (void)snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
    (void)snprintf(end, sizeof(end), "-----END %s-----", label);
    *count = 0;
    for (const char *p = strstr(text, begin); p != NULL && e == ERR_OK;
         p = strstr(p, begin)) {
        mbedtls_pem_context pem;
        size_t used = 0;

        mbedtls_pem_init(&pem);
        if (mbedtls_pem_read_buffer(&pem, begin, end, (const unsigned char *)p,
                NULL, 0, &used) == 0) {
            size_t len;
            const unsigned char *der = mbedtls_pem_get_buffer(&pem, &len);

            (*count)++;
            e = see(context, der, len);
        } else {
            e = ERR_INVALID;
        }
        mbedtls_pem_free(&pem);
        p += used;
    }
    return e;
}
