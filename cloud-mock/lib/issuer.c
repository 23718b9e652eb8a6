/* issuer.c */

#include "cloud-mock/lib/issuer.h"

#include <stdlib.h>
#include <string.h>

#include "certs/authority.h"
#include "certs/disk.h"
#include "certs/say.h"
#include "identity/oid.h"
#include "identity/pem.h"

struct issuer {
    struct authority authority;
    char folder[DISK_PATH_SIZE];
    int64_t life_s;
};

static const char *const for_clients[] = {OID_CLIENT_AUTH, NULL};

static enum err make(int64_t now_s, struct issued *out)
{
    const struct certificate_plan plan = {
        .subject = {.organization = "Nameplate mock cloud",
                    .common_name = "Operational CA"},
        .from = now_s,
        .to = READER_FOR_EVER,
        .path_length = 0,
        .purposes = for_clients,
    };

    return authority_issue(NULL, plan, KEYPAIR_P256, out);
}

/* Certificate and key appear together, or not at all. */
static enum err publish(
    const char *folder, const struct issued *ca, const char *to)
{
    char stage[DISK_PATH_SIZE];
    enum err e = disk_stage(folder, stage);

    if (e != ERR_OK)
        return e;
    e = disk_stage_file(stage, "ca.key", bytes_span(&ca->key_pem), 0600);
    if (e == ERR_OK)
        e = disk_stage_file(stage, "ca.crt", bytes_span(&ca->pem), 0644);
    if (e == ERR_OK)
        e = disk_publish(stage, to);
    if (e != ERR_OK)
        disk_discard(stage);
    return e == ERR_EXISTS ? ERR_OK : e;
}

/* A broker that wants lists wants this one too, from the first day. */
static enum err write_first_list(const char *folder, int64_t now_s)
{
    struct issuer *issuer = NULL;
    enum err e = issuer_open(folder, ISSUER_LIFE_S, &issuer);

    if (e == ERR_OK)
        e = issuer_write_list(issuer, NULL, 0, now_s * 1000);
    issuer_free(issuer);
    return e;
}

enum err issuer_make(const char *folder, int64_t now_s)
{
    struct issued ca = {
        .der = {NULL, 0}
    };
    char path[DISK_PATH_SIZE];
    enum err e;

    disk_path(path, "%s/ca", folder);
    if (disk_exists(path))
        return ERR_OK;
    e = disk_make_folder(folder);
    if (e == ERR_OK)
        e = make(now_s, &ca);
    if (e == ERR_OK)
        e = publish(folder, &ca, path);
    issued_free(&ca);
    return e == ERR_OK ? write_first_list(folder, now_s) : e;
}

enum err issuer_open(const char *folder, int64_t life_s, struct issuer **out)
{
    struct issuer *issuer = calloc(1, sizeof(*issuer));
    char base[DISK_PATH_SIZE];
    enum err e;

    if (issuer == NULL)
        return ERR_NO_MEMORY;
    issuer->life_s = life_s;
    disk_path(issuer->folder, "%s", folder);
    disk_path(base, "%s/ca/ca", folder);
    e = authority_load(base, &issuer->authority);
    if (e != ERR_OK)
        free(issuer);
    else
        *out = issuer;
    return e;
}

void issuer_free(struct issuer *issuer)
{
    if (issuer == NULL)
        return;
    authority_free(&issuer->authority);
    free(issuer);
}

struct span issuer_certificate(const struct issuer *issuer)
{
    return bytes_span(&issuer->authority.der);
}

enum err issuer_sign(const struct issuer *issuer, const struct subject *subject,
    struct span spki, int64_t now_s, struct bytes *der)
{
    const struct certificate_plan plan = {
        .subject = *subject,
        .from = now_s,
        .to = now_s + issuer->life_s,
        .path_length = EXTENSION_NOT_A_CA,
        .purposes = for_clients,
    };
    struct issued made = {
        .der = {NULL, 0}
    };
    enum err e;

    if (now_s < issuer->authority.view.from) {
        say("the clock stands before the day the operational CA was made");
        return ERR_AGAIN;
    }
    e = authority_issue_for(&issuer->authority, plan, spki, &made);
    if (e == ERR_OK)
        e = bytes_copy(bytes_span(&made.der), der);
    issued_free(&made);
    return e;
}

enum err issuer_write_list(const struct issuer *issuer,
    const struct crl_entry *entries, size_t count, int64_t now_ms)
{
    const struct crl_plan plan = {now_ms / 1000, now_ms / 1000 + ISSUER_LIST_S,
        (uint64_t)now_ms, entries, count};
    struct bytes der = {NULL, 0}, pem = {NULL, 0};
    char path[DISK_PATH_SIZE];
    enum err e = crl_make(&plan, &issuer->authority, &der);

    if (e == ERR_OK)
        e = pem_write(PEM_CRL, bytes_span(&der), &pem);
    disk_path(path, "%s/operational.crl", issuer->folder);
    if (e == ERR_OK)
        e = disk_write(issuer->folder, path, bytes_span(&der), 0644);
    disk_path(path, "%s/operational.crl.pem", issuer->folder);
    if (e == ERR_OK)
        e = disk_write(issuer->folder, path, bytes_span(&pem), 0644);
    bytes_free(&der);
    bytes_free(&pem);
    return e;
}
