/* label_picture.h - a label for a terminal, a printer of vectors, a printer of
 * dots. */

#ifndef CERTS_LABEL_PICTURE_H
#define CERTS_LABEL_PICTURE_H

#include "certs/label.h"
#include "certs/qr.h"
#include "identity/bytes.h"

/* ERR_NO_MEMORY is said; the caller frees. */
typedef enum err label_draw(
    const struct label *label, const struct qr *qr, struct bytes *out);

/* UTF-8 half blocks, black on white whatever the terminal's colours are, and
 * the words below. */
label_draw label_terminal MUST_CHECK;
/* The QR code, the nameplate and the digits beside it; half a millimetre for a
 * module. */
label_draw label_svg MUST_CHECK;
/* The QR code and the digits below it, in grey, eight dots for a module. */
label_draw label_png MUST_CHECK;

#endif
