/* est_access.c - first the certificate, then the credentials. */

#include "cloudd/est_access.h"

#include <stdio.h>
#include <string.h>

#include "cloudd/est_answer.h"
#include "core/log.h"

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

static bool check_user(bool needed, const struct est_users *users,
    struct http_request *request, struct est_requester *out)
{
    const char *given = http_header(request, "Authorization");
    enum err e = given == NULL ? ERR_NOT_FOUND
        : users == NULL        ? ERR_DENIED
                               : est_users_check(users, given, &out->user);

    if (e == ERR_OK || (given == NULL && !needed))
        return true;
    return refuse(request, 401,
        given == NULL          ? "Credentials are wanted (HTTP Basic).\n"
            : e == ERR_INVALID ? "Expected HTTP Basic credentials.\n"
                               : "User or password is wrong.\n");
}

bool est_access_check(enum est_access access, const struct est_users *users,
    bool by_certificate, struct http_request *request,
    struct est_requester *out)
{
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
        check_user(needs_user, users, request, out);
}
