/* pkcs11_library.h - p11-kit, loaded when the first pkcs11: key asks for it. */

#ifndef PORTS_KEYSTORE_PKCS11_LIBRARY_H
#define PORTS_KEYSTORE_PKCS11_LIBRARY_H

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include "core/err.h"

/* p11-kit's functions by the names that follow p11_kit_. */
struct pkcs11_library {
    __typeof__(p11_kit_uri_new) *uri_new;
    __typeof__(p11_kit_uri_free) *uri_free;
    __typeof__(p11_kit_uri_parse) *uri_parse;
    __typeof__(p11_kit_uri_message) *uri_message;
    __typeof__(p11_kit_uri_any_unrecognized) *uri_any_unrecognized;
    __typeof__(p11_kit_uri_get_attribute) *uri_get_attribute;
    __typeof__(p11_kit_uri_get_module_path) *uri_get_module_path;
    __typeof__(p11_kit_uri_get_module_name) *uri_get_module_name;
    __typeof__(p11_kit_uri_get_pin_value) *uri_get_pin_value;
    __typeof__(p11_kit_uri_get_pin_source) *uri_get_pin_source;
    __typeof__(p11_kit_uri_get_slot_id) *uri_get_slot_id;
    __typeof__(p11_kit_uri_match_module_info) *uri_match_module_info;
    __typeof__(p11_kit_uri_match_slot_info) *uri_match_slot_info;
    __typeof__(p11_kit_uri_match_token_info) *uri_match_token_info;
    __typeof__(p11_kit_module_load) *module_load;
    __typeof__(p11_kit_module_initialize) *module_initialize;
    __typeof__(p11_kit_module_finalize) *module_finalize;
    __typeof__(p11_kit_module_release) *module_release;
    __typeof__(p11_kit_modules_load_and_initialize)
        *modules_load_and_initialize;
    __typeof__(p11_kit_modules_finalize_and_release)
        *modules_finalize_and_release;
    __typeof__(p11_kit_be_quiet) *be_quiet;
    __typeof__(p11_kit_message) *message;
    __typeof__(p11_kit_strerror) *strerror;
};

/* Lent for ever.  ERR_NOT_FOUND: not installed; `why` as in keystore.h. */
enum err pkcs11_library(
    const struct pkcs11_library **out, char *why) MUST_CHECK;

#endif
