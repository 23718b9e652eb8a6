/* credential.c */

#include "identity/credential.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "identity/chain.h"
#include "identity/key.h"

#define FILES (sizeof(((struct credential *)NULL)->files) / sizeof(char *))

static const struct profile_rule device_first = {"device-first",
    "the device's own certificate before those above it", "RFC 8446 4.4.2"};
static const struct profile_rule chain_complete = {"chain-complete",
    "device, batch and vendor certificate, in this order", "profile: chain"};
static const struct profile_rule key_present = {"key-present",
    "a private key that can be used where the configuration says it is",
    "docs/identity.md: check"};
static const struct profile_rule key_fits_rule = {
    "key-fits", "the key of the first certificate", "RFC 8446 4.4.3"};
static const struct profile_rule key_mode = {"key-mode",
    "no right for group or others (chmod 600)", "docs/identity.md: check"};
static const struct profile_rule file_mode = {"file-mode",
    "no right to write for group or others (chmod go-w)",
    "docs/identity.md: check"};

struct work {
    const struct credential *credential;
    credential_tell *tell;
    void *context;
    enum profile_role first, last; /* 0: none yet */
};

static void tell_file(
    const struct work *work, const char *file, const struct profile_rule *rule)
{
    const struct credential_finding finding = {.file = file, .rule = rule};

    work->tell(work->context, &finding);
}

static void tell_finding(void *context, const struct profile_finding *found)
{
    const struct work *work = context;
    const struct credential_finding finding = {
        work->credential->certificate, found->number, found->role, found->rule};

    work->tell(work->context, &finding);
}

/* Called for every certificate, from the first one up. */
static enum err choose(void *context, const struct view *certificate,
    enum profile_role role, enum eku *eku)
{
    struct work *work = context;

    (void)certificate;
    if (work->first == 0)
        work->first = role;
    work->last = role;
    *eku = work->credential->eku;
    return ERR_OK;
}

/* A file that cannot be asked is told by who needs it. */
static bool has_mode(const char *path, mode_t mode)
{
    struct stat st;

    return stat(path, &st) == 0 && (st.st_mode & mode) != 0;
}

static bool is_open_key(const char *uri)
{
    static const char scheme[] = "file:";
    size_t skip = sizeof(scheme) - 1;

    return strncmp(uri, scheme, skip) == 0 && has_mode(uri + skip, 077);
}

static void check_files(const struct work *work)
{
    const struct credential *c = work->credential;

    if (is_open_key(c->key))
        tell_file(work, c->key, &key_mode);
    if (has_mode(c->certificate, 022))
        tell_file(work, c->certificate, &file_mode);
    for (size_t i = 0; i < FILES; i++)
        if (c->files[i] != NULL && has_mode(c->files[i], 022))
            tell_file(work, c->files[i], &file_mode);
}

/* What the modes forbid was told already. */
static void check_key(const struct work *work, struct key *key, enum err e)
{
    const char *uri = work->credential->key;
    mbedtls_x509_crt *chain = NULL;
    char why[KEY_WHY];

    if (e == ERR_OK)
        e = key_ready(key, NULL, why);
    if (e != ERR_OK) {
        if (e != ERR_DENIED || !is_open_key(uri))
            tell_file(work, uri, &key_present);
        return;
    }
    if (chain_read_own(work->credential->certificate, &chain) != ERR_OK ||
        key_ready(key, chain, why) != ERR_OK)
        tell_file(work, uri, &key_fits_rule);
    chain_free(chain);
}

static enum err check_chain(struct work *work, const char *text, size_t *count)
{
    const struct profile_walk walk = {
        .choose = choose, .tell = tell_finding, .context = work};
    enum err e = profile_chain(&walk, text, count);

    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_INVALID : e;
    if (work->first != 0 && work->first != PROFILE_DEVICE)
        tell_file(work, work->credential->certificate, &device_first);
    if (work->credential->key != NULL && work->last != PROFILE_VENDOR &&
        work->last != PROFILE_ROOT)
        tell_file(work, work->credential->certificate, &chain_complete);
    return ERR_OK;
}

enum err credential_check(const struct credential *c, credential_tell *tell,
    void *context, size_t *count)
{
    struct work work = {.credential = c, .tell = tell, .context = context};
    struct key *key = NULL;
    char *text;
    size_t len;
    enum err opened = ERR_OK, e;

    e = file_read(c->certificate, CHAIN_FILE_BYTES, &text, &len);
    if (e != ERR_OK)
        return e;
    /* The key comes first: it may want to start PSA its own way. */
    if (c->key != NULL)
        opened = key_open(c->key, &key);
    e = check_chain(&work, text, count);
    free(text);
    if (e == ERR_OK && c->key != NULL) {
        check_files(&work);
        check_key(&work, key, opened);
    }
    key_free(key);
    return e;
}
