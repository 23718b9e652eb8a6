/* qr.c */

#include "certs/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

struct qr {
    QRcode *code;
};

enum err qr_make(const char *text, struct qr **out)
{
    struct qr *qr = calloc(1, sizeof(*qr));

    if (qr == NULL)
        return ERR_NO_MEMORY;
    qr->code = QRcode_encodeData(
        (int)strlen(text), (const unsigned char *)text, 0, QR_ECLEVEL_M);
    if (qr->code == NULL) {
        free(qr);
        return errno == ERANGE ? ERR_TOO_BIG : ERR_NO_MEMORY;
    }
    *out = qr;
    return ERR_OK;
}

void qr_free(struct qr *qr)
{
    if (qr == NULL)
        return;
    QRcode_free(qr->code);
    free(qr);
}

int qr_size(const struct qr *qr)
{
    return qr->code->width + 2 * QR_QUIET;
}

bool qr_is_dark(const struct qr *qr, int x, int y)
{
    int width = qr->code->width;

    x -= QR_QUIET;
    y -= QR_QUIET;
    return x >= 0 && y >= 0 && x < width && y < width &&
        (qr->code->data[y * width + x] & 1) != 0;
}
