/* choice.c */

#include "certs/choice.h"

#include <stdlib.h>
#include <string.h>

#include "certs/say.h"
#include "core/json.h"
#include "identity/oid.h"

#define FILE_NAME  "profile.json"
#define FILE_LIMIT 4096
#define FORMAT     1

enum err choice_stage(const char *stage, enum eku eku)
{
    struct json *object = json_new_object();
    char *text = NULL;
    enum err e;

    if (object != NULL &&
        json_set(object, "format", json_new_number(FORMAT)) == ERR_OK &&
        json_set(object, "eku", json_new_string(eku_name(eku))) == ERR_OK)
        text = json_print(object);
    json_free(object);
    if (text == NULL)
        return say_no_memory();
    e = disk_stage_file(stage, FILE_NAME,
        (struct span){(unsigned char *)text, strlen(text)}, 0644);
    free(text);
    return e;
}

static enum err understand(const struct bytes *text, enum eku *eku)
{
    const struct json_limits limits = {FILE_LIMIT, 3};
    struct json *object = NULL;
    const char *name;
    int64_t format;
    enum err e = json_parse(text->at, text->len, limits, &object);

    if (e != ERR_OK)
        return e;
    name = json_text(json_get(object, "eku"));
    if (!json_whole(json_get(object, "format"), FORMAT, FORMAT, &format) ||
        name == NULL || !eku_parse(name, eku))
        e = ERR_INVALID;
    json_free(object);
    return e;
}

enum err choice_read(const char *folder, enum eku *eku)
{
    char path[DISK_PATH_SIZE];
    struct bytes text = {NULL, 0};
    enum err e;

    disk_path(path, "%s/" FILE_NAME, folder);
    if (!disk_exists(path)) {
        *eku = EKU_CLIENT;
        return ERR_OK;
    }
    e = disk_read(path, FILE_LIMIT, &text);
    if (e != ERR_OK)
        return e;
    e = understand(&text, eku);
    bytes_free(&text);
    if (e == ERR_NO_MEMORY)
        return say_no_memory();
    if (e != ERR_OK)
        say("%s is not what 'factory model' wrote (format %d); restore it from"
            " a backup",
            path, FORMAT);
    return e;
}

struct search {
    const char *folder; /* of the model's batches */
    struct span id;     /* key identifier of the CA */
    enum eku *eku;
    bool found;
};

static enum err look_at(void *context, const char *name)
{
    struct search *search = context;
    struct home_certificate ca;
    char folder[DISK_PATH_SIZE], path[DISK_PATH_SIZE];
    enum err e;

    if (search->found)
        return ERR_OK;
    disk_path(folder, "%s/%s", search->folder, name);
    disk_path(path, "%s/%s/ca.crt", search->folder, name);
    e = home_read_certificate(path, &ca);
    if (e != ERR_OK)
        return e;
    search->found = span_equal(search->id, view_subject_key_id(&ca.view));
    bytes_free(&ca.der);
    return search->found ? choice_read(folder, search->eku) : ERR_OK;
}

enum err choice_of(const struct home *home, const struct view *v,
    enum profile_role role, enum eku *eku)
{
    char vendor[VIEW_TEXT_SIZE], model[VIEW_TEXT_SIZE], folder[DISK_PATH_SIZE];
    char type[THING_NAME_SIZE];
    const struct thing_name_parts parts = {vendor, model, NULL};
    struct search search = {.folder = folder, .eku = eku};

    *eku = EKU_CLIENT;
    view_text(&v->subject, OID_ORGANIZATION, vendor);
    view_text(&v->subject, OID_ORGANIZATION_UNIT, model);
    if (strcmp(vendor, home->vendor) != 0 || role == PROFILE_ROOT)
        return ERR_OK;
    if (role == PROFILE_VENDOR) {
        *eku = home->eku;
        return ERR_OK;
    }
    search.id = role == PROFILE_DEVICE ? view_authority_key_id(v)
                                       : view_subject_key_id(v);
    /* What could not be a model has no folder here. */
    if (search.id.len == 0 || thing_name_type(&parts, type) != ERR_OK)
        return ERR_OK;
    disk_path(folder, "%s/models/%s", home->folder, type);
    return disk_each(folder, look_at, &search);
}
