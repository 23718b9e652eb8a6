/* Any bytes as a request for a certificate, in PEM, or in DER that is wrapped
 * as EST wraps it: nothing crashes, and what is accepted holds together.
 *
 * The first byte chooses PEM or DER. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certs/subject.h"
#include "cloud-mock/lib/certificate_request.h"
#include "identity/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct subject owner = {
    "Acme", "Thermo-1", "acme:thermo-1:S1", "S1"};

static bool lies_in(struct span part, struct span whole)
{
    return part.at >= whole.at && part.len <= whole.len &&
        (size_t)(part.at - whole.at) <= whole.len - part.len;
}

static void look_at(const struct certificate_request *request)
{
    struct span whole = bytes_span(&request->der);
    const char *new_fault = certificate_request_judge(request, &owner, false);
    const char *old_fault = certificate_request_judge(request, &owner, true);
    size_t most = 4;

#ifdef PLANT_A_FAULT /* test_certificate_request proves it would be found */
    most = 3;
#endif
    if (!lies_in(request->spki, whole) || request->spki.len == 0 ||
        !lies_in(request->subject.whole, whole))
        abort();
    /* A renewal wants more than a new one, never less. */
    if (old_fault == NULL && new_fault != NULL)
        abort();
    if (new_fault == NULL && request->subject.count > most)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct certificate_request request;
    struct bytes text;
    const char *why = NULL;
    enum err e;

    if (len == 0)
        return 0;
    e = (bytes[0] & 0x80) != 0
        ? bytes_copy((struct span){bytes + 1, len - 1}, &text)
        : pem_write(PEM_REQUEST, (struct span){bytes + 1, len - 1}, &text);
    if (e != ERR_OK)
        return 0;
    e = certificate_request_read((const char *)text.at, &request, &why);
    if (e == ERR_OK) {
        look_at(&request);
        certificate_request_free(&request);
    } else if (e == ERR_INVALID && why == NULL) {
        abort();
    }
    bytes_free(&text);
    return 0;
}
