/* verb_verify.c - the policy of the connections, asked from the shell. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "identity/chain.h"
#include "identity/hit.h"
#include "identity/moment.h"
#include "identity/trust.h"
#include "local/answer.h"
#include "local/options.h"
#include "local/speak.h"
#include "local/verbs.h"

#define EXIT_REFUSED 1
#define LEVELS                                                                 \
    "none, encrypted, pinned, vendor, vendor+model, exact-device, owner"

enum own {
    PURPOSE,
    TRUST,
    CRL,
    CRL_GRACE,
    NAME,
    PINS,
    TIME,
    SERIAL,
    MODEL,
    MIN_LEVEL,
    PROGRAM,
    HIT,
    SIGNATURE,
    KEY,
    ALG
};

static const struct option_own own[] = {
    [PURPOSE] = {"--purpose",   "WHAT",  "server or device"                       },
    [TRUST] = {"--trust",     "FILE",  "the CAs to believe, PEM; or \"system\"" },
    [CRL] = {"--crl",       "FILE",  "revocation lists, PEM or DER"           },
    [CRL_GRACE] = {"--crl-grace", "HOURS", "how long a list may be over (0)"        },
    [NAME] = {"--name",      "NAME",  "server: the host name or IP address"    },
    [PINS] = {"--pins",      "PINS",  "sha256//BASE64,sha256//BASE64,..."      },
    [TIME] = {"--time",      "TIME",  "judge at this time, RFC 3339 (now)"     },
    [SERIAL] = {"--serial",    "S",     "device: the serial number it must have" },
    [MODEL] = {"--model",     "M",     "device: the model it must be"           },
    [MIN_LEVEL] = {"--min-level", "L",     "device: the least to be proved"         },
    [PROGRAM] = {"--program",   NULL,
                 "device: the CAs are roots above several vendors"                },
    [HIT] = {"--hit",       "HIT",   "the Host Identity Tag of the peer's key"},
    [SIGNATURE] = {"--signature", "FILE",
                 "check this signature over FILE instead"                         },
    [KEY] = {"--key",       "FILE",  "... by the owner of this key, PEM"      },
    [ALG] = {"--alg",       "A",
                 "... made so: es256, es256-der, es384, es384-der, ps256, rs256"  },
};

static const struct page page = {
    .name = "verify",
    .arguments = "--purpose WHAT --trust FILE [--name NAME] CHAIN.pem",
    .summary = "would a connection believe this certificate?",
    .help =
        "  CHAIN.pem holds the peer's certificate, then those it sends along.\n"
        "  It is judged by the very code that judges connections. Exit "
        "status:\n"
        "  0 accepted, 1 refused (it says why), 65 the input is not readable.\n"
        "  Levels, least first: " LEVELS ".\n"
        "\n"
        "  Example: nameplate verify --purpose server --trust ca.pem \\\n"
        "               --name broker.example.com chain.pem\n"
        "           nameplate verify --purpose device --trust vendor.pem \\\n"
        "               --serial SN-0001 device.pem\n"
        "\n"
        "  With --hit alone the peer's key is all that is looked at: a tag "
        "needs\n"
        "  no CA. With --signature, FILE is any file and the exit status is 0\n"
        "  valid, 1 invalid, 65 the input is not readable:\n"
        "\n"
        "           nameplate verify --signature job.sig --key signer.pem \\\n"
        "               --alg es256 job.json\n",
    .no_agent = true,
    .words_min = 1,
    .words_max = 1,
    .own = own,
    .own_count = sizeof(own) / sizeof(own[0]),
};

static int usage(const struct options *o, const char *words)
{
    return speak_fail(o, EX_USAGE, "usage", "verify: %s", words);
}

/* Both have said what is wrong. */
static int unreadable(const struct options *o, enum err e, const char *path)
{
    int status = e == ERR_NOT_FOUND ? EX_NOINPUT
        : e == ERR_DENIED           ? EX_NOPERM
        : e == ERR_NO_MEMORY        ? EX_OSERR
                                    : EX_DATAERR;

    return speak_fail(o, status, "unreadable",
        "verify: %s is not usable (%s); see above", path, err_name(e));
}

