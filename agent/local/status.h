/* status.h - the answer to `status`: docs/protocol.md, "The local socket". */

#ifndef LOCAL_STATUS_H
#define LOCAL_STATUS_H

#include "cloud/session.h"
#include "local/answer.h"

struct answer status_answer(
    const struct session_status *status, const char *thing);

#endif
