/* routes.h - the table of what the page may ask, see docs/protocol.md. */

#ifndef CLOUDD_ROUTES_H
#define CLOUDD_ROUTES_H

#include "cloudd/http.h"

/* Handler of http_options, context `struct app`. */
void routes_handle(void *context, struct http_request *request);

#endif