/* --- what is asked ------------------------------------------------------- */

static int read_grace(const struct options *o, struct trust_options *t)
{
    const char *hours = o->own[CRL_GRACE];
    int64_t n = 0;

    if (hours == NULL)
        return OPTIONS_GO;
    if (strlen(hours) > 6 || strspn(hours, "0123456789") != strlen(hours))
        return usage(o, "--crl-grace wants whole hours");
    for (const char *p = hours; *p != '\0'; p++)
        n = n * 10 + (*p - '0');
    t->crl_grace_s = n * 3600;
    return OPTIONS_GO;
}

static int read_purpose(const struct options *o, struct trust_question *q)
{
    const char *purpose = o->own[PURPOSE];
    bool device;

    if (purpose == NULL)
        return usage(o, "--purpose server or --purpose device is missing");
    device = strcmp(purpose, "device") == 0;
    if (!device && strcmp(purpose, "server") != 0)
        return usage(o, "--purpose is server or device");
    q->purpose = device ? PATH_DEVICE : PATH_SERVER;
    if (!device && o->own[NAME] == NULL)
        return usage(o, "--name is missing: the server's name or address");
    if (o->own[KEY] != NULL || o->own[ALG] != NULL)
        return usage(o, "--key and --alg are for --signature");
    if (device && o->own[NAME] != NULL)
        return usage(o, "--name is for servers; a device has --serial");
    if (!device &&
        (o->own[SERIAL] != NULL || o->own[MODEL] != NULL ||
            o->own[MIN_LEVEL] != NULL || o->own[PROGRAM] != NULL))
        return usage(
            o, "--serial, --model, --min-level and --program are for devices");
    return OPTIONS_GO;
}

static int read_question(const struct options *o, struct trust_question *q)
{
    int status = read_purpose(o, q);

    if (status != OPTIONS_GO)
        return status;
    q->host = o->own[NAME];
    q->device = (struct genuine_question){.model = o->own[MODEL],
        .serial = o->own[SERIAL],
        .anchor_is_program = o->own[PROGRAM] != NULL};
    q->at_s = TRUST_NOW;
    if (o->own[MIN_LEVEL] != NULL &&
        !proof_parse(o->own[MIN_LEVEL], &q->device.min_level))
        return usage(o, "--min-level is one of " LEVELS);
    if (o->own[TIME] != NULL && !moment_parse(o->own[TIME], &q->at_s))
        return usage(o, "--time is like 2026-05-01T12:00:00Z (RFC 3339)");
    if (o->own[TRUST] == NULL)
        return usage(o, "--trust is missing: the CAs to believe");
    return OPTIONS_GO;
}

/* A tag names a key, whatever certificates say of it. */
static int read_hit(const struct options *o, struct hit *hit, bool *given)
{
    *given = o->own[HIT] != NULL;
    if (*given && hit_parse(o->own[HIT], hit) != ERR_OK)
        return usage(o, "--hit is an address in 2001:20::/28");
    return OPTIONS_GO;
}

/* --- what is answered ---------------------------------------------------- */

static int print_json(const struct options *o, const struct trust_question *q,
    const struct trust_verdict *v)
{
    struct answer a = answer_ok();
    char at[MOMENT_TEXT];
    int status;

    answer_bool(&a, "accepted", v->reason == TRUST_OK);
    answer_text(&a, "reason", trust_reason_name(v->reason));
    answer_text(&a, "detail", *v->detail == '\0' ? NULL : v->detail);
    answer_text(&a, "level", proof_name(v->level));
    answer_text(&a, "purpose", o->own[PURPOSE]);
    if (q->at_s != TRUST_NOW) {
        moment_print(q->at_s, at);
        answer_text(&a, "time", at);
    }
    if (v->clock_is_late)
        answer_bool(&a, "clock_late", true);
    status = a.e == ERR_OK ? speak_json(o, a.object) : speak_no_memory(o);
    json_free(a.object);
    return status;
}

