/* verb_model.c - the CA of one model, or of one batch of it. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certs/choice.h"
#include "certs/say.h"
#include "certs/verb.h"
#include "ports/port.h"

struct order {
    const char *model;
    const char *batch;
    const char *choice; /* --eku; NULL: as the newest batch of the model */
    enum eku eku;
};

/* A technical constraint of the Vendor CA holds for all below. */
static enum err check_permitted(const struct authority *vendor, enum eku eku)
{
    enum eku above;

    if (eku_of(&vendor->view, &above) && eku_permits(above, eku))
        return ERR_OK;
    say("--eku %s is refused: the Vendor CA permits clientAuth only, so nobody"
        " would believe serverAuth below it; devices that serve need a factory"
        " made with 'factory init --eku client+server'",
        eku_name(eku));
    return ERR_INVALID;
}

static enum err make_ca(
    const struct home *home, const struct order *order, struct issued *out)
{
    char base[DISK_PATH_SIZE], name[300];
    const struct subject permitted = {
        .organization = home->vendor, .organization_unit = order->model};
    struct certificate_plan plan = {
        .subject = permitted,
        .to = READER_FOR_EVER,
        .path_length = 0,
        .purposes = eku_purposes(eku_of_ca(order->eku)),
        .permitted = &permitted,
    };
    struct authority vendor;
    enum err e;

    (void)snprintf(
        name, sizeof(name), "%s batch %s", order->model, order->batch);
    plan.subject.common_name = name;
    e = parts_check_text("name of the batch's CA", name);
    if (e != ERR_OK)
        return e;
    disk_path(base, "%s/vendor", home->folder);
    e = authority_load(base, &vendor);
    if (e != ERR_OK)
        return e;
    e = check_permitted(&vendor, order->eku);
    if (e == ERR_OK)
        e = authority_now(&vendor, &plan.from);
    if (e == ERR_OK)
        e = authority_issue(&vendor, plan, KEYPAIR_P256, out);
    authority_free(&vendor);
    return e;
}

/* Key, certificate and what was chosen appear together. */
static enum err publish(const struct home *home, const char *folder,
    const struct issued *ca, enum eku eku)
{
    char stage[DISK_PATH_SIZE];
    enum err e = disk_stage(home->folder, stage);

    if (e != ERR_OK)
        return e;
    e = disk_stage_file(stage, "ca.key", bytes_span(&ca->key_pem), 0600);
    if (e == ERR_OK)
        e = disk_stage_file(stage, "ca.crt", bytes_span(&ca->pem), 0644);
    if (e == ERR_OK)
        e = choice_stage(stage, eku);
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

/* What the command line says, else what the model's newest batch has. */
static enum err choose(struct order *order, const char *newest)
{
    order->eku = EKU_CLIENT;
    if (order->choice == NULL)
        return newest == NULL ? ERR_OK : choice_read(newest, &order->eku);
    if (eku_parse(order->choice, &order->eku))
        return ERR_OK;
    say("--eku '%s' is refused: expected client, client+server or none",
        order->choice);
    return ERR_INVALID;
}

static enum err make_batch(
    const struct home *home, struct order *order, const char *folder)
{
    struct issued ca = {
        .der = {NULL, 0}
    };
    char newest[DISK_PATH_SIZE];
    enum err e = home_newest_batch(home, order->model, newest);

    if (e == ERR_OK)
        e = choose(order, newest);
    else if (e == ERR_NOT_FOUND) /* the first of this model */
        e = choose(order, NULL);
    if (e == ERR_OK && disk_exists(folder))
        e = ERR_EXISTS;
    if (e == ERR_OK)
        e = make_ca(home, order, &ca);
    if (e == ERR_OK)
        e = make_folders(home, order->model);
    if (e == ERR_OK)
        e = publish(home, folder, &ca, order->eku);
    if (e == ERR_EXISTS)
        say("batch '%s' of model '%s' is there already; use it, or give"
            " another --batch",
            order->batch, order->model);
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
    struct order order = {
        .model = options_get(options, "model"),
        .batch = options_get(options, "batch"),
        .choice = options_get(options, "eku"),
    };
    char folder[DISK_PATH_SIZE], month[16];
    struct home home;
    int lock;
    enum err e = home_open(options, &home);

    if (order.batch == NULL) {
        this_month(month);
        order.batch = month;
    }
    if (e == ERR_OK)
        e = home_batch_folder(&home, order.model, order.batch, folder);
    if (e == ERR_OK)
        e = disk_lock(home.folder, &lock);
    if (e != ERR_OK)
        return e;
    e = make_batch(&home, &order, folder);
    disk_unlock(lock);
    if (e != ERR_OK)
        return e;
    return verb_print(options,
        VERB_OBJECT({"model", order.model}, {"batch", order.batch},
            {"folder", folder}, {"eku", eku_name(order.eku)}),
        "%s: the CA of %s %s, batch %s%s%s\n"
        "next: factory issue --model %s --serial NUMBER\n",
        folder, home.vendor, order.model, order.batch,
        order.eku == EKU_CLIENT ? "" : ", EKU of its devices: ",
        order.eku == EKU_CLIENT ? "" : eku_name(order.eku), order.model);
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"model",  OPTION_MUST},
    {"batch",  OPTION_ONE },
    {"eku",    OPTION_ONE },
    {"json",   OPTION_FLAG},
};

const struct verb verb_model = {
    .name = "model",
    .arguments = "--model NAME [--batch NAME] [--eku CHOICE]",
    .summary = "make the CA of a model, or of one batch of it",
    .help =
        "  --model NAME  as it stands in every certificate (OU)\n"
        "  --batch NAME  one CA a batch keeps the harm of a lost key\n"
        "                small (default: this month, YYYY-MM)\n"
        "  --eku CHOICE  what the devices are for (extendedKeyUsage):\n"
        "                client, client+server (they also serve: DTLS, LAN;\n"
        "                the Vendor CA must permit it, see 'factory init'),\n"
        "                none (as RFC 8995 2.3 would have it); default: as\n"
        "                in the model's newest batch, else client\n"
        "example: factory model --model Thermo-1 --batch 2026-11\n",
    VERB_RULES(rules),
    .run = run,
};
