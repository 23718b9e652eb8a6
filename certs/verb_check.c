/* verb_check.c - the lint: which rules of the profile does a file break? */

#include <stdio.h>
#include <stdlib.h>

#include "certs/choice.h"
#include "certs/disk.h"
#include "certs/home.h"
#include "certs/say.h"
#include "certs/verb.h"
#include "identity/profile_chain.h"

#define FILE_LIMIT (1 << 20)

struct work {
    bool json;
    struct json *violations; /* with --json */
    enum err error;          /* of making them */
    size_t certificates, broken;
    const struct view *issuer; /* --issuer, above the last one of a file */
    enum profile_role role;    /* --role, or 0: find out */
    const enum eku *eku;       /* --eku, or NULL: what the factory chose */
    const struct home *home;   /* NULL: there is no factory here */
    const char *file;          /* where we are */
};

static void tell_json(struct work *work, const struct profile_finding *finding)
{
    struct json *v = VERB_OBJECT({"file", work->file},
        {"role", profile_role_name(finding->role)}, {"rule", finding->rule->id},
        {"expected", finding->rule->expected},
        {"source", finding->rule->source});

    if (v == NULL ||
        json_set(v, "certificate", json_new_number((double)finding->number)) !=
            ERR_OK) {
        json_free(v);
        work->error = ERR_NO_MEMORY;
    } else if (json_append(work->violations, v) != ERR_OK) {
        work->error = ERR_NO_MEMORY;
    }
}

static void tell(void *context, const struct profile_finding *finding)
{
    struct work *work = context;

    work->broken++;
    if (work->json)
        tell_json(work, finding);
    else
        (void)printf("%s: certificate %zu (%s): %s: expected %s [%s]\n",
            work->file, finding->number, profile_role_name(finding->role),
            finding->rule->id, finding->rule->expected, finding->rule->source);
}

static enum err choose(
    void *context, const struct view *v, enum profile_role role, enum eku *eku)
{
    const struct work *work = context;

    *eku = work->eku != NULL ? *work->eku : EKU_CLIENT;
    return work->eku == NULL && work->home != NULL
        ? choice_of(work->home, v, role, eku)
        : ERR_OK;
}

static enum err check_text(struct work *work, const char *text)
{
    const struct profile_walk walk = {
        .role = work->role,
        .above = work->issuer,
        .choose = choose,
        .tell = tell,
        .context = work,
    };
    size_t count;
    enum err e = profile_chain(&walk, text, &count);

    work->certificates += count;
    if (e == ERR_NOT_FOUND)
        say("%s holds no PEM certificate; is it the right file?", work->file);
    else if (e == ERR_INVALID)
        say("%s holds damaged PEM; is it the right file?", work->file);
    else if (e == ERR_NO_MEMORY)
        return say_no_memory();
    return e == ERR_NOT_FOUND ? ERR_INVALID : e;
}

static enum err check_file(struct work *work, const char *path)
{
    struct bytes text = {NULL, 0};
    enum err e = disk_read(path, FILE_LIMIT, &text);

    work->file = path;
    if (e == ERR_NOT_FOUND)
        say("%s is not there; give the path of a certificate", path);
    if (e == ERR_OK)
        e = check_text(work, (const char *)text.at);
    bytes_free(&text);
    return e;
}

static enum err print(const struct options *options, struct work *work)
{
    struct json *result = NULL;

    if (work->json) {
        result = json_new_object();
        if (work->error != ERR_OK || result == NULL ||
            json_set(result, "certificates",
                json_new_number((double)work->certificates)) != ERR_OK ||
            json_set(result, "violations", work->violations) != ERR_OK) {
            json_free(result);
            return say_no_memory();
        }
        work->violations = NULL;
    }
    return verb_print(options, result,
        "%zu certificates, %zu violations of the profile\n", work->certificates,
        work->broken);
}

/* What the command line says, and the factory if there is one. */
static enum err read_options(const struct options *options, struct work *work,
    enum eku *eku, struct home *home)
{
    const char *role = options_get(options, "role");
    const char *choice = options_get(options, "eku");
    enum err e;

    if (role != NULL && !profile_role_parse(role, &work->role)) {
        say("--role '%s' is refused: expected root, vendor, batch or device",
            role);
        return ERR_INVALID;
    }
    if (choice != NULL && !eku_parse(choice, eku)) {
        say("--eku '%s' is refused: expected client, client+server or none",
            choice);
        return ERR_INVALID;
    }
    work->eku = choice == NULL ? NULL : eku;
    e = home_folder(options, home->folder);
    if (e != ERR_OK || choice != NULL || !home_is_complete(home->folder))
        return e;
    work->home = home;
    return home_open(options, home);
}

static enum err run(const struct options *options)
{
    const char *issuer = options_get(options, "issuer");
    struct home_certificate above = {
        .der = {NULL, 0}
    };
    struct work work = {.json = options_has(options, "json")};
    struct home home;
    enum eku eku;
    enum err e = read_options(options, &work, &eku, &home), first = ERR_OK;

    if (e == ERR_OK && issuer != NULL)
        e = home_read_certificate(issuer, &above);
    if (e != ERR_OK)
        return e;
    work.issuer = issuer == NULL ? NULL : &above.view;
    work.violations = work.json ? json_new_array() : NULL;
    for (size_t i = 0; i < options->word_count; i++) {
        e = check_file(&work, options->words[i]);
        first = first == ERR_OK ? e : first;
    }
    e = print(options, &work);
    json_free(work.violations);
    bytes_free(&above.der);
    if (first != ERR_OK || e != ERR_OK)
        return first != ERR_OK ? first : e;
    return work.broken == 0 ? ERR_OK : ERR_INVALID;
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"issuer", OPTION_ONE },
    {"role",   OPTION_ONE },
    {"eku",    OPTION_ONE },
    {"json",   OPTION_FLAG},
};

const struct verb verb_check = {
    .name = "check",
    .arguments = "FILE... [--issuer FILE] [--role ROLE] [--eku CHOICE]",
    .summary = "name the rules of the profile that certificates break",
    .help =
        "  FILE           certificates in PEM, each below its issuer\n"
        "  --issuer FILE  what stands above the last one of a FILE\n"
        "  --role ROLE    root, vendor, batch or device (default: what a\n"
        "                 certificate says it is)\n"
        "  --eku CHOICE   what 'factory model --eku' chose: client,\n"
        "                 client+server or none (default: what the factory\n"
        "                 in --folder chose for it, else client)\n"
        "Exit status 0 when every rule is kept, 65 when one is broken.\n"
        "example: factory check --issuer factory/root.crt"
        " factory/devices/*/device.crt\n",
    VERB_RULES(rules),
    .words_min = 1,
    .words_max = SIZE_MAX,
    .run = run,
};
