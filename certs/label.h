/* label.h - what stands on a device's label: docs/label.md. */

#ifndef CERTS_LABEL_H
#define CERTS_LABEL_H

#include "certs/home.h"
#include "identity/passcode.h"

#define LABEL_PAGE_MAX  200 /* characters of the page's address */
#define LABEL_HIT_SIZE  33
#define LABEL_LINK_SIZE (LABEL_PAGE_MAX + THING_NAME_SIZE + 64)

/* What is lent is the caller's. */
struct label {
    const char *page; /* "https://meet.example/" */
    const char *vendor, *model, *serial;
    char thing[THING_NAME_SIZE];
    char hit[LABEL_HIT_SIZE]; /* of the device's key: 32 hexadecimal digits */
    char code[PASSCODE_SIZE];
    char shown[PASSCODE_SHOWN_SIZE];
    char link[LABEL_LINK_SIZE]; /* what the QR code says */
};

/* Is this the address of a page, to which a fragment can be put?  https, or
 * http to this very machine.  ERR_INVALID is said. */
enum err label_check_page(const char *page) MUST_CHECK;

/* Of a device issued here.  ERR_NOT_FOUND (said): it was not issued, or its
 * code was forgotten.  Other failures are said; the caller wipes. */
struct label_order {
    const char *page, *model, *serial;
};
enum err label_read(const struct home *home, const struct label_order *order,
    struct label *out) MUST_CHECK;
void label_wipe(struct label *label);

#endif
