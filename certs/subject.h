/* subject.h - distinguished names as the certificate profile writes them. */

#ifndef CERTS_SUBJECT_H
#define CERTS_SUBJECT_H

#include "certs/der.h"

/* Always in this order, so that name constraints match as prefixes; NULL is
 * left out.  UTF8String, but the serial number PrintableString (X.520). */
struct subject {
    const char *organization;      /* O: the vendor */
    const char *organization_unit; /* OU: the model */
    const char *common_name;       /* CN */
    const char *serial_number;
};

void subject_put(struct der *d, const struct subject *subject);

#endif
