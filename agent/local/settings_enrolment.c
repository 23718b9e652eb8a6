/* settings_enrolment.c */

#include "local/settings_enrolment.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SECTION "enrolment"

static enum settings_method method_of(const char *text)
{
    if (strcmp(text, "est") == 0)
        return SETTINGS_METHOD_EST;
    if (strcmp(text, "fleet") == 0)
        return SETTINGS_METHOD_FLEET;
    return strcmp(text, "jitp") == 0 ? SETTINGS_METHOD_JITP
                                     : SETTINGS_METHOD_NONE;
}

/* RFC 3986 section 2.3: what a path segment can hold as it is. */
static bool is_label(const char *text)
{
    return text == NULL ||
        text[strspn(text,
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
            "0123456789-._~")] == '\0';
}

static bool is_key_home(const char *text)
{
    return strcmp(text, "file") == 0 ||
        (strncmp(text, "pkcs11:", 7) == 0 && strstr(text, "object=") != NULL) ||
        (strncmp(text, "tpm2:", 5) == 0 && strstr(text, "handle=0x") != NULL);
}

struct demand {
    bool kept;
    const char *name;
    const char *expected;
};

enum err settings_read_enrolment(const struct config *c,
    struct settings_enrolment *out, config_say *say, void *context)
{
    struct settings_enrolment s = {
        .method = method_of(config_text(c, SECTION, "method")),
        .url = config_text(c, SECTION, "url"),
        .label = config_text(c, SECTION, "label"),
        .trust = config_text(c, SECTION, "trust"),
        .username = config_text(c, SECTION, "username"),
        .password_file = config_text(c, SECTION, "password_file"),
        .template = config_text(c, SECTION, "template"),
        .claim_certificate = config_text(c, SECTION, "claim_certificate"),
        .claim_key = config_text(c, SECTION, "claim_key"),
        .key = config_text(c, SECTION, "key"),
        .renew_at_percent =
            (unsigned)config_number(c, SECTION, "renew_at_percent"),
        .max_days = (uint32_t)config_number(c, SECTION, "max_days"),
        .renew_trust = config_yes(c, SECTION, "renew_trust")};
    bool asks = s.method == SETTINGS_METHOD_EST;
    bool claims = s.method == SETTINGS_METHOD_FLEET;
    const struct demand demands[] = {
        {!asks || (s.url != NULL && strncmp(s.url,                       "https://", 8) == 0),                                "url",
         "https://HOST or https://HOST:PORT, which method = est wants"},
        {!asks || s.trust != NULL,  "trust",
         "the CAs that the server at url may have, which method = est "
            "wants"                           },
        {!claims || (s.template != NULL && is_label(s.template)),                                                     "template",
         "the template's name, which method = fleet wants"                    },
        {!claims || (s.claim_certificate != NULL && s.claim_key != NULL),
         "claim_certificate",                        "claim_certificate and claim_key, which method = fleet wants"},
        {!s.renew_trust || asks, "renew_trust","no, or method = est"                         },
        {is_label(s.label),                                         "label",
         "letters, digits and -._~, as the server calls it"                                                             },
        {(s.username == NULL) == (s.password_file == NULL),             "username",
         "username and password_file together, or neither"},
        {is_key_home(s.key),              "key",
         "file, pkcs11:...;object=NAME or tpm2:handle=0x..."                                                                                             },
    };
    enum err e = ERR_OK;

    for (size_t i = 0; i < sizeof(demands) / sizeof(demands[0]); i++) {
        const struct demand *d = &demands[i];
        const char *where = config_where(c, SECTION, d->name);
        char line[300];

        if (d->kept)
            continue;
        (void)snprintf(line, sizeof(line),
            "%s: %s in [" SECTION "]: expected %s",
            where != NULL ? where : config_where(c, SECTION, "method"), d->name,
            d->expected);
        say(context, line);
        e = ERR_INVALID;
    }
    if (e == ERR_OK)
        *out = s;
    return e;
}
