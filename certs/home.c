/* home.c */

#include "certs/home.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/say.h"
#include "core/json.h"
#include "identity/oid.h"
#include "identity/pem.h"

#define SETTINGS_LIMIT 8192
#define CRT_LIMIT      65536
#define FORMAT         1 /* of the folder; a newer one is not touched */

enum err home_folder(
    const struct options *options, char folder[HOME_FOLDER_SIZE])
{
    const char *given = options_get(options, "folder");
    size_t len;

    if (given == NULL)
        given = HOME_DEFAULT;
    len = strlen(given);
    while (len > 1 && given[len - 1] == '/')
        len--;
    if (len == 0 || len >= HOME_FOLDER_SIZE) {
        say("--folder '%s' is %s; choose another", given,
            len == 0 ? "empty" : "too long");
        return ERR_TOO_BIG;
    }
    memcpy(folder, given, len);
    folder[len] = '\0';
    return ERR_OK;
}

bool home_is_complete(const char *folder)
{
    char path[DISK_PATH_SIZE];

    disk_path(path, "%s/vendor.crt", folder); /* what init writes last */
    return disk_exists(path);
}

/* Copy a setting out of the file; absent is "". */
static bool read_setting(
    const struct json *object, const char *key, char out[HOME_SETTING_SIZE])
{
    const char *text = json_text(json_get(object, key));

    *out = '\0';
    if (text == NULL)
        return false;
    (void)snprintf(out, HOME_SETTING_SIZE, "%s", text);
    return strlen(text) < HOME_SETTING_SIZE;
}

/* A factory from before there was a choice permits clients only. */
static bool read_eku(const struct json *object, enum eku *eku)
{
    const struct json *value = json_get(object, "eku");
    const char *name = json_text(value);

    *eku = EKU_CLIENT;
    return value == NULL || (name != NULL && eku_parse(name, eku));
}

static enum err read_settings(const char *path, struct home *home)
{
    const struct json_limits limits = {SETTINGS_LIMIT, 3};
    struct bytes text = {NULL, 0};
    struct json *object = NULL;
    int64_t format;
    enum err e = disk_read(path, SETTINGS_LIMIT, &text);

    if (e == ERR_OK)
        e = json_parse(text.at, text.len, limits, &object);
    if (e == ERR_OK &&
        (!json_whole(json_get(object, "format"), FORMAT, FORMAT, &format) ||
            !read_setting(object, "vendor", home->vendor) ||
            !read_setting(object, "program", home->program) ||
            !read_setting(object, "hardwareType", home->hardware_type) ||
            !read_eku(object, &home->eku)))
        e = ERR_INVALID;
    if (e == ERR_OK)
        (void)read_setting(object, "masa", home->masa);
    else
        say("%s is not what 'factory init' wrote (format %d); restore it from"
            " a backup",
            path, FORMAT);
    json_free(object);
    bytes_free(&text);
    return e;
}

enum err home_open(const struct options *options, struct home *home)
{
    char path[DISK_PATH_SIZE];
    enum err e = home_folder(options, home->folder);

    if (e != ERR_OK)
        return e;
    if (!home_is_complete(home->folder)) {
        say("no factory in '%s': vendor.crt is not there; make one with"
            " 'factory init --vendor NAME --folder %s'",
            home->folder, home->folder);
        return ERR_NOT_FOUND;
    }
    disk_path(path, "%s/settings.json", home->folder);
    return read_settings(path, home);
}

enum err home_write_settings(const struct home *home)
{
    struct json *object = json_new_object();
    char path[DISK_PATH_SIZE];
    char *text = NULL;
    enum err e = ERR_NO_MEMORY;

