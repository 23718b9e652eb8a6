/* qr.h - a QR code (ISO/IEC 18004) as a square of dark and light modules. */

#ifndef CERTS_QR_H
#define CERTS_QR_H

#include <stdbool.h>

#include "core/err.h"

#define QR_QUIET 4 /* light modules on every side */

struct qr;

/* Of a text, bytes as they are, error correction M (15 %).  ERR_TOO_BIG: it
 * is longer than a code can be; not said. */
enum err qr_make(const char *text, struct qr **out) MUST_CHECK;
void qr_free(struct qr *qr); /* NULL is fine */

/* Modules on a side, with the quiet zone. */
int qr_size(const struct qr *qr);
/* What is outside is light. */
bool qr_is_dark(const struct qr *qr, int x, int y);

#endif
