/* est_access.c - first the certificate, then the credentials. */

#include "cloudd/est_access.h"

#include <stdio.h>
#include <string.h>

#include "cloudd/est_answer.h"
#include "core/log.h"
#include "ports/port.h"

static const char *const words[] = {
    [EST_CERTIFICATE] = "certificate",
    [EST_BASIC] = "basic",
    [EST_BOTH] = "both",
    [EST_ANY] = "any",
};

bool est_access_parse(const char *word, enum est_access *access)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i]) == 0) {
            *access = (enum est_access)i;
            return true;
        }
    }
    return false;
}

static bool refuse(
    struct http_request *request, unsigned status, const char *why)
{
    log_warning("est", "refused peer=%s status=%u why=\"%.*s\"",
        http_peer(request), status, (int)strcspn(why, "\n"), why);
    est_answer_words(request, status, why);
    return false;
}

static bool check_certificate(
    bool needed, struct http_request *request, struct est_requester *out)
{
    char why[HTTP_WHY_SIZE], line[HTTP_WHY_SIZE + 100];
    const void *der;
    size_t len;
    enum err e = http_client_certificate(request, &der, &len, why);

    if (e == ERR_OK)
        out->certificate = (struct span){der, len};
    if (e == ERR_DENIED) {
        (void)snprintf(line, sizeof(line),
            "The certificate shown in the TLS handshake is not accepted: %s\n",
            why);
        return refuse(request, 403, line);
    }
    if (e != ERR_OK && needed)
        return refuse(request, 403,
            "No certificate was shown in the TLS handshake. Show the factory"
            " certificate, or the operational one to be renewed.\n");
    return true;
}

/* Wrong passwords cost time: who guesses waits longer and longer. */
static bool may_try(struct rate *rate, struct http_request *request)
{
    int64_t wait_ms =
        rate_wait_ms(rate, http_peer(request), port_monotonic_ms());

    if (wait_ms <= 0)
        return true;
    est_answer_later(request, 429, wait_ms,
        "Too many wrong credentials came from this address. Wait.\n");
    return false;
}

static bool check_user(bool needed, const struct est_door *door,
    struct http_request *request, struct est_requester *out)
{
    const char *given = http_header(request, "Authorization");
    enum err e = ERR_NOT_FOUND;

    if (given == NULL && !needed)
        return true;
    if (given == NULL)
        return refuse(request, 401, "Credentials are wanted (HTTP Basic).\n");
    if (!may_try(door->rate, request))
        return false;
    e = door->users == NULL ? ERR_DENIED
                            : est_users_check(door->users, given, &out->user);
    if (e == ERR_OK)
        return true;
    rate_failed(door->rate, http_peer(request), port_monotonic_ms());
    return refuse(request, 401,
        e == ERR_INVALID ? "Expected HTTP Basic credentials.\n"
                         : "User or password is wrong.\n");
}

bool est_access_check(const struct est_door *door, bool by_certificate,
    struct http_request *request, struct est_requester *out)
{
    enum est_access access = door->access;
    bool shows = access != EST_BASIC || by_certificate;
    bool needs_user;

    *out = (struct est_requester){
        {NULL, 0   },
        {NULL, NULL}
    };
    if (shows &&
        !check_certificate(
            access == EST_CERTIFICATE || access == EST_BOTH || by_certificate,
            request, out))
        return false;
    needs_user = access == EST_BOTH ||
        (access == EST_BASIC && !by_certificate) ||
        (access == EST_ANY && out->certificate.len == 0);
    return access == EST_CERTIFICATE ||
        check_user(needs_user, door, request, out);
}