    if (object != NULL &&
        json_set(object, "format", json_new_number(FORMAT)) == ERR_OK &&
        json_set(object, "program", json_new_string(home->program)) == ERR_OK &&
        json_set(object, "vendor", json_new_string(home->vendor)) == ERR_OK &&
        json_set(object, "hardwareType",
            json_new_string(home->hardware_type)) == ERR_OK &&
        json_set(object, "eku", json_new_string(eku_name(home->eku))) ==
            ERR_OK &&
        (*home->masa == '\0' ||
            json_set(object, "masa", json_new_string(home->masa)) == ERR_OK))
        text = json_print(object);
    json_free(object);
    if (text == NULL)
        return say_no_memory();
    disk_path(path, "%s/settings.json", home->folder);
    e = disk_write(home->folder, path,
        (struct span){(unsigned char *)text, strlen(text)}, 0644);
    free(text);
    return e;
}

enum err home_device_folder(const struct home *home, const char *model,
    const char *serial, char folder[DISK_PATH_SIZE])
{
    const struct thing_name_parts parts = {home->vendor, model, serial};
    char thing[THING_NAME_SIZE];
    enum err e = parts_thing(&parts, thing);

    if (e == ERR_OK)
        disk_path(folder, "%s/devices/%s", home->folder, thing);
    return e;
}

enum err home_device_path(const struct home *home, const char *model,
    const char *serial, char path[DISK_PATH_SIZE])
{
    char folder[DISK_PATH_SIZE];
    enum err e = home_device_folder(home, model, serial, folder);

    if (e == ERR_OK)
        disk_path(path, "%.*s/device.crt", DISK_PATH_SIZE - 20, folder);
    return e;
}

enum err home_model_folder(
    const struct home *home, const char *model, char folder[DISK_PATH_SIZE])
{
    struct thing_name_parts parts = {home->vendor, model, NULL};
    char type[THING_NAME_SIZE];
    enum err e = parts_check_name("model", model);

    if (e != ERR_OK)
        return e;
    e = thing_name_type(&parts, type);
    if (e != ERR_OK) {
        say("the thing type of %s, %s would be longer than %d characters; it"
            " is never cut: choose a shorter model",
            home->vendor, model, THING_NAME_MAX);
        return e;
    }
    disk_path(folder, "%s/models/%s", home->folder, type);
    return ERR_OK;
}

enum err home_batch_folder(const struct home *home, const char *model,
    const char *batch, char folder[DISK_PATH_SIZE])
{
    char models[DISK_PATH_SIZE], mapped[THING_NAME_SIZE];
    enum err e = home_model_folder(home, model, models);

    if (e == ERR_OK)
        e = parts_check_name("batch", batch);
    if (e != ERR_OK)
        return e;
    e = thing_name_part(batch, mapped);
    if (e != ERR_OK)
        say("the batch '%s' is too long; choose a shorter name", batch);
    else
        disk_path(folder, "%s/%s", models, mapped);
    return e;
}

struct newest {
    const char *model;
    const char *models; /* the folder that is searched */
    char name[DISK_PATH_SIZE];
    int64_t from;
};

static enum err look_at_view(
    struct newest *newest, const struct view *view, const char *name)
{
    char written[VIEW_TEXT_SIZE];

    view_text(&view->subject, OID_ORGANIZATION_UNIT, written);
    if (strcmp(written, newest->model) != 0) {
        say("the model '%s' is written '%s' here, and both would give things"
            " the same names; write it so",
            newest->model, written);
        return ERR_INVALID;
    }
    if (view->from >= newest->from) {
        newest->from = view->from;
        disk_path(newest->name, "%s", name);
    }
    return ERR_OK;
}

enum err home_read_certificate(const char *path, struct home_certificate *out)
{
    struct home_certificate found = {
        .der = {NULL, 0}
    };
    struct bytes pem = {NULL, 0};
    const char *text, *why = "PEM";
    enum err e = disk_read(path, CRT_LIMIT, &pem);

