/* issued.c */

#include "identity/issued.h"

#include <mbedtls/sha256.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/certificate.h"
#include "identity/oid.h"
#include "identity/path.h"
#include "identity/pem.h"
#include "identity/view.h"

#define DAY_S 86400

struct judging {
    const struct issued_question *question;
    mbedtls_x509_crt sent;    /* the leaf, then what came along */
    mbedtls_x509_crt anchors; /* where a path may end */
    struct view *leaf;
    struct issued *out;
};

const char *issued_fault_name(enum issued_fault fault)
{
    switch (fault) {
    case ISSUED_OK:
        return "ok";
    case ISSUED_MALFORMED:
        return "malformed";
    case ISSUED_KEY:
        return "key";
    case ISSUED_NAME:
        return "name";
    case ISSUED_DATES:
        return "dates";
    case ISSUED_PURPOSE:
        return "purpose";
    case ISSUED_LONG:
        return "life";
    case ISSUED_CHAIN:
        return "chain";
    }
    return "unknown";
}

__attribute__((format(printf, 3, 4))) static enum issued_fault say(
    struct judging *j, enum issued_fault fault, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(j->out->words, sizeof(j->out->words), format, args);
    va_end(args);
    return fault;
}

enum err issued_id(struct span der, char out[ISSUED_ID])
{
    unsigned char hash[32];

    if (mbedtls_sha256(der.at, der.len, hash, 0) != 0)
        return ERR_IO;
    for (size_t i = 0; i < sizeof(hash); i++)
        (void)snprintf(out + 2 * i, 3, "%02x", hash[i]);
    return ERR_OK;
}

/* --- which is ours ------------------------------------------------------- */

static bool is_for_our_key(const struct judging *j, struct span der)
{
    mbedtls_x509_crt one;
    char why[KEY_WHY];
    bool fits;

    mbedtls_x509_crt_init(&one);
    fits = certificate_add(&one, der.at, der.len) == 0 &&
        key_ready(j->question->key, &one, why) == ERR_OK;
    mbedtls_x509_crt_free(&one);
    return fits;
}

static enum issued_fault add(
    struct judging *j, mbedtls_x509_crt *to, struct span der)
{
    int failed = certificate_add(to, der.at, der.len);

    if (failed == 0)
        return ISSUED_OK;
    return say(j, ISSUED_MALFORMED, "a certificate in the answer: %s",
        trust_reason_advice(certificate_fault(failed)));
}

static enum issued_fault find_leaf(struct judging *j)
{
    const struct certs_only *all = j->question->answer;
    size_t ours = 0;
    enum issued_fault fault;

    while (ours < all->count && !is_for_our_key(j, all->certificates[ours]))
        ours++;
    if (ours == all->count)
        return say(j, ISSUED_KEY,
            "none of the %zu certificates in the answer is for our key",
            all->count);
    fault = add(j, &j->sent, all->certificates[ours]);
    for (size_t i = 0; i < all->count && fault == ISSUED_OK; i++)
        if (i != ours)
            fault = add(j, &j->sent, all->certificates[i]);
    return fault;
}

/* --- what it says -------------------------------------------------------- */

static enum issued_fault look_at_leaf(struct judging *j)
{
    const struct issued_question *q = j->question;
    struct span der = {j->sent.raw.p, j->sent.raw.len};
    char name[VIEW_TEXT_SIZE];
    const char *why = "";

    if (view_read(der, j->leaf, &why) != ERR_OK ||
        issued_id(der, j->out->id) != ERR_OK)
        return say(j, ISSUED_MALFORMED, "our certificate: %s", why);
    j->out->from_s = j->leaf->from;
    j->out->until_s = j->leaf->to;
    view_text(&j->leaf->subject, OID_COMMON_NAME, name);
    if (q->thing != NULL && strcmp(name, q->thing) != 0)
        return say(j, ISSUED_NAME, "its CN is \"%.120s\", and this is \"%s\"",
            name, q->thing);
    if (j->leaf->to < q->now_s + ISSUED_LEAST)
        return say(j, ISSUED_DATES, "it is over, or will be in a moment");
    if (j->leaf->from > q->now_s && !q->clock_is_late)
        return say(j, ISSUED_DATES,
            "it begins %lld s from now; compare the clocks",
            (long long)(j->leaf->from - q->now_s));
    if (mbedtls_x509_crt_get_ca_istrue(&j->sent) == 1)
        return say(j, ISSUED_PURPOSE, "it is a CA's certificate");
    if (q->max_days > 0 &&
        (j->leaf->to - q->now_s) / DAY_S > (int64_t)q->max_days)
        return say(j, ISSUED_LONG, "it lives %lld days, and %u are allowed",
            (long long)((j->leaf->to - q->now_s) / DAY_S), q->max_days);
    return ISSUED_OK;
}

/* --- the path ------------------------------------------------------------ */

static bool is_own_issuer(const mbedtls_x509_crt *c)
{
    return c->issuer_raw.len == c->subject_raw.len &&
        memcmp(c->issuer_raw.p, c->subject_raw.p, c->issuer_raw.len) == 0;
}

