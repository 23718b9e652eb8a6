/* labels.h - names and rooms, each account's own. */

#ifndef CLOUDD_LABELS_H
#define CLOUDD_LABELS_H

#include "cloudd/things.h"

/* Handler of PUT /api/things/<t>/label. */
void labels_put(struct things_request *q);

#endif