static int print_verdict(const struct options *o,
    const struct trust_question *q, const struct trust_verdict *v)
{
    bool accepted = v->reason == TRUST_OK;
    int status;

    if (o->json) {
        status = print_json(o, q, v);
    } else {
        (void)printf(
            "%s%s%s: ", speak_colour(accepted ? SPEAK_GOOD : SPEAK_BAD),
            accepted ? "accepted" : "refused", speak_colour(SPEAK_PLAIN));
        if (accepted)
            (void)printf("%s is proved\n", proof_name(v->level));
        else
            (void)printf("%s: %s\n", trust_reason_name(v->reason), v->detail);
        if (v->clock_is_late)
            (void)printf("this machine's clock is wrong: before the program was"
                         " built; set it\n");
        status = speak_end(o);
    }
    if (status != EX_OK)
        return status;
    return accepted ? EX_OK : EXIT_REFUSED;
}

/* NULL and the exit status, or the peer's chain; NULL and OPTIONS_GO: it is
 * refused as *v says, before anybody judges. */
static mbedtls_x509_crt *read_chain(
    const struct options *o, struct trust_verdict *v, int *status)
{
    mbedtls_x509_crt *chain = NULL;
    enum err e = chain_read_peer(o->words[0], &chain, &v->reason);

    *status = OPTIONS_GO;
    if (e == ERR_OK)
        return chain;
    if (v->reason == TRUST_OK)
        *status = unreadable(o, e, o->words[0]);
    else
        (void)snprintf(v->detail, sizeof(v->detail), "a certificate in %s: %s",
            o->words[0], trust_reason_advice(v->reason));
    return NULL;
}

static void judge_hit(const mbedtls_x509_crt *leaf, const struct hit *wanted,
    struct trust_verdict *v)
{
    struct hit hit;

    if (hit_of_key(&leaf->pk, &hit) == ERR_OK && hit_equal(&hit, wanted)) {
        if (v->level < PROOF_PINNED)
            v->level = PROOF_PINNED;
        return;
    }
    v->reason = TRUST_HIT;
    v->level = PROOF_NONE;
    (void)snprintf(
        v->detail, sizeof(v->detail), "%s", trust_reason_advice(TRUST_HIT));
}

/* `trust` is NULL when a tag is all that is asked. */
static int judge_file(const struct options *o, const struct trust *trust,
    const struct trust_question *q)
{
    struct trust_verdict v = {.level = PROOF_NONE};
    mbedtls_x509_crt *chain = NULL;
    struct hit hit;
    bool by_hit;
    int status = read_hit(o, &hit, &by_hit);

    if (status == OPTIONS_GO)
        chain = read_chain(o, &v, &status);
    if (status != OPTIONS_GO)
        return status;
    if (chain != NULL && trust != NULL)
        trust_judge(trust, q, chain, &v);
    if (chain != NULL && by_hit && v.reason == TRUST_OK)
        judge_hit(chain, &hit, &v);
    chain_free(chain);
    return print_verdict(o, q, &v);
}

static int judge_with_trust(const struct options *o)
{
    struct trust_options options = {
        .anchors = o->own[TRUST], .crl = o->own[CRL], .pins = o->own[PINS]};
    struct trust_question question;
    struct trust *trust;
    int status = read_question(o, &question);
    enum err e;

    if (status == OPTIONS_GO)
        status = read_grace(o, &options);
    if (status != OPTIONS_GO)
        return status;
    e = trust_load(&options, &trust);
    if (e != ERR_OK)
        return unreadable(o, e, "--trust, --crl or --pins");
    status = judge_file(o, trust, &question);
    trust_free(trust);
    return status;
}

/* Is this the only option that was given? */
static bool is_alone(const struct options *o, enum own which)
{
    for (size_t i = 0; i < page.own_count; i++)
        if ((o->own[i] != NULL) != (i == (size_t)which))
            return false;
    return true;
}

int verb_verify(int argc, char **argv)
{
    const struct trust_question nothing = {.at_s = TRUST_NOW};
    struct options o;
    int status = options_read(&page, argc, argv, &o);

    if (status != OPTIONS_GO)
        return status;
    if (o.own[SIGNATURE] != NULL)
        return verb_verify_signature(
            &o, o.own[SIGNATURE], o.own[KEY], o.own[ALG]);
    if (is_alone(&o, HIT))
        return judge_file(&o, NULL, &nothing);
    return judge_with_trust(&o);
}
