/* pkcs11_token.c - from the modules to a session on the one token meant.
 *
 * A PIN is offered to exactly one token: where a URI fits several, guessing
 * would use up the tries of the others. */

#include <stdint.h>
#include <string.h>

#include "ports/keystore/pkcs11_inside.h"

#define SLOTS 64

/* --- modules ------------------------------------------------------------- */

static enum err load_given(struct pkcs11 *p, const char *path, char *why)
{
    CK_RV rv;

    p->given[0] = p->kit->module_load(path, 0);
    if (p->given[0] == NULL)
        return keystore_say(why, ERR_NOT_FOUND,
            "no_module: %.80s cannot be loaded: %.80s", path,
            p->kit->message());
    rv = p->kit->module_initialize(p->given[0]);
    if (rv != CKR_OK) {
        p->kit->module_release(p->given[0]);
        return pkcs11_say(p, rv, "start its module", why);
    }
    p->modules = p->given;
    return ERR_OK;
}

static enum err load_modules(struct pkcs11 *p, char *why)
{
    const char *path = p->kit->uri_get_module_path(p->uri);

    if (path != NULL)
        return load_given(p, path, why);
    p->modules = p->kit->modules_load_and_initialize(0);
    if (p->modules == NULL)
        return keystore_say(why, ERR_NOT_FOUND,
            "no_module: p11-kit cannot load its modules: %.100s",
            p->kit->message());
    return ERR_OK;
}

static void unload_modules(struct pkcs11 *p)
{
    if (p->modules == p->given) {
        (void)p->kit->module_finalize(p->given[0]);
        p->kit->module_release(p->given[0]);
    } else if (p->modules != NULL) {
        p->kit->modules_finalize_and_release(p->modules);
    }
    p->modules = NULL;
}

/* --- the token ----------------------------------------------------------- */

static bool is_meant(const struct pkcs11 *p, CK_FUNCTION_LIST *module,
    CK_SLOT_ID slot, CK_TOKEN_INFO *token)
{
    CK_SLOT_ID wanted = p->kit->uri_get_slot_id(p->uri);
    CK_SLOT_INFO info;

    return (wanted == (CK_SLOT_ID)-1 || wanted == slot) &&
        module->C_GetSlotInfo(slot, &info) == CKR_OK &&
        p->kit->uri_match_slot_info(p->uri, &info) &&
        module->C_GetTokenInfo(slot, token) == CKR_OK &&
        (token->flags & CKF_TOKEN_INITIALIZED) != 0 &&
        p->kit->uri_match_token_info(p->uri, token);
}

/* How many tokens of the module are meant; the last is noted. */
static size_t look_in(
    struct pkcs11 *p, CK_FUNCTION_LIST *module, CK_TOKEN_INFO *token)
{
    CK_SLOT_ID slots[SLOTS];
    CK_ULONG count = SLOTS;
    CK_INFO info;
    size_t found = 0;

    if (module->C_GetInfo(&info) != CKR_OK ||
        !p->kit->uri_match_module_info(p->uri, &info))
        return 0;
    /* Some modules look for what was plugged in only when asked how many. */
    if (module->C_GetSlotList(CK_TRUE, NULL, &count) != CKR_OK)
        return 0;
    count = SLOTS;
    if (module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
        return 0;
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO one;

        if (!is_meant(p, module, slots[i], &one))
            continue;
        found++;
        p->module = module;
        p->slot = slots[i];
        *token = one;
    }
    return found;
}

static enum err find_token(struct pkcs11 *p, CK_TOKEN_INFO *token, char *why)
{
    size_t found = 0, len = sizeof(token->label);

    for (CK_FUNCTION_LIST **m = p->modules; *m != NULL; m++)
        found += look_in(p, *m, token);
    if (found == 0)
        return keystore_say(why, ERR_AGAIN,
            "token_absent: no token fits the URI; is it plugged in, and its "
            "name right?");
    if (found > 1)
        return keystore_say(why, ERR_CONFLICT,
            "ambiguous: %zu tokens fit the URI; add token= or serial=", found);
    while (len > 0 && token->label[len - 1] == ' ')
        len--;
    memcpy(p->token, token->label, len);
    p->token[len] = '\0';
    return ERR_OK;
}

/* --- the PIN ------------------------------------------------------------- */

static enum err offer_pin(struct pkcs11 *p, char *why)
{
    const unsigned char *bytes;
    CK_ULONG len;
    CK_RV rv;
    enum err e = pin_read(p->pin, why, &bytes, &len);

    if (e != ERR_OK)
        return e;
    rv = p->module->C_Login(
        p->session, CKU_USER, (CK_UTF8CHAR *)(uintptr_t)bytes, len);
    if (rv == CKR_USER_ALREADY_LOGGED_IN) /* by another key of ours */
        rv = CKR_OK;
    e = rv == CKR_OK ? ERR_OK : pkcs11_say(p, rv, "log in", why);
    if (e == ERR_DENIED && rv != CKR_PIN_LOCKED)
        pin_refuse(p->pin);
    pin_forget(p->pin);
    return e;
}

/* The last try is never ours to use: the token would lock for good, and a
 * supervisor that starts the agent again and again would get there. */
static enum err log_in(struct pkcs11 *p, const CK_TOKEN_INFO *token, char *why)
{
    if ((token->flags & CKF_LOGIN_REQUIRED) == 0)
        return ERR_OK;
    if (!pin_is_given(p->pin))
        return keystore_say(why, ERR_DENIED,
            "no_pin: the token wants a PIN; add ?pin-source=/path to the URI");
    if ((token->flags & CKF_USER_PIN_LOCKED) != 0)
        return pkcs11_say(p, CKR_PIN_LOCKED, "log in", why);
    if ((token->flags & CKF_USER_PIN_FINAL_TRY) != 0)
        return keystore_say(why, ERR_DENIED,
            "wrong_pin: one wrong PIN more and the token locks; log in by "
            "hand once, with the right one");
    return offer_pin(p, why);
}

static enum err open_session(struct pkcs11 *p, bool writing, char *why)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION | (writing ? CKF_RW_SESSION : 0);
    CK_RV rv =
        p->module->C_OpenSession(p->slot, flags, NULL, NULL, &p->session);

    p->has_session = rv == CKR_OK;
    return rv == CKR_OK ? ERR_OK : pkcs11_say(p, rv, "open a session", why);
}

enum err pkcs11_token_enter(struct pkcs11 *p, bool writing, char *why)
{
    CK_TOKEN_INFO token = {.flags = CKF_LOGIN_REQUIRED};
    enum err e = load_modules(p, why);

    if (e == ERR_OK)
        e = find_token(p, &token, why);
    if (e == ERR_OK)
        e = open_session(p, writing, why);
    if (e == ERR_OK)
        e = log_in(p, &token, why);
    if (e != ERR_OK)
        pkcs11_token_leave(p);
    return e;
}

void pkcs11_token_leave(struct pkcs11 *p)
{
    if (p->has_session)
        (void)p->module->C_CloseSession(p->session);
    p->has_session = false;
    unload_modules(p);
}
