/* csr_wishes.h - what an EST server wants to see in a request: its CSR
 * attributes (RFC 7030 section 4.5.2, RFC 8951, RFC 9908).
 *
 * We can serve wishes for the kind of key and its hash.  The subject is always
 * the nameplate's; other wishes are counted and told, and the server decides.
 * One of them we must not pass over: challengePassword asks for channel binding
 * (RFC 7030 section 3.5), which TLS 1.3 does not have. */

#ifndef IDENTITY_CSR_WISHES_H
#define IDENTITY_CSR_WISHES_H

#include <stdbool.h>

#include "core/err.h"
#include "identity/bytes.h"

enum csr_key {
    CSR_KEY_ANY,
    CSR_KEY_P256,
    CSR_KEY_P384,
    CSR_KEY_OTHER /* RSA, another curve: we make none */
};

struct csr_wishes {
    enum csr_key key;
    bool channel_binding; /* tls-unique in challengePassword */
    bool has_template;    /* RFC 9908 section 3.4 */
    unsigned others;      /* wishes that are not served */
};

/* Read CsrAttrs in DER; an empty `der` is no wish (status 204 or 404).  What is
 * wished for twice counts as the last one says.  ERR_INVALID: *why says what is
 * malformed (static). */
enum err csr_wishes_read(
    struct span der, struct csr_wishes *out, const char **why) MUST_CHECK;

#endif
