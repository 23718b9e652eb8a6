/* tpm2_library.c */

#include "ports/keystore/tpm2_library.h"

#include <stddef.h>
#include <stdlib.h>

#include "ports/keystore/keystore_inside.h"
#include "ports/keystore/load.h"

#define ENTRY(symbol, member)                                                  \
    {                                                                          \
        symbol, offsetof(struct tpm2_library, member)                          \
    }

static const struct load_symbol esys_symbols[] = {
    ENTRY("Esys_Initialize", initialize),
    ENTRY("Esys_Finalize", finalize),
    ENTRY("Esys_Free", free),
    ENTRY("Esys_TR_FromTPMPublic", from_tpm_public),
    ENTRY("Esys_TR_SetAuth", set_auth),
    ENTRY("Esys_ReadPublic", read_public),
    ENTRY("Esys_Sign", sign),
    ENTRY("Esys_CreatePrimary", create_primary),
    ENTRY("Esys_EvictControl", evict_control),
    ENTRY("Esys_FlushContext", flush_context),
};

static const struct load_symbol tcti_symbols[] = {
    ENTRY("Tss2_TctiLdr_Initialize", tcti_open),
    ENTRY("Tss2_TctiLdr_Finalize", tcti_close),
};

enum err tpm2_library(const struct tpm2_library **out, char *why)
{
    static struct tpm2_library functions;
    static struct load esys = {.soname = "libtss2-esys.so.0",
        .package = "tpm2-tools",
        .symbols = esys_symbols,
        .count = sizeof(esys_symbols) / sizeof(esys_symbols[0])};
    static struct load tcti = {.soname = "libtss2-tctildr.so.0",
        .package = "tpm2-tools",
        .symbols = tcti_symbols,
        .count = sizeof(tcti_symbols) / sizeof(tcti_symbols[0])};
    enum err e;

    /* They would write to our log in a form of their own. */
    (void)setenv("TSS2_LOG", "all+NONE", 0);
    e = load_library(&esys, &functions, why);
    if (e == ERR_OK)
        e = load_library(&tcti, &functions, why);
    if (e == ERR_OK)
        *out = &functions;
    return e;
}
