/* revocation.h - the register of what was revoked: one small file for each
 * certificate, revoked/<serial in hex>.json, which never changes. */

#ifndef CERTS_REVOCATION_H
#define CERTS_REVOCATION_H

#include "certs/crl.h"
#include "certs/home.h"

/* Remember that a certificate of ours is revoked, now.  The home must be
 * locked.  ERR_EXISTS (not said): it is already.  Other failures are said. */
enum err revocation_add(const struct home *home, const struct view *certificate,
    enum crl_reason reason) MUST_CHECK;

/* What one issuer's list must hold, in the order of serial numbers; the caller
 * calls free(3).  Failures are said: a list is never made with one missing. */
enum err revocation_list(const struct home *home,
    const struct authority *issuer, struct crl_entry **entries,
    size_t *count) MUST_CHECK;

#endif
