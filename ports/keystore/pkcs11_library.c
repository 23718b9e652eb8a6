/* pkcs11_library.c */

#include "ports/keystore/pkcs11_library.h"

#include <stddef.h>

#include "ports/keystore/keystore_inside.h"
#include "ports/keystore/load.h"

#define SONAME "libp11-kit.so.0"
#define ENTRY(name)                                                            \
    {                                                                          \
        "p11_kit_" #name, offsetof(struct pkcs11_library, name)                \
    }

static const struct load_symbol symbols[] = {
    ENTRY(uri_new),
    ENTRY(uri_free),
    ENTRY(uri_parse),
    ENTRY(uri_message),
    ENTRY(uri_any_unrecognized),
    ENTRY(uri_get_attribute),
    ENTRY(uri_get_module_path),
    ENTRY(uri_get_module_name),
    ENTRY(uri_get_pin_value),
    ENTRY(uri_get_pin_source),
    ENTRY(uri_get_slot_id),
    ENTRY(uri_match_module_info),
    ENTRY(uri_match_slot_info),
    ENTRY(uri_match_token_info),
    ENTRY(module_load),
    ENTRY(module_initialize),
    ENTRY(module_finalize),
    ENTRY(module_release),
    ENTRY(modules_load_and_initialize),
    ENTRY(modules_finalize_and_release),
    ENTRY(be_quiet),
    ENTRY(message),
    ENTRY(strerror),
};

enum err pkcs11_library(const struct pkcs11_library **out, char *why)
{
    static struct pkcs11_library functions;
    static struct load load = {.soname = SONAME,
        .package = "libp11-kit0",
        .symbols = symbols,
        .count = sizeof(symbols) / sizeof(symbols[0])};
    enum err e = load_library(&load, &functions, why);

    if (e != ERR_OK)
        return e;
    functions.be_quiet(); /* its words come through p11_kit_message */
    *out = &functions;
    return ERR_OK;
}
