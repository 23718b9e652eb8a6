/* verb_label.c - the label of one device. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "certs/claim.h"
#include "certs/label_picture.h"
#include "certs/say.h"
#include "certs/verb.h"
#include "core/file.h"

struct format {
    const char *name;
    label_draw *draw;
};

static const struct format formats[] = {
    {"terminal", label_terminal},
    {"svg",      label_svg     },
    {"png",      label_png     },
};
#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

static const struct format *format_of(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

/* --format, else what the name of --out ends with, else the terminal. */
static enum err choose_format(
    const struct options *options, const struct format **out)
{
    const char *name = options_get(options, "format");
    const char *path = options_get(options, "out");
    const char *ending = path == NULL ? NULL : strrchr(path, '.');

    if (name == NULL)
        name = ending != NULL && format_of(ending + 1) != NULL ? ending + 1
                                                               : "terminal";
    *out = format_of(name);
    if (*out == NULL) {
        say("--format %s: expected terminal, svg or png", name);
        return ERR_INVALID;
    }
    if ((*out)->draw == label_png && path == NULL &&
        isatty(STDOUT_FILENO) == 1) {
        say("a PNG is nothing for a terminal; give --out FILE");
        return ERR_INVALID;
    }
    return ERR_OK;
}

static enum err put(const struct bytes *picture, const char *path)
{
    enum err e;

    if (path == NULL) {
        if (fwrite(picture->at, 1, picture->len, stdout) == picture->len &&
            fflush(stdout) == 0)
            return ERR_OK;
        say("cannot write to standard output; the code is kept");
        return ERR_IO;
    }
    if (disk_exists(path)) {
        say("%s is there already; give another --out", path);
        return ERR_EXISTS;
    }
    e = file_replace(path, picture->at, picture->len);
    if (e != ERR_OK)
        say("cannot write %s: is its folder there, and writable?", path);
    return e;
}

static enum err draw(
    const struct format *format, const struct label *label, const char *path)
{
    struct bytes picture = {NULL, 0};
    struct qr *qr;
    enum err e = qr_make(label->link, &qr);

    if (e != ERR_OK)
        return say_no_memory();
    e = format->draw(label, qr, &picture);
    qr_free(qr);
    if (e == ERR_OK)
        e = put(&picture, path);
    bytes_free(&picture);
    return e;
}

static enum err forget(const struct home *home, const struct label_order *order)
{
    char device[DISK_PATH_SIZE];
    int lock;
    enum err e = home_device_folder(home, order->model, order->serial, device);

    if (e == ERR_OK)
        e = disk_lock(home->folder, &lock);
    if (e != ERR_OK)
        return e;
    e = claim_forget_code(device);
    disk_unlock(lock);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err show(const struct options *options, const struct format *format,
    const struct label *label)
{
    const char *path = options_get(options, "out");
    bool json = options_has(options, "json");
    enum err e = ERR_OK;

    if (path != NULL || !json)
        e = draw(format, label, path);
    if (e != ERR_OK || (path == NULL && !json))
        return e;
    return verb_print(options,
        VERB_OBJECT({"thing", label->thing}, {"hit", label->hit},
            {"code", label->code}, {"link", label->link}, {"file", path}),
        "%s\n  the label of %s\n", path, label->thing);
}

static enum err run(const struct options *options)
{
    const struct label_order order = {options_get(options, "url"),
        options_get(options, "model"), options_get(options, "serial")};
    const struct format *format;
    struct label label;
    struct home home;
    enum err e = label_check_page(order.page);

    if (e == ERR_OK)
        e = choose_format(options, &format);
    if (e == ERR_OK)
        e = home_open(options, &home);
    if (e == ERR_OK)
        e = label_read(&home, &order, &label);
    if (e != ERR_OK)
        return e;
    e = show(options, format, &label);
    label_wipe(&label);
    if (e == ERR_OK && options_has(options, "forget"))
        e = forget(&home, &order);
    return e;
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"model",  OPTION_MUST},
    {"serial", OPTION_MUST},
    {"url",    OPTION_MUST},
    {"format", OPTION_ONE },
    {"out",    OPTION_ONE },
    {"forget", OPTION_FLAG},
    {"json",   OPTION_FLAG},
};

const struct verb verb_label = {
    .name = "label",
    .arguments = "--model NAME --serial NUMBER --url PAGE"
                 " [--format terminal|svg|png] [--out FILE] [--forget]",
    .summary = "make a device's label: QR code and digits to type",
    .help = "  --url PAGE       where people meet the device; the code goes"
            " behind '#',\n"
            "                   which a browser sends to no server\n"
            "  --format F       terminal (default), svg or png\n"
            "  --out FILE       write it there; .svg and .png choose the"
            " format\n"
            "  --forget         then remove the code from the factory: the"
            " label\n"
            "                   is the only place that has it\n"
            "example: factory label --model Thermo-1 --serial 4711"
            " --url https://meet.example/ --out 4711.svg\n",
    VERB_RULES(rules),
    .run = run,
};