    if (e == ERR_NOT_FOUND)
        say("%s is not there; was it issued here?", path);
    if (e != ERR_OK)
        return e;
    text = (const char *)pem.at;
    e = pem_next(PEM_CERTIFICATE, &text, &found.der);
    if (e == ERR_OK)
        e = view_read(bytes_span(&found.der), &found.view, &why);
    bytes_free(&pem);
    if (e == ERR_OK) {
        *out = found;
        return ERR_OK;
    }
    say("%s is not a certificate: malformed %s; is it the right file?", path,
        why);
    bytes_free(&found.der);
    return ERR_INVALID;
}

static enum err look_at_batch(void *context, const char *name)
{
    struct newest *newest = context;
    struct home_certificate ca;
    char path[DISK_PATH_SIZE];
    enum err e;

    disk_path(path, "%s/%s/ca.crt", newest->models, name);
    e = home_read_certificate(path, &ca);
    if (e != ERR_OK)
        return e;
    e = look_at_view(newest, &ca.view, name);
    bytes_free(&ca.der);
    return e;
}

enum err home_newest_batch(
    const struct home *home, const char *model, char folder[DISK_PATH_SIZE])
{
    char models[DISK_PATH_SIZE];
    struct newest newest = {model, models, "", INT64_MIN};
    enum err e = home_model_folder(home, model, models);

    if (e == ERR_OK)
        e = disk_each(models, look_at_batch, &newest);
    if (e == ERR_OK && *newest.name == '\0')
        e = ERR_NOT_FOUND;
    if (e == ERR_OK &&
        snprintf(folder, DISK_PATH_SIZE, "%s/%s", models, newest.name) >=
            DISK_PATH_SIZE)
        e = ERR_TOO_BIG;
    return e;
}

enum err home_find_batch(const struct home *home, const char *model,
    const char *batch, char folder[DISK_PATH_SIZE])
{
    char named[DISK_PATH_SIZE];
    enum err e = home_newest_batch(home, model, folder);

    if (e == ERR_NOT_FOUND)
        say("no model '%s'; make it with 'factory model --model %s'", model,
            model);
    if (e != ERR_OK || batch == NULL)
        return e;
    e = home_batch_folder(home, model, batch, named);
    if (e == ERR_OK && !disk_exists(named)) {
        say("no batch '%s' of model '%s'; make it with 'factory model --model"
            " %s --batch %s'",
            batch, model, model, batch);
        e = ERR_NOT_FOUND;
    }
    if (e == ERR_OK)
        disk_path(folder, "%s", named);
    return e;
}

enum err home_load_batch(const char *folder, struct authority *out)
{
    char base[DISK_PATH_SIZE];

    if (snprintf(base, sizeof(base), "%s/ca", folder) >= DISK_PATH_SIZE)
        return ERR_TOO_BIG;
    return authority_load(base, out);
}

struct each {
    const char *folder; /* whose names are visited */
    disk_visit *visit;
    void *context;
};

static enum err visit_batch(void *context, const char *name)
{
    const struct each *each = context;
    char base[DISK_PATH_SIZE];

    disk_path(base, "%s/%s/ca", each->folder, name);
    return each->visit(each->context, base);
}

static enum err visit_model(void *context, const char *name)
{
    const struct each *models = context;
    char folder[DISK_PATH_SIZE];
    struct each batches = {folder, models->visit, models->context};

    disk_path(folder, "%s/%s", models->folder, name);
    return disk_each(folder, visit_batch, &batches);
}

enum err home_each_authority(
    const struct home *home, disk_visit *visit, void *context)
{
    char base[DISK_PATH_SIZE], models[DISK_PATH_SIZE];
    struct each each = {models, visit, context};
    enum err e;

    disk_path(base, "%s/root", home->folder);
    e = visit(context, base);
    disk_path(base, "%s/vendor", home->folder);
    if (e == ERR_OK)
        e = visit(context, base);
    disk_path(models, "%s/models", home->folder);
    if (e == ERR_OK)
        e = disk_each(models, visit_model, &each);
    disk_path(base, "%s/server", home->folder);
    if (e != ERR_OK || !disk_exists(base))
        return e;
    disk_path(base, "%s/server/ca", home->folder);
    return visit(context, base);
}
