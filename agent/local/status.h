/* status.h - the answer to `status`: docs/protocol.md, "The local socket". */

#ifndef LOCAL_STATUS_H
#define LOCAL_STATUS_H

#include "cloud/session.h"
#include "local/answer.h"

/* `budget` is NULL when nobody counts. */
struct answer status_answer(const struct session_status *status,
    const struct budget_figures *budget, const char *thing);

#endif
