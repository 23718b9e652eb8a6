/* enrolment_attempt.c */

#include "device/enrolment_attempt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/csr_wishes.h"
#include "identity/request.h"

#define WORDS 500

/* In the order they are lived. */
enum state { CACERTS, CSRATTRS, KEY, ENROLL };

struct enrolment_attempt {
    struct enrolment_attempt_options options;
    struct enrolment_attempt_events events;
    enum state state;
    struct est *est;          /* one of these three is there: asked, */
    struct request *request;  /* making, */
    struct loop_timer *timer; /* or told to wait */
    unsigned patience;
    struct bytes cacerts; /* what `authorities` is lent from */
    struct certs_only authorities;
    struct csr_wishes wishes;
    struct bytes csr;
    struct key *key;
    char words[WORDS];
};

static void go(struct enrolment_attempt *a, enum state state);

/* --- telling ------------------------------------------------------------- */

static enum est_operation operation_of(const struct enrolment_attempt *a)
{
    switch (a->state) {
    case CACERTS:
        return EST_CACERTS;
    case CSRATTRS:
        return EST_CSRATTRS;
    case KEY:
    case ENROLL:
        break;
    }
    return a->options.renews ? EST_REENROLL : EST_ENROLL;
}

__attribute__((format(printf, 4, 5))) static void tell(
    struct enrolment_attempt *a, const char *name, bool good,
    const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(a->words, sizeof(a->words), format, args);
    va_end(args);
    a->events.step(
        a->events.context, &(struct enrolment_step){name, good, a->words});
}

static void free_all(struct enrolment_attempt *a)
{
    est_cancel(a->est);
    request_cancel(a->request);
    loop_timer_cancel(a->timer);
    bytes_free(&a->cacerts);
    bytes_free(&a->csr);
    key_free(a->key);
    free(a);
}

/* a->words says it. */
static void end(struct enrolment_attempt *a, struct enrolment_result *result)
{
    struct enrolment_attempt_events events = a->events;
    char words[WORDS];

    memcpy(words, a->words, sizeof(words));
    result->words = words;
    result->key = a->key;
    a->key = NULL;
    free_all(a);
    events.ended(events.context, result);
    key_free(result->key);
    bytes_free(&result->issued.pem);
}

static void fail(struct enrolment_attempt *a, const char *why, uint32_t retry_s)
{
    end(a, &(struct enrolment_result){.why = why, .retry_s = retry_s});
}

/* --- the certificate ----------------------------------------------------- */

const char *enrolment_attempt_why(enum issued_fault fault)
{
    switch (fault) {
    case ISSUED_OK:
        return ATTEMPT_GOT;
    case ISSUED_MALFORMED:
        return "certificate_malformed";
    case ISSUED_KEY:
        return "certificate_key";
    case ISSUED_NAME:
        return "certificate_name";
    case ISSUED_DATES:
        return "certificate_dates";
    case ISSUED_PURPOSE:
        return "certificate_purpose";
    case ISSUED_LONG:
        return "certificate_life";
    case ISSUED_CHAIN:
        return "certificate_chain";
    }
    return "certificate_malformed";
}

static void take_certificate(struct enrolment_attempt *a, struct span der)
{
    struct certs_only answer;
    struct issued_question q = {.answer = &answer,
        .authorities = &a->authorities,
        .key = a->key,
        .thing = a->options.thing,
        .max_days = a->options.max_days};
    struct enrolment_result result = {.why = "garbled"};
    const char *why;

    if (certs_only_read(der, &answer, &why) != ERR_OK) {
        tell(a, est_operation_name(operation_of(a)), false,
            "its answer is no PKCS #7 with certificates alone: %s", why);
        end(a, &result);
        return;
    }
    tell(a, est_operation_name(operation_of(a)), true,
        "%zu certificates came back", answer.count);
    q.now_s = timefloor_now(a->options.floor, &q.clock_is_late);
    issued_check(&q, &result.issued);
    result.why = enrolment_attempt_why(result.issued.fault);
    tell(a, "certificate", result.issued.fault == ISSUED_OK, "%s",
        result.issued.words);
    end(a, &result);
}

/* --- key and request ----------------------------------------------------- */

static void on_request(void *context, struct request_end *made)
{
    struct enrolment_attempt *a = context;

    a->request = NULL;
    if (made->e != ERR_OK) {
        tell(a, "key", false, "%s", made->why);
        fail(a, "key", 0);
        return;
    }
    a->key = made->key;
    a->csr = made->der;
    made->key = NULL;
    made->der = (struct bytes){NULL, 0};
    tell(a, "key", true, "a new key and a request of %zu bytes for it",
        a->csr.len);
    go(a, ENROLL);
}

static void make_key(struct enrolment_attempt *a)
{
    const struct request_options options = {.uri = a->options.key_uri,
        .mark = a->options.mark,
        .mark_text = a->options.mark_text,
        .kind = a->wishes.key == CSR_KEY_P384 ? KEYSTORE_P384 : KEYSTORE_P256,
        .who = a->options.who};

    if (request_start(a->options.loop, &options, on_request, a, &a->request) ==
        ERR_OK)
        return;
    tell(a, "key", false, "no thread, or no memory");
    fail(a, "key", 0);
}

