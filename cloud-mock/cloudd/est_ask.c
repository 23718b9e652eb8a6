/* est_ask.c - with something pending, the plugin judges first and issues when
 * its turn has come: two questions. */

#include "cloudd/est_ask.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cloudd/est_answer.h"
#include "cloudd/fields.h"
#include "cloudd/secret.h"
#include "core/log.h"
#include "identity/pem.h"
#include "ports/port.h"

#define AWAY_MS   5000
#define BODY_MOST (16 * 1024) /* no request for a certificate is larger */

struct ask {
    struct http_request *request;
    struct cloud *cloud;
    struct est_pending *pending;
    struct json *question; /* as it is asked at last */
    char id[SECRET_SIZE];  /* of the same request, whenever it comes */
};

static void ask_free(struct ask *ask)
{
    json_free(ask->question);
    free(ask);
}

/* The body as PEM: base64 with white space anywhere (RFC 8951 section 3.1).
 * NULL and answered: it is none.  The caller frees. */
static char *read_body(struct http_request *request)
{
    static const char head[] = "-----BEGIN CERTIFICATE REQUEST-----\n";
    static const char tail[] = "\n-----END CERTIFICATE REQUEST-----\n";
    size_t len, at = sizeof(head) - 1;
    const char *body = http_body(request, &len);
    char *pem;
    bool good = body != NULL;

    if (len > BODY_MOST) {
        est_answer_words(request, 413, "The request is larger than 16 KiB.\n");
        return NULL;
    }
    pem = malloc(len + sizeof(head) + sizeof(tail));
    if (pem == NULL) {
        est_answer_words(request, 500, "The server is out of memory.\n");
        return NULL;
    }
    memcpy(pem, head, at);
    for (size_t i = 0; i < len && good; i++) {
        unsigned char c = (unsigned char)body[i];

        if (strchr(" \t\r\n", c) != NULL && c != '\0')
            continue;
        good = isalnum(c) || c == '+' || c == '/' || c == '=';
        pem[at++] = (char)c;
    }
    memcpy(pem + at, tail, sizeof(tail));
    if (good)
        return pem;
    free(pem);
    est_answer_words(request, 400,
        "The body is not base64 of a PKCS #10 request (RFC 8951); neither DER"
        " nor PEM with its head line is taken.\n");
    return NULL;
}

static bool is_pkcs10(struct http_request *request)
{
    const char *type = http_header(request, "Content-Type");

    return type != NULL && strncasecmp(type, "application/pkcs10", 18) == 0;
}

/* Who asks, for the plugin. */
static bool put_requester(
    struct json *question, const struct est_requester *requester)
{
    struct bytes pem = {NULL, 0};
    char user[128];
    bool ok;

    (void)snprintf(user, sizeof(user), "basic:%.100s",
        requester->user.name != NULL ? requester->user.name : "");
    if (requester->certificate.len == 0)
        return fields_text(question, "user", user) &&
            fields_text(question, "thing", requester->user.thing);
    ok = pem_write(PEM_CERTIFICATE, requester->certificate, &pem) == ERR_OK &&
        fields_text(question, "requester", (const char *)pem.at) &&
        fields_text(question, "thing", requester->user.thing);
    bytes_free(&pem);
    return ok;
}

static struct json *write_question(
    const struct est_question *question, const char *csr)
{
    struct json *o = json_new_object();

    return fields_end(o,
        fields_text(o, "op", "issue-certificate") &&
            fields_text(o, "csr", csr) &&
            fields_bool(o, "renewal", question->renewal) &&
            put_requester(o, question->requester));
}

/* The plugin said no, or nothing. */
static void answer_refusal(
    struct http_request *request, const struct json *answer)
{
    const char *code = json_text(json_get(answer, "error"));
    const char *message = json_text(json_get(answer, "message"));
    unsigned status = 500;
    char line[300];

    if (code == NULL) {
        est_answer_later(request, 503, AWAY_MS,
            "The registry does not answer. Try again in a few seconds.\n");
        return;
    }
    if (strcmp(code, "denied") == 0)
        status = 403;
    else if (strcmp(code, "invalid") == 0)
        status = 400;
    else if (strcmp(code, "again") == 0)
        status = 503;
    log_warning("est", "not enrolled peer=%s status=%u why=\"%s\"",
        http_peer(request), status, message);
    (void)snprintf(line, sizeof(line), "Not enrolled: %s.\n",
        message != NULL ? message : "it failed");
    est_answer_words(request, status, line);
}

static void on_issued(void *context, enum err e, const struct json *answer)
{
    struct ask *ask = context;
    const char *pem = json_text(json_get(answer, "certificatePem"));
    struct bytes der = {NULL, 0};

    if (e != ERR_OK)
        answer_refusal(ask->request, answer);
    else if (pem == NULL || pem_next(PEM_CERTIFICATE, &pem, &der) != ERR_OK)
        est_answer_words(ask->request, 500, "The registry talks nonsense.\n");
    else
        est_answer_certificates(
            ask->request, EST_CERTIFICATES, bytes_span(&der));
    bytes_free(&der);
    if (e == ERR_OK && ask->pending != NULL)
        est_pending_done(ask->pending, ask->id);
    ask_free(ask);
}

static void send(struct ask *ask, bool check, cloud_callback *callback)
{
    struct json *question = json_clone(ask->question);

    if (check && !fields_bool(question, "check", true)) {
        json_free(question);
        question = NULL;
    }
    if (question != NULL &&
        cloud_ask(ask->cloud, question, callback, ask) == ERR_OK)
        return;
    answer_refusal(ask->request, NULL);
    ask_free(ask);
}

/* It would be issued: is it its turn? */
static void on_judged(void *context, enum err e, const struct json *answer)
{
    struct ask *ask = context;
    const char *thing = json_text(json_get(answer, "thingName"));
    enum est_verdict verdict;
    int64_t wait_ms = 0;

    if (e != ERR_OK || thing == NULL) {
        answer_refusal(ask->request, answer);
        ask_free(ask);
        return;
    }
    verdict =
        est_pending_ask(ask->pending, ask->id, thing, port_wall_ms(), &wait_ms);
    if (verdict == EST_GO_ON) {
        send(ask, false, on_issued);
        return;
    }
    if (verdict == EST_WAIT)
        est_answer_later(ask->request, 202, wait_ms,
            "The request waits to be approved. Send it again later.\n");
    else
        est_answer_words(
            ask->request, 403, "Not enrolled: an operator refused it.\n");
    ask_free(ask);
}

static struct ask *ask_new(const struct est_question *question,
    struct http_request *request, const char *csr)
{
    struct ask *ask = calloc(1, sizeof(*ask));

    if (ask == NULL)
        return NULL;
    ask->request = request;
    ask->cloud = question->cloud;
    ask->pending = question->pending;
    ask->question = write_question(question, csr);
    if (ask->question != NULL && secret_digest("est", csr, ask->id) == ERR_OK)
        return ask;
    ask_free(ask);
    return NULL;
}

void est_ask(const struct est_question *question, struct http_request *request)
{
    struct ask *ask;
    char *csr;

    if (!is_pkcs10(request)) {
        est_answer_words(
            request, 415, "Expected Content-Type: application/pkcs10.\n");
        return;
    }
    csr = read_body(request);
    if (csr == NULL)
        return;
    ask = ask_new(question, request, csr);
    free(csr);
    if (ask == NULL)
        est_answer_words(request, 500, "The server is out of memory.\n");
    else if (ask->pending != NULL)
        send(ask, true, on_judged);
    else
        send(ask, false, on_issued);
}
