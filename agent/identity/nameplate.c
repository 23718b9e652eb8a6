/* nameplate.c */

#include "identity/nameplate.h"

#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "identity/chain.h"
#include "identity/hit.h"
#include "identity/moment.h"
#include "identity/thing_name.h"

#define MODULE      "nameplate"
#define NAME_BYTES  512
#define HASH_BYTES  32
#define FIELD_BYTES 256

static enum err refuse(const char *field, const char *why)
{
    log_error(MODULE, "not a factory certificate: subject %s %s", field, why);
    return ERR_INVALID;
}

/* The one value of `oid` in the subject, as text without a NUL in it. */
static enum err copy_field(const mbedtls_x509_name *subject, const char *oid,
    const char *field, char **out)
{
    const mbedtls_x509_name *found = NULL;

    for (const mbedtls_x509_name *n = subject; n != NULL; n = n->next) {
        if (n->oid.len != strlen(oid) || memcmp(n->oid.p, oid, n->oid.len) != 0)
            continue;
        if (found != NULL)
            return refuse(field, "stands twice");
        found = n;
    }
    if (found == NULL || found->val.len == 0)
        return refuse(field, "is missing");
    if (found->val.len > FIELD_BYTES ||
        memchr(found->val.p, '\0', found->val.len) != NULL)
        return refuse(field, "is too long, or holds a NUL");
    *out = strndup((const char *)found->val.p, found->val.len);
    return *out != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err read_subject(
    const mbedtls_x509_name *subject, struct nameplate *n)
{
    const struct {
        const char *oid, *field;
        char **out;
    } fields[] = {
        {MBEDTLS_OID_AT_ORGANIZATION,  "O (vendor)",             &n->vendor},
        {MBEDTLS_OID_AT_ORG_UNIT,      "OU (model)",             &n->model },
        {MBEDTLS_OID_AT_SERIAL_NUMBER, "serialNumber (2.5.4.5)", &n->serial},
        {MBEDTLS_OID_AT_CN,            "CN (thing name)",        &n->thing },
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        enum err e =
            copy_field(subject, fields[i].oid, fields[i].field, fields[i].out);

        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* A name that is not the mapping of the other three could be somebody else's.
 */
static enum err check_thing(const struct nameplate *n)
{
    const struct thing_name_parts parts = {n->vendor, n->model, n->serial};
    char name[THING_NAME_SIZE];
    enum err e = thing_name_make(&parts, name);

    if (e != ERR_OK)
        return refuse("O, OU, serialNumber", "do not make a thing name");
    if (strcmp(name, n->thing) == 0)
        return ERR_OK;
    log_error(MODULE,
        "not a factory certificate: subject CN is not the name of its vendor, "
        "model and serial cn=\"%s\" expected=\"%s\"",
        n->thing, name);
    return ERR_INVALID;
}

static enum err hash_hex(const mbedtls_x509_buf *bytes, char **out)
{
    unsigned char hash[HASH_BYTES];
    char *hex = malloc(2 * HASH_BYTES + 1);

    if (hex == NULL)
        return ERR_NO_MEMORY;
    if (mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), bytes->p,
            bytes->len, hash) != 0) {
        free(hex);
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < HASH_BYTES; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    *out = hex;
    return ERR_OK;
}

static enum err copy_name(
    const mbedtls_x509_name *name, const char *field, char **out)
{
    char text[NAME_BYTES];

    if (mbedtls_x509_dn_gets(text, sizeof(text), name) < 0)
        return refuse(field, "is too long");
    *out = strdup(text);
    return *out != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err read_hit(const mbedtls_pk_context *key, char **out)
{
    char text[HIT_TEXT_SIZE];
    struct hit hit;
    enum err e = hit_of_key(key, &hit);

    if (e != ERR_OK)
        return e == ERR_UNSUPPORTED ? ERR_OK : e;
    hit_text(&hit, text);
    *out = strdup(text);
    return *out != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err read_above(const mbedtls_x509_crt *first, struct nameplate *n)
{
    size_t count = 0;
    enum err e = ERR_OK;

    for (const mbedtls_x509_crt *c = first; c != NULL; c = c->next)
        count++;
    if (count == 0)
        return ERR_OK;
    n->above = calloc(count, sizeof(*n->above));
    if (n->above == NULL)
        return ERR_NO_MEMORY;
    n->above_count = count;
    for (size_t i = 0; i < count && e == ERR_OK; i++, first = first->next) {
        struct nameplate_above *a = &n->above[i];

        e = copy_name(&first->subject, "of a certificate above", &a->subject);
        if (e == ERR_OK)
            e = hash_hex(&first->pk_raw, &a->fingerprint);
        if (e == ERR_OK)
            e = hash_hex(&first->raw, &a->certificate_id);
    }
    return e;
}

static enum err read_rest(const mbedtls_x509_crt *leaf, struct nameplate *n)
{
    enum err e = copy_name(&leaf->issuer, "issuer", &n->issuer);

    if (e != ERR_OK)
        return e;
    n->not_before_s = moment_of(&leaf->valid_from);
    n->not_after_s = moment_of(&leaf->valid_to);
    e = hash_hex(&leaf->pk_raw, &n->fingerprint);
    if (e == ERR_OK)
        e = hash_hex(&leaf->raw, &n->certificate_id);
    if (e == ERR_OK)
        e = read_hit(&leaf->pk, &n->hit);
    return e == ERR_OK ? read_above(leaf->next, n) : e;
}

enum err nameplate_read(const char *path, struct nameplate **out)
{
    struct nameplate *n = calloc(1, sizeof(*n));
    mbedtls_x509_crt *chain = NULL;
    enum err e;

    if (n == NULL)
        return ERR_NO_MEMORY;
    e = chain_read_own(path, &chain);
    if (e == ERR_OK)
        e = read_subject(&chain->subject, n);
    if (e == ERR_OK)
        e = check_thing(n);
    if (e == ERR_OK)
        e = read_rest(chain, n);
    chain_free(chain);
    if (e != ERR_OK) {
        nameplate_free(n);
        return e;
    }
    *out = n;
    return ERR_OK;
}

void nameplate_free(struct nameplate *n)
{
    if (n == NULL)
        return;
    free(n->vendor);
    free(n->model);
    free(n->serial);
    free(n->thing);
    free(n->issuer);
    free(n->fingerprint);
    free(n->certificate_id);
    free(n->hit);
    for (size_t i = 0; i < n->above_count; i++) {
        free(n->above[i].subject);
        free(n->above[i].fingerprint);
        free(n->above[i].certificate_id);
    }
    free(n->above);
    free(n);
}
