/* certificate_request.h - what a device asks to be certified: a PKCS #10
 * request (RFC 2986), read and judged. */

#ifndef CLOUD_MOCK_CERTIFICATE_REQUEST_H
#define CLOUD_MOCK_CERTIFICATE_REQUEST_H

#include <stdbool.h>

#include "identity/bytes.h"
#include "identity/view.h"

#define CERTIFICATE_REQUEST_BYTES 8192 /* of the PEM */

struct certificate_request {
    struct bytes der;
    struct view_name subject; /* no attributes: it leaves the name to us */
    struct span spki;
    bool names; /* it asks for names in a subjectAltName */
};

/* Read the first request of a PEM text, and check that its owner holds the
 * key: P-256, P-384, or RSA of 2048 to 4096 bits, signed with SHA-256, -384 or
 * -512.  certificate_request_free frees what is in *out.  ERR_INVALID: `*why`
 * is what is wrong with it, in words (static). */
enum err certificate_request_read(const char *pem,
    struct certificate_request *out, const char **why) MUST_CHECK;
void certificate_request_free(struct certificate_request *request);

/* What is wrong with the request's subject for this owner, or NULL: what it
 * names must be the owner's own (O, OU, CN, serialNumber, nothing else);
 * `whole` wants all four (RFC 7030 section 4.2.2). */
struct subject;
const char *certificate_request_judge(const struct certificate_request *request,
    const struct subject *owner, bool whole);

#endif
