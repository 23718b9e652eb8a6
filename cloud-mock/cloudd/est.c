/* est.c - one table: an operation, and who answers it. */

#include "cloudd/est.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/csr_template.h"
#include "cloud-mock/lib/issuer.h"
#include "cloudd/est_answer.h"
#include "cloudd/est_ask.h"
#include "cloudd/est_users.h"
#include "core/file.h"
#include "core/log.h"
#include "identity/oid.h"
#include "identity/view.h"

#define BASE       "/.well-known/est/"
#define LIST       "/crl/operational.crl"
#define LIST_LIMIT (16 * 1024 * 1024)

struct est {
    struct est_options options;
    struct est_users *users;
    struct rate *rate;     /* wrong credentials */
    struct issuer *issuer; /* its certificate is told */
};

enum err est_new(const struct est_options *options, struct est **out)
{
    struct est *est = calloc(1, sizeof(*est));
    enum err e = ERR_OK;

    if (est == NULL)
        return ERR_NO_MEMORY;
    est->options = *options;
    est->rate = rate_new(&(struct rate_options){.free_tries = 10,
        .first_ms = 1000,
        .longest_ms = 15 * 60 * 1000,
        .forget_ms = 60 * 60 * 1000,
        .keys = 512});
    if (est->rate == NULL)
        e = ERR_NO_MEMORY;
    if (e == ERR_OK && options->users != NULL)
        e = est_users_open(options->users, &est->users);
    if (e == ERR_OK && est->users == NULL &&
        options->access != EST_CERTIFICATE) {
        log_error("est", "--est-auth wants credentials: give --est-users FILE");
        e = ERR_INVALID;
    }
    if (e == ERR_OK)
        e = issuer_open(options->state, ISSUER_LIFE_S, &est->issuer);
    if (e != ERR_OK)
        est_free(est);
    else
        *out = est;
    return e;
}

void est_free(struct est *est)
{
    if (est == NULL)
        return;
    issuer_free(est->issuer);
    est_users_free(est->users);
    rate_free(est->rate);
    free(est);
}

/* --- the operations ------------------------------------------------------- */

static void on_cacerts(struct est *est, struct http_request *request)
{
    est_answer_certificates(
        request, "application/pkcs7-mime", issuer_certificate(est->issuer));
}

/* RFC 7030 section 4.5: nobody needs to say who he is; who does gets his own
 * name filled in. */
static void on_csrattrs(struct est *est, struct http_request *request)
{
    char o[VIEW_TEXT_SIZE] = "", ou[VIEW_TEXT_SIZE] = "";
    char cn[VIEW_TEXT_SIZE] = "", serial[VIEW_TEXT_SIZE] = "";
    char unused[HTTP_WHY_SIZE];
    const char *why;
    const void *der;
    struct bytes attributes = {NULL, 0};
    struct subject subject = {NULL, NULL, NULL, NULL};
    struct span certificate;
    struct view view;

    (void)est;
    if (http_client_certificate(request, &der, &certificate.len, unused) ==
        ERR_OK) {
        certificate.at = der;
        if (view_read(certificate, &view, &why) == ERR_OK) {
            view_text(&view.subject, OID_ORGANIZATION, o);
            view_text(&view.subject, OID_ORGANIZATION_UNIT, ou);
            view_text(&view.subject, OID_COMMON_NAME, cn);
            view_text(&view.subject, OID_SERIAL_NUMBER, serial);
        }
    }
    if (o[0] != '\0' && ou[0] != '\0' && cn[0] != '\0' && serial[0] != '\0')
        subject = (struct subject){o, ou, cn, serial};
    if (csr_template_write(&subject, &attributes) == ERR_OK)
        est_answer_der(
            request, "application/csrattrs", bytes_span(&attributes));
    else
        est_answer_words(request, 500, "The server is out of memory.\n");
    bytes_free(&attributes);
}

static void enrol(struct est *est, struct http_request *request, bool renewal)
{
    struct est_requester requester;
    const struct est_question question = {
        *est->options.cloud, est->options.pending, &requester, renewal};
    const struct est_door door = {est->options.access, est->users, est->rate};

    if (est_access_check(&door, renewal, request, &requester))
        est_ask(&question, request);
}

static void on_simpleenroll(struct est *est, struct http_request *request)
{
    enrol(est, request, false);
}

static void on_simplereenroll(struct est *est, struct http_request *request)
{
    enrol(est, request, true);
}

static void on_serverkeygen(struct est *est, struct http_request *request)
{
    (void)est;
    est_answer_words(request, 501,
        "No keys are made here: the key must be made on the device, and never"
        " leave it. Use simpleenroll.\n");
}

static void on_fullcmc(struct est *est, struct http_request *request)
{
    (void)est;
    est_answer_words(
        request, 501, "Full CMC is not spoken here. Use simpleenroll.\n");
}

static const struct operation {
    const char *name, *method;
    void (*handle)(struct est *est, struct http_request *request);
} operations[] = {
    {"cacerts",        "GET",  on_cacerts       },
    {"csrattrs",       "GET",  on_csrattrs      },
    {"simpleenroll",   "POST", on_simpleenroll  },
    {"simplereenroll", "POST", on_simplereenroll},
    {"serverkeygen",   "POST", on_serverkeygen  },
    {"fullcmc",        "POST", on_fullcmc       },
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static const struct operation *find(const char *name)
{
    for (size_t i = 0; i < OPERATIONS; i++)
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    return NULL;
}

/* The last part of BASE[LABEL/]OPERATION; a label is any one part that is no
 * operation (RFC 7030 section 3.2.2). */
static const struct operation *read_path(const char *path)
{
    const char *slash;
    char label[64];

    if (strncmp(path, BASE, sizeof(BASE) - 1) != 0)
        return NULL;
    path += sizeof(BASE) - 1;
    slash = strchr(path, '/');
    if (slash == NULL)
        return find(path);
    if (slash == path || (size_t)(slash - path) >= sizeof(label))
        return NULL;
    (void)snprintf(label, sizeof(label), "%.*s", (int)(slash - path), path);
    return find(label) == NULL ? find(slash + 1) : NULL;
}

void est_handle(void *context, struct http_request *request)
{
    struct est *est = context;
    const struct operation *operation = read_path(http_path(request));

    if (strcmp(http_path(request), LIST) == 0)
        est_answer_list(est->options.state, request);
    else if (operation == NULL)
        est_answer_words(request, 404,
            "There is nothing here. Expected " BASE
            "[LABEL/]cacerts, csrattrs, simpleenroll or simplereenroll.\n");
    else if (strcmp(operation->method, http_method(request)) != 0)
        est_answer_words(request, 405,
            operation->method[0] == 'G' ? "Expected GET.\n"
                                        : "Expected POST.\n");
    else
        operation->handle(est, request);
}

void est_answer_list(const char *state, struct http_request *request)
{
    char path[1024];
    char *bytes = NULL;
    size_t len;
    enum err e;

    (void)snprintf(path, sizeof(path), "%s/operational.crl", state);
    e = file_read(path, LIST_LIMIT, &bytes, &len);
    if (e == ERR_OK)
        http_reply(request,
            &(struct http_answer){.status = 200,
                .type = "application/pkix-crl",
                .body = bytes,
                .len = len});
    else
        est_answer_words(request, 404, "There is no list yet.\n");
    free(bytes);
}
