/* authority.c */

#include "certs/authority.h"

#include <string.h>

#include "certs/disk.h"
#include "certs/say.h"
#include "identity/pem.h"
#include "ports/port.h"

#define FILE_LIMIT 65536

void issued_free(struct issued *issued)
{
    bytes_free(&issued->key_pem);
    bytes_free(&issued->pem);
    bytes_free(&issued->der);
}

void authority_free(struct authority *authority)
{
    keypair_free(authority->key);
    authority->key = NULL;
    bytes_free(&authority->pem);
    bytes_free(&authority->der);
}

/* Is the private key the one in the certificate? */
static bool key_fits(const struct authority *a)
{
    struct bytes spki = {NULL, 0};
    bool fits = keypair_spki(a->key, &spki) == ERR_OK &&
        span_equal(bytes_span(&spki), a->view.spki);

    bytes_free(&spki);
    return fits;
}

/* Fill in the rest from .pem; `name` is for the person. */
static enum err understand(
    struct authority *a, const struct bytes *key_pem, const char *name)
{
    const char *text = (const char *)a->pem.at, *why;

    if (pem_next(PEM_CERTIFICATE, &text, &a->der) != ERR_OK) {
        say("%s.crt holds no PEM certificate; restore it from a backup", name);
        return ERR_INVALID;
    }
    if (view_read(bytes_span(&a->der), &a->view, &why) != ERR_OK) {
        say("%s.crt is malformed: its %s; restore it from a backup", name, why);
        return ERR_INVALID;
    }
    if (keypair_parse(key_pem, &a->key) != ERR_OK || !key_fits(a)) {
        say("%s.key is not the key of %s.crt; restore it from a backup", name,
            name);
        return ERR_INVALID;
    }
    return ERR_OK;
}

static enum err read_part(
    const char *base, const char *suffix, struct bytes *out)
{
    char path[DISK_PATH_SIZE];
    enum err e;

    disk_path(path, "%s%s", base, suffix);
    if (strcmp(suffix, ".key") == 0 && !disk_is_private(path)) {
        say("%s can be read by others; if it was, revoke what it signs, else"
            " 'chmod 600 %s'",
            path, path);
        return ERR_DENIED;
    }
    e = disk_read(path, FILE_LIMIT, out);
    if (e == ERR_NOT_FOUND)
        say("%s is not there; is --folder right, or is it kept elsewhere?",
            path);
    return e;
}

enum err authority_load(const char *base, struct authority *out)
{
    struct authority a = {.key = NULL};
    struct bytes key_pem = {NULL, 0};
    enum err e = read_part(base, ".crt", &a.pem);

    if (e == ERR_OK)
        e = read_part(base, ".key", &key_pem);
    if (e == ERR_OK)
        e = understand(&a, &key_pem, base);
    bytes_free(&key_pem);
    if (e != ERR_OK)
        authority_free(&a);
    else
        *out = a;
    return e;
}

enum err authority_of(const struct issued *made, struct authority *out)
{
    struct authority a = {.key = NULL};
    enum err e = bytes_copy(bytes_span(&made->pem), &a.pem);

    if (e == ERR_OK)
        e = understand(&a, &made->key_pem, "the new authority");
    if (e != ERR_OK)
        authority_free(&a);
    else
        *out = a;
    return e;
}

static enum err sign(const struct keypair *signer,
    const struct certificate_plan *plan, struct issued *out)
{
    enum err e = certificate_make(plan, signer, &out->der);

    if (e == ERR_OK)
        e = pem_write(PEM_CERTIFICATE, bytes_span(&out->der), &out->pem);
    if (e == ERR_NO_MEMORY)
        return say_no_memory();
    if (e != ERR_OK)
        say("cannot make a certificate: %s; nothing was changed", err_name(e));
    return e;
}

static void name_issuer(
    const struct authority *issuer, struct certificate_plan *plan)
{
    plan->issuer = issuer->view.subject.whole;
    plan->issuer_key_id = view_subject_key_id(&issuer->view);
}

enum err authority_issue_for(const struct authority *issuer,
    struct certificate_plan plan, struct span spki, struct issued *out)
{
    struct issued made = {
        .der = {NULL, 0}
    };
    enum err e;

    name_issuer(issuer, &plan);
    plan.spki = spki;
    e = sign(issuer->key, &plan, &made);
    if (e != ERR_OK)
        issued_free(&made);
    else
        *out = made;
    return e;
}

enum err authority_issue(const struct authority *issuer,
    struct certificate_plan plan, enum keypair_curve curve, struct issued *out)
{
    struct issued made = {
        .der = {NULL, 0}
    };
    struct keypair *key = NULL;
    struct bytes spki = {NULL, 0};
    enum err e = keypair_make(curve, &key);

    if (e == ERR_OK)
        e = keypair_spki(key, &spki);
    if (e == ERR_OK)
        e = keypair_pem(key, &made.key_pem);
    if (e != ERR_OK) {
        say("cannot make a key: %s; nothing was changed", err_name(e));
        goto free_all;
    }
    if (issuer != NULL)
        name_issuer(issuer, &plan);
    plan.spki = bytes_span(&spki);
    e = sign(issuer == NULL ? key : issuer->key, &plan, &made);

free_all:
    bytes_free(&spki);
    keypair_free(key);
    if (e != ERR_OK)
        issued_free(&made);
    else
        *out = made;
    return e;
}

enum err authority_now(const struct authority *issuer, int64_t *now)
{
    *now = port_wall_ms() / 1000;
    if (*now >= issuer->view.from)
        return ERR_OK;
    say("the clock stands before the day the issuing CA was made; set the"
        " clock, then try again");
    return ERR_AGAIN;
}