/* The roots among the CAs are where a path ends, the others may be on its way;
 * without a root any of them will do. */
static enum issued_fault sort_authorities(struct judging *j)
{
    const struct certs_only *all = j->question->authorities;
    size_t roots = 0;
    enum issued_fault fault = ISSUED_OK;

    for (int turn = 0; turn < 2 && roots == 0; turn++)
        for (size_t i = 0; i < all->count && fault == ISSUED_OK; i++) {
            mbedtls_x509_crt one;
            bool is_root;

            mbedtls_x509_crt_init(&one);
            fault = add(j, &one, all->certificates[i]);
            is_root = fault == ISSUED_OK && (turn == 1 || is_own_issuer(&one));
            mbedtls_x509_crt_free(&one);
            if (fault != ISSUED_OK)
                break;
            roots += is_root;
            if (is_root || turn == 0)
                fault = add(
                    j, is_root ? &j->anchors : &j->sent, all->certificates[i]);
        }
    return fault;
}

static enum issued_fault fault_of(enum trust_reason reason)
{
    if (reason == TRUST_EXPIRED || reason == TRUST_NOT_YET)
        return ISSUED_DATES;
    return reason == TRUST_PURPOSE ? ISSUED_PURPOSE : ISSUED_CHAIN;
}

static enum issued_fault find_path(struct judging *j, struct path *path)
{
    const struct path_question q = {.sent = &j->sent,
        .anchors = &j->anchors,
        .purpose = PATH_DEVICE,
        .now_s = j->question->now_s,
        .clock_is_late = j->question->clock_is_late};
    struct path_answer answer;
    char subject[160];

    path_find(&q, &answer);
    *path = answer.path;
    if (answer.reason == TRUST_OK)
        return ISSUED_OK;
    if (mbedtls_x509_dn_gets(
            subject, sizeof(subject), &answer.blamed->subject) < 0)
        (void)snprintf(subject, sizeof(subject), "(a long name)");
    return say(j, fault_of(answer.reason), "certificate \"%s\": %s", subject,
        trust_reason_advice(answer.reason));
}

/* --- what is kept -------------------------------------------------------- */

static enum issued_fault write_one(struct judging *j, const mbedtls_x509_crt *c)
{
    struct bytes *all = &j->out->pem, text;
    unsigned char *longer;

    if (pem_write(PEM_CERTIFICATE, (struct span){c->raw.p, c->raw.len},
            &text) != ERR_OK)
        return say(j, ISSUED_MALFORMED, "out of memory");
    longer = realloc(all->at, all->len + text.len + 1);
    if (longer == NULL) {
        bytes_free(&text);
        return say(j, ISSUED_MALFORMED, "out of memory");
    }
    memcpy(longer + all->len, text.at, text.len + 1);
    all->at = longer;
    all->len += text.len;
    bytes_free(&text);
    return ISSUED_OK;
}

static enum issued_fault write_path(struct judging *j, const struct path *path)
{
    enum issued_fault fault = ISSUED_OK;

    for (size_t i = 0; i < path->count && fault == ISSUED_OK; i++)
        if (i == 0 || !is_own_issuer(path->certificates[i]))
            fault = write_one(j, path->certificates[i]);
    return fault;
}

static enum issued_fault write_all(struct judging *j)
{
    enum issued_fault fault = ISSUED_OK;

    for (const mbedtls_x509_crt *c = &j->sent; c != NULL && fault == ISSUED_OK;
         c = c->next)
        fault = write_one(j, c);
    return fault;
}

static enum issued_fault judge(struct judging *j)
{
    struct path path = {.count = 0};
    enum issued_fault fault = find_leaf(j);

    if (fault == ISSUED_OK)
        fault = look_at_leaf(j);
    if (fault != ISSUED_OK)
        return fault;
    if (j->question->authorities == NULL)
        return write_all(j);
    fault = sort_authorities(j);
    if (fault == ISSUED_OK)
        fault = find_path(j, &path);
    return fault == ISSUED_OK ? write_path(j, &path) : fault;
}

void issued_check(const struct issued_question *question, struct issued *out)
{
    struct judging j = {.question = question, .out = out};

    *out = (struct issued){.fault = ISSUED_MALFORMED};
    j.leaf = malloc(sizeof(*j.leaf));
    if (j.leaf == NULL) {
        (void)say(&j, ISSUED_MALFORMED, "out of memory");
        return;
    }
    mbedtls_x509_crt_init(&j.sent);
    mbedtls_x509_crt_init(&j.anchors);
    out->fault = judge(&j);
    if (out->fault == ISSUED_OK)
        (void)say(&j, ISSUED_OK, "for our key and name, %lld days to go",
            (long long)((out->until_s - question->now_s) / DAY_S));
    else
        bytes_free(&out->pem);
    mbedtls_x509_crt_free(&j.sent);
    mbedtls_x509_crt_free(&j.anchors);
    free(j.leaf);
}
