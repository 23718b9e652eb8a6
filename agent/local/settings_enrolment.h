/* settings_enrolment.h - the section [enrolment]: rows for the table of
 * settings, and what stands in it. */

#ifndef LOCAL_SETTINGS_ENROLMENT_H
#define LOCAL_SETTINGS_ENROLMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/config.h"
#include "core/err.h"

enum settings_method {
    SETTINGS_METHOD_NONE,
    SETTINGS_METHOD_EST,
    SETTINGS_METHOD_FLEET,
    SETTINGS_METHOD_JITP
};

/* Text is lent as in settings.h; NULL: not given. */
struct settings_enrolment {
    enum settings_method method;
    const char *url, *label;
    const char *trust; /* a file, or "system" */
    const char *username, *password_file;
    const char *template;                      /* of fleet provisioning */
    const char *claim_certificate, *claim_key; /* ... */
    const char *key; /* "file", "pkcs11:..." or "tpm2:..." */
    unsigned renew_at_percent;
    uint32_t max_days; /* 0: any */
    bool renew_trust;
};

/* clang-format off */
#define SETTINGS_ENROLMENT                                                     \
    {.section = "enrolment", .name = "method", .kind = CONFIG_CHOICE,          \
        .fallback = "none", .choices = "none|est|fleet|jitp"},                       \
    {.section = "enrolment", .name = "url", .kind = CONFIG_TEXT,               \
        .fallback = "", .expected = "https://HOST or https://HOST:PORT"},      \
    {.section = "enrolment", .name = "label", .kind = CONFIG_TEXT,             \
        .fallback = ""},                                                       \
    {.section = "enrolment", .name = "trust", .kind = CONFIG_PATH,             \
        .fallback = "", .choices = "system",                                   \
        .expected = "the path of a PEM file: the CAs an enrolment server may " \
        "have; or \"system\""},                                                \
    {.section = "enrolment", .name = "username", .kind = CONFIG_TEXT,          \
        .fallback = ""},                                                       \
    {.section = "enrolment", .name = "password_file", .kind = CONFIG_PATH,     \
        .fallback = "",                                                        \
        .expected = "the path of a file whose first line is the password, "    \
        "readable by the agent alone (mode 0600)"},                            \
    {.section = "enrolment", .name = "template", .kind = CONFIG_TEXT,          \
        .fallback = ""},                                                       \
    {.section = "enrolment", .name = "claim_certificate",                      \
        .kind = CONFIG_PATH, .fallback = "",                                   \
        .expected = "the path of a PEM file: the claim certificate"},          \
    {.section = "enrolment", .name = "claim_key", .kind = CONFIG_URI,          \
        .fallback = "", .choices = "file|pkcs11|tpm2",                         \
        .expected = "file:PATH, the claim certificate's key"},                 \
    {.section = "enrolment", .name = "key", .kind = CONFIG_TEXT,               \
        .fallback = "file",                                                    \
        .expected = "file, pkcs11:...;object=NAME or tpm2:handle=0x..."},      \
    {.section = "enrolment", .name = "renew_at_percent",                       \
        .kind = CONFIG_NUMBER, .fallback = "66", .min = 10, .max = 95},        \
    {.section = "enrolment", .name = "max_days", .kind = CONFIG_NUMBER,        \
        .fallback = "0", .min = 0, .max = 36500},                              \
    {.section = "enrolment", .name = "renew_trust", .kind = CONFIG_YES_NO,     \
        .fallback = "no"}
/* clang-format on */

/* ERR_INVALID: told to `say`. */
enum err settings_read_enrolment(const struct config *config,
    struct settings_enrolment *out, config_say *say, void *context) MUST_CHECK;

#endif
