/* credulous.c - the agent that asks nobody whether an anchor is vouched for:
 * the twin that shows what only that question keeps out. */

#include "identity/certificate.h"
#include "identity/rollover.h"

enum err __wrap_rollover_judge(
    const struct rollover_question *question, struct rollover *out);

enum err __wrap_rollover_judge(
    const struct rollover_question *question, struct rollover *out)
{
    const struct certs_only *all = question->offered;

    *out = (struct rollover){.last = ROLLOVER_NEW};
    mbedtls_x509_crt_init(&out->offered);
    for (size_t i = 0; i < all->count; i++)
        (void)certificate_add(
            &out->offered, all->certificates[i].at, all->certificates[i].len);
    for (const mbedtls_x509_crt *c = &out->offered;
         c != NULL && out->count < ANCHORS_ADDED; c = c->next)
        out->additions[out->count++] =
            (struct anchor_addition){.certificate = c};
    return ERR_OK;
}
