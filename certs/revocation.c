/* revocation.c */

#include "certs/revocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/say.h"
#include "core/json.h"
#include "ports/port.h"

#define FILE_LIMIT 4096
#define HEX_SIZE   (2 * 20 + 1)

/* False when it does not fit: no serial number or key identifier of ours. */
static bool to_hex(struct span bytes, char hex[HEX_SIZE])
{
    if (bytes.len == 0 || bytes.len > 20)
        return false;
    for (size_t i = 0; i < bytes.len; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", bytes.at[i]);
    return true;
}

static bool from_hex(const char *hex, unsigned char bytes[20], size_t *len)
{
    size_t digits = strspn(hex, "0123456789abcdef");

    if (digits == 0 || digits % 2 != 0 || digits > 40 ||
        strcmp(hex + digits, ".json") != 0)
        return false;
    for (size_t i = 0; i < digits; i += 2) {
        char pair[] = {hex[i], hex[i + 1], '\0'};

        bytes[i / 2] = (unsigned char)strtoul(pair, NULL, 16);
    }
    *len = digits / 2;
    return true;
}

/* The text of a register's file; the caller frees, NULL without memory. */
static char *describe(const char *issuer, enum crl_reason reason)
{
    const int64_t now = port_wall_ms() / 1000;
    struct json *object = json_new_object();
    char *text = NULL;

    if (object != NULL &&
        json_set(object, "issuer", json_new_string(issuer)) == ERR_OK &&
        json_set(object, "revokedAt", json_new_number((double)now)) == ERR_OK &&
        json_set(object, "reason", json_new_string(crl_reason_name(reason))) ==
            ERR_OK)
        text = json_print(object);
    json_free(object);
    return text;
}

enum err revocation_add(const struct home *home, const struct view *certificate,
    enum crl_reason reason)
{
    char serial[HEX_SIZE], issuer[HEX_SIZE], path[DISK_PATH_SIZE], *text;
    enum err e;

    if (!to_hex(certificate->serial, serial) ||
        !to_hex(view_authority_key_id(certificate), issuer)) {
        say("the certificate has no serial number and issuer of ours; is it"
            " from this factory?");
        return ERR_INVALID;
    }
    disk_path(path, "%s/revoked", home->folder);
    e = disk_make_folder(path);
    if (e != ERR_OK)
        return e;
    disk_path(path, "%s/revoked/%s.json", home->folder, serial);
    if (disk_exists(path))
        return ERR_EXISTS;
    text = describe(issuer, reason);
    if (text == NULL)
        return say_no_memory();
    e = disk_write(home->folder, path,
        (struct span){(unsigned char *)text, strlen(text)}, 0644);
    free(text);
    return e;
}

struct collector {
    const struct home *home;
    char issuer[HEX_SIZE];
    struct crl_entry *entries;
    size_t count, room;
};

static enum err append(struct collector *c, const struct crl_entry *entry)
{
    if (c->count == c->room) {
        size_t room = c->room == 0 ? 64 : c->room * 2;
        struct crl_entry *more = realloc(c->entries, room * sizeof(*more));

        if (more == NULL)
            return say_no_memory();
        c->entries = more;
        c->room = room;
    }
    c->entries[c->count++] = *entry;
    return ERR_OK;
}

/* One file; `mine` when it belongs on this issuer's list. */
static enum err understand(const struct collector *c, const struct bytes *text,
    struct crl_entry *entry, bool *mine)
{
    const struct json_limits limits = {FILE_LIMIT, 2};
    struct json *object;
    const char *issuer, *reason;
    enum err e = json_parse(text->at, text->len, limits, &object);

    if (e != ERR_OK)
        return e;
    issuer = json_text(json_get(object, "issuer"));
    reason = json_text(json_get(object, "reason"));
    if (issuer == NULL || reason == NULL ||
        !crl_reason_parse(reason, &entry->reason) ||
        !json_whole(
            json_get(object, "revokedAt"), 0, READER_FOR_EVER, &entry->date))
        e = ERR_INVALID;
    else
        *mine = strcmp(issuer, c->issuer) == 0;
    json_free(object);
    return e;
}

static enum err collect(void *context, const char *name)
{
    struct collector *c = context;
    struct crl_entry entry;
    struct bytes text = {NULL, 0};
    char path[DISK_PATH_SIZE];
    bool mine = false;
    enum err e;

    disk_path(path, "%s/revoked/%s", c->home->folder, name);
    e = disk_read(path, FILE_LIMIT, &text);
    if (e == ERR_OK &&
        (!from_hex(name, entry.serial, &entry.serial_len) ||
            understand(c, &text, &entry, &mine) != ERR_OK))
        e = ERR_INVALID;
    bytes_free(&text);
    if (e != ERR_OK)
        say("%s is not what 'factory revoke' wrote; restore it from a backup,"
            " no list is made without it",
            path);
    return e == ERR_OK && mine ? append(c, &entry) : e;
}

enum err revocation_list(const struct home *home,
    const struct authority *issuer, struct crl_entry **entries, size_t *count)
{
    struct collector c = {.home = home};
    char folder[DISK_PATH_SIZE];
    enum err e;

    if (!to_hex(view_subject_key_id(&issuer->view), c.issuer))
        return ERR_INVALID;
    disk_path(folder, "%s/revoked", home->folder);
    e = disk_each(folder, collect, &c);
    if (e != ERR_OK) {
        free(c.entries);
        return e;
    }
    *entries = c.entries;
    *count = c.count;
    return ERR_OK;
}
