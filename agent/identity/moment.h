/* moment.h - points in time, as seconds since 1970-01-01T00:00:00Z. */

#ifndef IDENTITY_MOMENT_H
#define IDENTITY_MOMENT_H

#include <mbedtls/x509.h>
#include <stdbool.h>
#include <stdint.h>

#define MOMENT_TEXT 24 /* bytes of the longest, with NUL */

int64_t moment_of(const mbedtls_x509_time *t);

/* RFC 3339, "2026-05-01T12:00:00Z" or with an offset; fractions of a second
 * are dropped.  False: not one. */
bool moment_parse(const char *text, int64_t *out);

/* "2026-05-01T12:00:00Z". */
void moment_print(int64_t moment, char text[MOMENT_TEXT]);

#endif