/* --- what the server says ------------------------------------------------ */

static void take_authorities(struct enrolment_attempt *a, struct bytes *der)
{
    const char *why;

    if (certs_only_read(bytes_span(der), &a->authorities, &why) != ERR_OK) {
        tell(a, "cacerts", false,
            "its answer is no PKCS #7 with certificates alone: %s", why);
        fail(a, "garbled", 0);
        return;
    }
    a->cacerts = *der;
    *der = (struct bytes){NULL, 0};
    tell(a, "cacerts", true, "it names %zu CA certificates",
        a->authorities.count);
    go(a, CSRATTRS);
}

/* A wish for another key is the server's to insist on. */
static void take_wishes(struct enrolment_attempt *a, struct span der)
{
    static const char *const keys[] = {
        "any key", "a P-256 key", "a P-384 key", "a key that is not made here"};
    const char *why;

    if (csr_wishes_read(der, &a->wishes, &why) != ERR_OK) {
        tell(a, "csrattrs", false, "%s", why);
        fail(a, "garbled", 0);
    } else if (a->wishes.channel_binding) {
        tell(a, "csrattrs", false,
            "it wants tls-unique in challengePassword, which TLS 1.3 does not "
            "have; switch this off at the server (RFC 7030 section 3.5)");
        fail(a, "channel_binding", 0);
    } else {
        tell(a, "csrattrs", true, "it wishes for %s, and %u other things%s",
            keys[a->wishes.key], a->wishes.others,
            a->wishes.has_template ? ", in a template" : "");
        go(a, KEY);
    }
}

static void take_answer(struct enrolment_attempt *a, struct bytes *der)
{
    switch (a->state) {
    case CACERTS:
        take_authorities(a, der);
        break;
    case CSRATTRS:
        take_wishes(a, bytes_span(der));
        break;
    case KEY: /* nobody is asked */
        break;
    case ENROLL:
        take_certificate(a, bytes_span(der));
        break;
    }
}

static void on_waited(void *context)
{
    struct enrolment_attempt *a = context;

    a->timer = NULL;
    go(a, a->state);
}

static void wait_as_told(struct enrolment_attempt *a, uint32_t seconds)
{
    if (a->patience == 0) {
        fail(a, "later", seconds);
        return;
    }
    a->patience--;
    a->timer = loop_timer_start(
        a->options.loop, (uint64_t)seconds * 1000, on_waited, a);
    if (a->timer == NULL)
        fail(a, "local", 0);
    else
        a->events.waits(a->events.context, seconds);
}

static void on_answer(void *context, const struct est_end *answer)
{
    struct enrolment_attempt *a = context;
    struct est_reading *r = answer->reading;
    const char *name = est_operation_name(operation_of(a));

    a->est = NULL;
    if (r->outcome != EST_DONE)
        tell(a, name, false, "%s", r->words);
    switch (r->outcome) {
    case EST_DONE:
        take_answer(a, &r->der);
        break;
    case EST_LATER:
        wait_as_told(a, r->retry_s);
        break;
    case EST_REFUSED:
        fail(a, "rejected", 0);
        break;
    case EST_DENIED:
        fail(a, "denied", 0);
        break;
    case EST_GARBLED:
        fail(a, "garbled", 0);
        break;
    case EST_UNREACHED:
        fail(a, answer->why, 0);
        break;
    }
}

/* cacerts and csrattrs want no login (RFC 7030 sections 4.1.2 and 4.5.1), but a
 * server may want the certificate in its handshake at once. */
static enum err ask(struct enrolment_attempt *a)
{
    struct est_options est = a->options.est;
    struct span request = {NULL, 0};

    if (a->state == ENROLL)
        request = bytes_span(&a->csr);
    else
        est.user = est.password = NULL;
    return est_ask(a->options.loop, &est, operation_of(a), request,
        &(struct est_events){on_answer, a}, &a->est);
}

static void go(struct enrolment_attempt *a, enum state state)
{
    enum err e;

    a->state = state;
    if (state == KEY) {
        make_key(a);
        return;
    }
    e = ask(a);
    if (e == ERR_OK)
        return;
    tell(a, est_operation_name(operation_of(a)), false,
        "the question could not be put (%s)", err_name(e));
    fail(a, "local", 0);
}

/* --- the public face ----------------------------------------------------- */

enum err enrolment_attempt_start(
    const struct enrolment_attempt_options *options,
    const struct enrolment_attempt_events *events,
    struct enrolment_attempt **out)
{
    struct enrolment_attempt *a = calloc(1, sizeof(*a));
    enum err e;

    if (a == NULL)
        return ERR_NO_MEMORY;
    a->options = *options;
    a->events = *events;
    a->patience = options->patience;
    a->state = CACERTS;
    e = ask(a);
    if (e != ERR_OK) {
        free_all(a);
        return e;
    }
    *out = a;
    return ERR_OK;
}

void enrolment_attempt_cancel(struct enrolment_attempt *a)
{
    if (a != NULL)
        free_all(a);
}
