/* verb_identity_check.c - the lint of a factory credential. */

#include <stdio.h>
#include <sysexits.h>

#include "identity/credential.h"
#include "local/answer.h"
#include "local/settings.h"
#include "local/speak.h"
#include "local/verbs.h"

#define EXIT_BROKEN 1

struct work {
    bool json;
    struct json *violations; /* with --json */
    enum err error;          /* of making them */
    size_t broken;
};

/* NULL: no memory. */
static struct json *to_json(const struct credential_finding *f)
{
    struct answer a = {json_new_object(), ERR_OK};

    if (a.object == NULL)
        return NULL;
    answer_text(&a, "file", f->file);
    if (f->number > 0) {
        answer_number(&a, "certificate", (double)f->number);
        answer_text(&a, "role", profile_role_name(f->role));
    }
    answer_text(&a, "rule", f->rule->id);
    answer_text(&a, "expected", f->rule->expected);
    answer_text(&a, "source", f->rule->source);
    if (a.e == ERR_OK)
        return a.object;
    json_free(a.object);
    return NULL;
}

static void tell_json(struct work *work, const struct credential_finding *f)
{
    if (json_append(work->violations, to_json(f)) != ERR_OK)
        work->error = ERR_NO_MEMORY;
}

static void tell(void *context, const struct credential_finding *f)
{
    struct work *work = context;

    work->broken++;
    if (work->json) {
        tell_json(work, f);
        return;
    }
    (void)printf("%s: ", f->file);
    if (f->number > 0)
        (void)printf(
            "certificate %zu (%s): ", f->number, profile_role_name(f->role));
    (void)printf("%s: expected %s [%s]\n", f->rule->id, f->rule->expected,
        f->rule->source);
}

static int complain(const struct options *o, const char *path, enum err e)
{
    static const struct {
        enum err e;
        int status;
        const char *words;
    } table[] = {
        {ERR_NOT_FOUND, EX_NOINPUT, "is not there; give a certificate's path"  },
        {ERR_DENIED,    EX_NOPERM,  "cannot be read; are you the agent's user?"},
        {ERR_TOO_BIG,   EX_DATAERR,
         "has more than 64 KiB; is it the right file?"                         },
        {ERR_INVALID,   EX_DATAERR,
         "holds no PEM certificate, or a damaged one; is it the right "
            "file?"                                                            },
        {ERR_IO,        EX_IOERR,   "cannot be read; is it a file?"            },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].e == e)
            return speak_fail(o, table[i].status, "certificate",
                "identity check: %s %s", path, table[i].words);
    return speak_no_memory(o);
}

static int print_json(const struct options *o, struct work *work, size_t count)
{
    struct answer a = {json_new_object(), work->error};
    int status;

    if (a.object == NULL)
        return speak_no_memory(o);
    answer_bool(&a, "ok", work->broken == 0);
    answer_number(&a, "certificates", (double)count);
    answer_value(&a, "violations", work->violations);
    work->violations = NULL;
    status = a.e == ERR_OK ? speak_json(o, a.object) : speak_no_memory(o);
    json_free(a.object);
    return status;
}

static int finish(const struct options *o, struct work *work, size_t count)
{
    int status;

    if (work->json) {
        status = print_json(o, work, count);
    } else {
        (void)printf("%zu certificates, %zu violations of the profile\n", count,
            work->broken);
        status = speak_end(o);
    }
    return status == EX_OK && work->broken > 0 ? EXIT_BROKEN : status;
}

static int check(const struct options *o, const struct credential *credential)
{
    struct work work = {.json = o->json};
    size_t count;
    int status;
    enum err e;

    if (o->json) {
        work.violations = json_new_array();
        if (work.violations == NULL)
            return speak_no_memory(o);
    }
    e = credential_check(credential, tell, &work, &count);
    status = e == ERR_OK ? finish(o, &work, count)
                         : complain(o, credential->certificate, e);
    json_free(work.violations);
    return status;
}

static int check_configured(const struct options *o, enum eku eku)
{
    const char *config = o->config != NULL ? o->config : SETTINGS_PATH;
    struct settings *settings;
    struct credential credential;
    enum err e = settings_load(config, settings_say, NULL, &settings);
    int status;

    if (e != ERR_OK)
        return speak_fail(o,
            e == ERR_NOT_FOUND    ? EX_NOINPUT
                : e == ERR_DENIED ? EX_NOPERM
                                  : EX_CONFIG,
            "config",
            "identity check: the configuration %s is not usable; see"
            " above",
            config);
    credential = (struct credential){
        .certificate = settings->certificate,
        .key = settings->key,
        .files = {config, settings->trust},
        .eku = eku,
    };
    status = check(o, &credential);
    settings_free(settings);
    return status;
}

int verb_identity_check(const struct options *o, const char *choice)
{
    struct credential credential = {.eku = EKU_CLIENT};

    if (choice != NULL && !eku_parse(choice, &credential.eku))
        return speak_fail(o, EX_USAGE, "usage",
            "identity check: --eku '%s'; expected client, client+server or"
            " none",
            choice);
    if (o->word_count < 2)
        return check_configured(o, credential.eku);
    if (o->config != NULL)
        return speak_fail(o, EX_USAGE, "usage",
            "identity check: expected -c FILE or a CERT.pem, not both");
    credential.certificate = o->words[1];
    return check(o, &credential);
}
