/* verb_model.c - the CA of one model, or of one batch of it. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certs/home.h"
#include "certs/oid.h"
#include "certs/say.h"
#include "certs/verb.h"
#include "ports/port.h"

static enum err make_ca(const struct home *home, const char *model,
    const char *batch, struct issued *out)
{
    char base[DISK_PATH_SIZE], name[300];
    const struct subject permitted = {
        .organization = home->vendor, .organization_unit = model};
    struct certificate_plan plan = {
        .subject = permitted,
        .to = DER_FOR_EVER,
        .path_length = 0,
        .purpose = OID_CLIENT_AUTH,
        .permitted = &permitted,
    };
    struct authority vendor;
    enum err e;

    (void)snprintf(name, sizeof(name), "%s batch %s", model, batch);
    plan.subject.common_name = name;
    e = parts_check_text("name of the batch's CA", name);
    if (e != ERR_OK)
        return e;
    disk_path(base, "%s/vendor", home->folder);
    e = authority_load(base, &vendor);
    if (e != ERR_OK)
        return e;
    e = authority_now(&vendor, &plan.from);
    if (e == ERR_OK)
        e = authority_issue(&vendor, plan, KEYPAIR_P256, out);
    authority_free(&vendor);
    return e;
}

/* Key and certificate appear together. */
static enum err publish(
    const struct home *home, const char *folder, const struct issued *ca)
{
    char stage[DISK_PATH_SIZE];
    enum err e = disk_stage(home->folder, stage);

    if (e != ERR_OK)
        return e;
    e = disk_stage_file(stage, "ca.key", bytes_span(&ca->key_pem), 0600);
    if (e == ERR_OK)
        e = disk_stage_file(stage, "ca.crt", bytes_span(&ca->pem), 0644);
    if (e == ERR_OK)
        e = disk_publish(stage, folder);
    if (e != ERR_OK)
        disk_discard(stage);
    return e;
}

static enum err make_folders(const struct home *home, const char *model)
{
    char folder[DISK_PATH_SIZE];
    enum err e;

    disk_path(folder, "%s/models", home->folder);
    e = disk_make_folder(folder);
    if (e == ERR_OK)
        e = home_model_folder(home, model, folder);
    return e == ERR_OK ? disk_make_folder(folder) : e;
}

static enum err make_batch(const struct home *home, const char *model,
    const char *batch, const char *folder)
{
    struct issued ca = {
        .der = {NULL, 0}
    };
    char newest[DISK_PATH_SIZE];
    enum err e = home_newest_batch(home, model, newest);

    if (e == ERR_NOT_FOUND)
        e = ERR_OK; /* the first of this model */
    if (e == ERR_OK && disk_exists(folder))
        e = ERR_EXISTS;
    if (e == ERR_OK)
        e = make_ca(home, model, batch, &ca);
    if (e == ERR_OK)
        e = make_folders(home, model);
    if (e == ERR_OK)
        e = publish(home, folder, &ca);
    if (e == ERR_EXISTS)
        say("batch '%s' of model '%s' is there already; use it, or give"
            " another --batch",
            batch, model);
    issued_free(&ca);
    return e;
}

static void this_month(char out[16])
{
    time_t now = (time_t)(port_wall_ms() / 1000);
    struct tm t = {0};

    (void)gmtime_r(&now, &t);
    (void)strftime(out, 16, "%Y-%m", &t);
}

static enum err run(const struct options *options)
{
    const char *model = options_get(options, "model");
    const char *batch = options_get(options, "batch");
    char folder[DISK_PATH_SIZE], month[16];
    struct home home;
    int lock;
    enum err e = home_open(options, &home);

    if (batch == NULL) {
        this_month(month);
        batch = month;
    }
    if (e == ERR_OK)
        e = home_batch_folder(&home, model, batch, folder);
    if (e == ERR_OK)
        e = disk_lock(home.folder, &lock);
    if (e != ERR_OK)
        return e;
    e = make_batch(&home, model, batch, folder);
    disk_unlock(lock);
    if (e != ERR_OK)
        return e;
    return verb_print(options,
        VERB_OBJECT({"model", model}, {"batch", batch}, {"folder", folder}),
        "%s: the CA of %s %s, batch %s\n"
        "next: factory issue --model %s --serial NUMBER\n",
        folder, home.vendor, model, batch, model);
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"model",  OPTION_MUST},
    {"batch",  OPTION_ONE },
    {"json",   OPTION_FLAG},
};

const struct verb verb_model = {
    .name = "model",
    .arguments = "--model NAME [--batch NAME]",
    .summary = "make the CA of a model, or of one batch of it",
    .help = "  --model NAME  as it stands in every certificate (OU)\n"
            "  --batch NAME  one CA a batch keeps the harm of a lost key\n"
            "                small (default: this month, YYYY-MM)\n"
            "example: factory model --model Thermo-1 --batch 2026-11\n",
    VERB_RULES(rules),
    .run = run,
};
