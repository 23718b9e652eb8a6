/* claim.c */

#include "certs/claim.h"

#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "certs/say.h"
#include "core/json.h"
#include "ports/port.h"

#define LABEL_LIMIT 1024

enum err claim_make(const char *thing, struct claim *out)
{
    enum err e = passcode_make(out->code);

    if (e == ERR_OK)
        e = port_random(out->verifier.salt, sizeof(out->verifier.salt));
    out->verifier.iterations = SPAKE2PLUS_ITERATIONS;
    if (e == ERR_OK)
        e = claim_verifier_make(&out->verifier, out->code, thing);
    if (e != ERR_OK)
        say("cannot make the pass code of %s: %s", thing,
            e == ERR_IO ? "the system gives no randomness" : err_name(e));
    return e;
}

void claim_wipe(struct claim *claim)
{
    mbedtls_platform_zeroize(claim, sizeof(*claim));
}

enum err claim_stage(const struct claim *claim, const char *stage)
{
    char text[CLAIM_VERIFIER_TEXT_SIZE],
        label[sizeof("{\"code\":\"\"}") + PASSCODE_SIZE];
    enum err e;

    claim_verifier_print(&claim->verifier, text);
    e = disk_stage_file(stage, CLAIM_VERIFIER_FILE,
        (struct span){(unsigned char *)text, strlen(text)}, 0600);
    (void)snprintf(label, sizeof(label), "{\"code\":\"%s\"}", claim->code);
    if (e == ERR_OK)
        e = disk_stage_file(stage, CLAIM_LABEL_FILE,
            (struct span){(unsigned char *)label, strlen(label)}, 0600);
    mbedtls_platform_zeroize(text, sizeof(text));
    mbedtls_platform_zeroize(label, sizeof(label));
    return e;
}

enum err claim_read_code(const char *device, char code[PASSCODE_SIZE])
{
    struct bytes file = {NULL, 0};
    struct json *label = NULL;
    char path[DISK_PATH_SIZE];
    const char *found;
    enum err e;

    disk_path(path, "%s/" CLAIM_LABEL_FILE, device);
    e = disk_read(path, LABEL_LIMIT, &file);
    if (e != ERR_OK)
        return e;
    e = json_parse(file.at, file.len,
        (struct json_limits){.bytes = LABEL_LIMIT, .depth = 1}, &label);
    found = json_text(json_get(label, "code"));
    if (e == ERR_OK && (found == NULL || !passcode_is_valid(found)))
        e = ERR_INVALID;
    if (e == ERR_OK)
        memcpy(code, found, PASSCODE_SIZE);
    else
        say("%s is damaged: expected {\"code\":\"<ten digits>\"}; restore it"
            " from a backup",
            path);
    json_free(label);
    bytes_free(&file);
    return e;
}

enum err claim_forget_code(const char *device)
{
    char path[DISK_PATH_SIZE];

    disk_path(path, "%s/" CLAIM_LABEL_FILE, device);
    return disk_remove(path);
}
