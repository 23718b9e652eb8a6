/* claims.c - a list of those that are connected. */

#include "cloud-mock/lib/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/certificate.h"
#include "core/log.h"

struct present {
    struct present *next;
    struct claim claim;
    char client[TOPIC_THING_SIZE];
};

struct claims {
    struct claims_options options;
    struct store *store;
    struct sender *sender;
    struct certificate_pool *pool;
    struct present *first;
};

enum err claims_open(const struct claims_options *options, struct store *store,
    struct sender *sender, struct claims **out)
{
    struct claims *claims = calloc(1, sizeof(*claims));
    enum err e;

    if (claims == NULL)
        return ERR_NO_MEMORY;
    claims->options = *options;
    claims->store = store;
    claims->sender = sender;
    e = certificate_pool_open(
        options->authorities, options->authority_count, &claims->pool);
    if (e != ERR_OK)
        free(claims);
    else
        *out = claims;
    return e;
}

void claims_close(struct claims *claims)
{
    if (claims == NULL)
        return;
    while (claims->first != NULL) {
        struct present *p = claims->first;

        claims->first = p->next;
        free(p);
    }
    certificate_pool_free(claims->pool);
    free(claims);
}

enum err claims_reload(struct claims *claims)
{
    struct certificate_pool *pool;
    enum err e = certificate_pool_open(
        claims->options.authorities, claims->options.authority_count, &pool);

    if (e != ERR_OK)
        return e;
    certificate_pool_free(claims->pool);
    claims->pool = pool;
    return ERR_OK;
}

bool claims_is_id(const char *client)
{
    return strncmp(client, "claim-", 6) == 0 && strchr(client, ':') == NULL;
}

const struct claim *claims_find(const struct claims *claims, const char *client)
{
    for (const struct present *p = claims->first; p != NULL; p = p->next)
        if (strcmp(p->client, client) == 0)
            return &p->claim;
    return NULL;
}

void claims_leave(struct claims *claims, const char *client)
{
    for (struct present **link = &claims->first; *link != NULL;
         link = &(*link)->next) {
        struct present *p = *link;

        if (strcmp(p->client, client) == 0) {
            *link = p->next;
            free(p);
            return;
        }
    }
}

void claims_revoke(
    struct claims *claims, const char *certificate, struct presence *presence)
{
    for (const struct present *p = claims->first; p != NULL; p = p->next)
        if (strcmp(p->claim.certificate, certificate) == 0)
            (void)presence_kick(presence, p->client, PRESENCE_AUTH_ERROR);
}

static enum claims_answer refuse(const char *client, const char *why)
{
    log_warning("claims", "refused client=%s why=\"%s\"", client, why);
    return CLAIMS_REFUSED;
}

static enum err enter(
    struct claims *claims, const struct certificate *certificate)
{
    int64_t now_ms = sender_now_ms(claims->sender);
    struct store_certificate row = {
        .status = "ACTIVE",
        .not_before_s = certificate->not_before_s,
        .not_after_s = certificate->not_after_s,
        .registered_ms = now_ms,
        .last_seen_ms = now_ms,
    };

    memcpy(row.id, certificate->id, sizeof(row.id));
    memcpy(row.subject, certificate->subject, sizeof(row.subject));
    memcpy(row.issuer, certificate->issuer, sizeof(row.issuer));
    memcpy(row.key_sha256, certificate->key_sha256, sizeof(row.key_sha256));
    memcpy(row.chain, certificate->chain, sizeof(row.chain));
    return store_add_certificate(claims->store, &row);
}

/* Is it registered and good?  NULL, or why not. */
static const char *judge(
    struct claims *claims, const struct certificate *certificate)
{
    struct store_certificate known;
    enum err e = store_get_certificate(claims->store, certificate->id, &known);

    if (e == ERR_NOT_FOUND)
        e = enter(claims, certificate);
    else if (e == ERR_OK && strcmp(known.status, "ACTIVE") != 0)
        return "the claim certificate is not ACTIVE";
    return e == ERR_OK ? NULL : "the store failed";
}

static enum claims_answer welcome(struct claims *claims,
    const struct certificate *certificate, const char *client)
{
    struct present *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return CLAIMS_REFUSED;
    claims_leave(claims, client); /* another connection took over */
    snprintf(p->client, sizeof(p->client), "%s", client);
    memcpy(p->claim.certificate, certificate->id, STORE_ID_SIZE);
    memcpy(p->claim.vendor, certificate->vendor, STORE_TEXT_SIZE);
    p->next = claims->first;
    claims->first = p;
    return CLAIMS_WELCOME;
}

enum claims_answer claims_admit(struct claims *claims,
    const struct registry_visitor *visitor, char id[STORE_ID_SIZE])
{
    struct certificate certificate;
    const char *fault;
    enum err e = certificate_read_signed(
        claims->pool, visitor->der, visitor->len, &certificate);

    if (e != ERR_OK && claims_is_id(visitor->client))
        return refuse(visitor->client,
            "its id is a claim's and its certificate is of no claim CA");
    if (e != ERR_OK)
        return CLAIMS_NOT_ONE;
    memcpy(id, certificate.id, STORE_ID_SIZE);
    if (!claims_is_id(visitor->client) ||
        strlen(visitor->client) > TOPIC_THING_MAX)
        return refuse(visitor->client,
            "a claim's client id begins with \"claim-\", has no ':' and at"
            " most 128 bytes");
    if (certificate.vendor[0] == '\0')
        return refuse(visitor->client,
            "the claim certificate's O does not say for whose devices it is");
    fault = judge(claims, &certificate);
    return fault != NULL ? refuse(visitor->client, fault)
                         : welcome(claims, &certificate, visitor->client);
}
