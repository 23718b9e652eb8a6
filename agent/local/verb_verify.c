/* verb_verify.c - the policy of the connections, asked from the shell. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "identity/chain.h"
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
    PROGRAM
};

static const struct option_own own[] = {
    [PURPOSE] = {"--purpose",   "WHAT",  "server or device"                      },
    [TRUST] = {"--trust",     "FILE",  "the CAs to believe, PEM; or \"system\""},
    [CRL] = {"--crl",       "FILE",  "revocation lists, PEM or DER"          },
    [CRL_GRACE] = {"--crl-grace", "HOURS", "how long a list may be over (0)"       },
    [NAME] = {"--name",      "NAME",  "server: the host name or IP address"   },
    [PINS] = {"--pins",      "PINS",  "sha256//BASE64,sha256//BASE64,..."     },
    [TIME] = {"--time",      "TIME",  "judge at this time, RFC 3339 (now)"    },
    [SERIAL] = {"--serial",    "S",     "device: the serial number it must have"},
    [MODEL] = {"--model",     "M",     "device: the model it must be"          },
    [MIN_LEVEL] = {"--min-level", "L",     "device: the least to be proved"        },
    [PROGRAM] = {"--program",   NULL,
                 "device: the CAs are roots above several vendors"               },
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
        "               --serial SN-0001 device.pem\n",
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

static int judge_file(const struct options *o, const struct trust *trust,
    const struct trust_question *q)
{
    struct trust_verdict v = {.level = PROOF_NONE};
    mbedtls_x509_crt *chain = NULL;
    enum err e = chain_read_peer(o->words[0], &chain, &v.reason);

    if (e == ERR_OK)
        trust_judge(trust, q, chain, &v);
    else if (v.reason != TRUST_OK)
        (void)snprintf(v.detail, sizeof(v.detail), "a certificate in %s: %s",
            o->words[0], trust_reason_advice(v.reason));
    else
        return unreadable(o, e, o->words[0]);
    chain_free(chain);
    return print_verdict(o, q, &v);
}

int verb_verify(int argc, char **argv)
{
    struct options o;
    struct trust_options options = {.crl_grace_s = 0};
    struct trust_question question;
    struct trust *trust;
    int status = options_read(&page, argc, argv, &o);
    enum err e;

    if (status == OPTIONS_GO)
        status = read_question(&o, &question);
    if (status == OPTIONS_GO)
        status = read_grace(&o, &options);
    if (status != OPTIONS_GO)
        return status;
    options.anchors = o.own[TRUST];
    options.crl = o.own[CRL];
    options.pins = o.own[PINS];
    e = trust_load(&options, &trust);
    if (e != ERR_OK)
        return unreadable(&o, e, "--trust, --crl or --pins");
    status = judge_file(&o, trust, &question);
    trust_free(trust);
    return status;
}
