/* verb_revoke.c - a certificate is not to be believed any more. */

#include <stdlib.h>
#include <string.h>

#include "certs/revocation.h"
#include "certs/say.h"
#include "certs/verb.h"
#include "identity/oid.h"
#include "identity/pem.h"
#include "identity/spki.h"

#define FILE_LIMIT 65536

struct search {
    const struct view *certificate;
    bool found;
};

/* Is this the authority that signed the certificate?  By its signature. */
static enum err compare_issuer(void *context, const char *base)
{
    struct search *search = context;
    const struct view *c = search->certificate;
    const struct spki_signed what = {c->algorithm, c->tbs, c->signature};
    struct home_certificate ca;
    char path[DISK_PATH_SIZE];
    enum err e;

    disk_path(path, "%s.crt", base);
    e = home_read_certificate(path, &ca);
    if (e != ERR_OK)
        return e;
    if (span_equal(view_subject_key_id(&ca.view), view_authority_key_id(c)) &&
        spki_verify(ca.view.spki, &what) == ERR_OK)
        search->found = true;
    bytes_free(&ca.der);
    return ERR_OK;
}

static enum err check_ours(
    const struct home *home, const char *path, const struct view *certificate)
{
    struct search search = {certificate, false};
    enum err e = home_each_authority(home, compare_issuer, &search);

    if (e == ERR_OK && !search.found) {
        say("%s was not issued by this factory; revoke it where it was", path);
        e = ERR_INVALID;
    }
    return e;
}

/* The certificate that the command line names. */
static enum err find(const struct options *options, const struct home *home,
    char path[DISK_PATH_SIZE])
{
    const char *model = options_get(options, "model");
    const char *serial = options_get(options, "serial");

    if (options->word_count == 1) {
        disk_path(path, "%s", options->words[0]);
        return ERR_OK;
    }
    return home_device_path(home, model, serial, path);
}

static enum err run(const struct options *options)
{
    const char *given = options_get(options, "reason");
    enum crl_reason reason = CRL_UNSPECIFIED;
    struct home_certificate certificate;
    char path[DISK_PATH_SIZE];
    struct home home;
    int lock;
    enum err e = home_open(options, &home);

    if (e == ERR_OK && given != NULL && !crl_reason_parse(given, &reason)) {
        say("--reason '%s' is refused: expected one of " CRL_REASONS, given);
        e = ERR_INVALID;
    }
    if (e == ERR_OK)
        e = find(options, &home, path);
    if (e == ERR_OK)
        e = home_read_certificate(path, &certificate);
    if (e != ERR_OK)
        return e;
    e = check_ours(&home, path, &certificate.view);
    if (e == ERR_OK)
        e = disk_lock(home.folder, &lock);
    if (e != ERR_OK)
        goto free_certificate;
    e = revocation_add(&home, &certificate.view, reason);
    disk_unlock(lock);
    if (e == ERR_EXISTS)
        say("%s is revoked already; publish the lists with 'factory crl'",
            path);
    if (e == ERR_OK)
        e = verb_print(options,
            VERB_OBJECT(
                {"certificate", path}, {"reason", crl_reason_name(reason)}),
            "%s is revoked: %s\n"
            "next: factory crl, and give revoked.crl to the broker\n",
            path, crl_reason_name(reason));

free_certificate:
    bytes_free(&certificate.der);
    return e;
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"model",  OPTION_ONE },
    {"serial", OPTION_ONE },
    {"reason", OPTION_ONE },
    {"json",   OPTION_FLAG},
};

const struct verb verb_revoke = {
    .name = "revoke",
    .arguments = "--model NAME --serial NUMBER | FILE [--reason REASON]",
    .summary = "remember that a certificate is not to be believed",
    .help = "  --model NAME --serial NUMBER  of the device, or\n"
            "  FILE             the certificate, of a batch's CA for example\n"
            "  --reason REASON  one of unspecified (the default),\n"
            "                   keyCompromise, cACompromise,\n"
            "                   affiliationChanged, superseded,\n"
            "                   cessationOfOperation, privilegeWithdrawn\n"
            "It takes effect with the next 'factory crl'.  A serial number\n"
            "that was revoked is not issued again.\n"
            "example: factory revoke --model Thermo-1 --serial 4711"
            " --reason keyCompromise\n",
    VERB_RULES(rules),
    .words_max = 1,
    .device_or_file = true,
    .run = run,
};
