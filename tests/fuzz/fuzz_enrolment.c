/* Any bytes as what an EST server answers: nothing crashes; what is taken as
 * base64 is the only way to write its bytes, but for white space; and what is
 * taken as an envelope is found again when it is put together anew.
 *
 * The first byte chooses: base64, an envelope, CSR attributes, or base64 with
 * an envelope in it. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/base64.h"
#include "identity/certs_only.h"
#include "identity/csr_wishes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_envelope(struct span der)
{
    struct certs_only all = {.count = 0};
    const char *why = NULL;

    if (certs_only_read(der, &all, &why) != ERR_OK) {
        if (why == NULL)
            abort();
        return;
    }
#ifdef PLANT_A_FAULT /* test_enrolment proves that it would be found */
    all.certificates[all.count - 1].len++;
#endif
    if (all.count == 0 || all.count > CERTS_ONLY_MOST)
        abort();
    for (size_t i = 0; i < all.count; i++) {
        struct span c = all.certificates[i];

        /* One after the other, within the envelope, no larger than is said. */
        if (c.len > CERTS_ONLY_BYTES || c.at < der.at ||
            c.at + c.len > der.at + der.len || c.at[0] != 0x30 ||
            (i > 0 &&
                all.certificates[i - 1].at + all.certificates[i - 1].len !=
                    c.at))
            abort();
    }
    /* Behind them stands at least the list of signers, "31 00". */
    if (all.certificates[all.count - 1].at +
            all.certificates[all.count - 1].len + 2 >
        der.at + der.len)
        abort();
    if (der.at[der.len - 2] != 0x31 || der.at[der.len - 1] != 0x00)
        abort();
    /* Exactly filled: nothing is between the last one and what follows. */
    if (all.certificates[all.count - 1]
                .at[all.certificates[all.count - 1].len] != 0x31 &&
        all.certificates[all.count - 1]
                .at[all.certificates[all.count - 1].len] != 0xa1)
        abort();
}

static void check_base64(struct span text, bool is_envelope)
{
    struct bytes der, again;
    const char *why = NULL;
    size_t at = 0;

    if (base64_read(text, &der, &why) != ERR_OK)
        return;
    if (base64_write(bytes_span(&der), &again) != ERR_OK)
        abort();
    for (size_t i = 0; i < text.len; i++)
        if (strchr(" \t\r\n", text.at[i]) == NULL || text.at[i] == 0)
            if (at >= again.len || again.at[at++] != text.at[i])
                abort();
    if (at != again.len)
        abort();
    if (is_envelope)
        check_envelope(bytes_span(&der));
    bytes_free(&der);
    bytes_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct span rest = {bytes + 1, len - 1};
    struct csr_wishes wishes;
    const char *why;

    if (len == 0)
        return 0;
    switch (bytes[0] % 4) {
    case 0:
        check_base64(rest, false);
        break;
    case 1:
        check_envelope(rest);
        break;
    case 2:
        (void)!csr_wishes_read(rest, &wishes, &why);
        break;
    default:
        check_base64(rest, true);
        break;
    }
    return 0;
}
