/* tpm2_library.h - the TPM's libraries (TCG's ESAPI and TCTI loader), loaded
 * when the first tpm2: key asks for them. */

#ifndef PORTS_KEYSTORE_TPM2_LIBRARY_H
#define PORTS_KEYSTORE_TPM2_LIBRARY_H

#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

#include "core/err.h"

/* The functions by the names that follow Esys_ and Tss2_TctiLdr_. */
struct tpm2_library {
    __typeof__(Tss2_TctiLdr_Initialize) *tcti_open;
    __typeof__(Tss2_TctiLdr_Finalize) *tcti_close;
    __typeof__(Esys_Initialize) *initialize;
    __typeof__(Esys_Finalize) *finalize;
    __typeof__(Esys_Free) *free;
    __typeof__(Esys_TR_FromTPMPublic) *from_tpm_public;
    __typeof__(Esys_TR_SetAuth) *set_auth;
    __typeof__(Esys_ReadPublic) *read_public;
    __typeof__(Esys_Sign) *sign;
    __typeof__(Esys_CreatePrimary) *create_primary;
    __typeof__(Esys_EvictControl) *evict_control;
    __typeof__(Esys_FlushContext) *flush_context;
};

/* Lent for ever.  ERR_NOT_FOUND: not installed; `why` as in keystore.h. */
enum err tpm2_library(const struct tpm2_library **out, char *why) MUST_CHECK;

#endif
