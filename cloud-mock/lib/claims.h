/* claims.h - connections with a claim certificate: one that many devices share,
 * good for nothing but asking for a certificate of one's own (contract section
 * 4.1).  Whoever comes with a certificate of a claim CA is one. */

#ifndef CLOUD_MOCK_CLAIMS_H
#define CLOUD_MOCK_CLAIMS_H

#include <stdbool.h>

#include "cloud-mock/lib/presence.h"
#include "cloud-mock/lib/registry.h"

struct claims;

struct claims_options {
    /* Files or folders of claim CAs; borrowed for life. */
    const char *const *authorities;
    size_t authority_count;
};

/* Store and sender are borrowed for life. */
enum err claims_open(const struct claims_options *options, struct store *store,
    struct sender *sender, struct claims **out) MUST_CHECK;
void claims_close(struct claims *claims); /* NULL is fine */
/* Read the CAs anew; on failure the old ones stay. */
enum err claims_reload(struct claims *claims) MUST_CHECK;

enum claims_answer {
    CLAIMS_NOT_ONE, /* not a claim certificate: ask the registry */
    CLAIMS_WELCOME,
    CLAIMS_REFUSED /* the log says why */
};

/* Is it the id of a claim?  "claim-...", without a ':', and nobody else's. */
bool claims_is_id(const char *client);

/* The certificate is registered, without a thing, so that it can be revoked. */
enum claims_answer claims_admit(struct claims *claims,
    const struct registry_visitor *visitor, char id[STORE_ID_SIZE]);
void claims_leave(struct claims *claims, const char *client);

struct claim {
    char certificate[STORE_ID_SIZE];
    char vendor[STORE_TEXT_SIZE]; /* O: for whose devices it is */
};
/* NULL: it is not connected; lent. */
const struct claim *claims_find(
    const struct claims *claims, const char *client);

/* Close the connections with this certificate, at the next tick. */
void claims_revoke(
    struct claims *claims, const char *certificate, struct presence *presence);

#endif
