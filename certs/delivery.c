/* delivery.c - `out` may stand on another file system, so that the key cannot
 * be renamed there: it is copied, flushed, and only then removed here. */

#include "certs/delivery.h"

#include "certs/claim.h"
#include "certs/say.h"

#define FILE_LIMIT 65536

enum err delivery_check(const char *out)
{
    if (!disk_exists(out))
        return ERR_OK;
    say("%s is there already; give another --out", out);
    return ERR_EXISTS;
}

static enum err copy(
    const char *device, const char *name, mode_t mode, const char *stage)
{
    struct bytes text = {NULL, 0};
    char path[DISK_PATH_SIZE];
    enum err e;

    disk_path(path, "%s/%s", device, name);
    e = disk_read(path, FILE_LIMIT, &text);
    if (e == ERR_OK)
        e = disk_stage_file(stage, name, bytes_span(&text), mode);
    bytes_free(&text);
    return e;
}

/* What leaves with the device, and must not stay here: its key, unless it made
 * that itself, and what it keeps of its pass code. */
static const char *const secrets[] = {"device.key", CLAIM_VERIFIER_FILE};
#define SECRET_COUNT (sizeof(secrets) / sizeof(secrets[0]))

bool delivery_is_due(const char *device)
{
    char path[DISK_PATH_SIZE];

    for (size_t i = 0; i < SECRET_COUNT; i++) {
        disk_path(path, "%s/%s", device, secrets[i]);
        if (disk_exists(path))
            return true;
    }
    return false;
}

static bool is_same(const char *device, const char *name, const char *out)
{
    struct bytes here = {NULL, 0}, there = {NULL, 0};
    char from[DISK_PATH_SIZE], to[DISK_PATH_SIZE];
    bool same;

    disk_path(from, "%s/%s", device, name);
    disk_path(to, "%s/%s", out, name);
    same = disk_exists(to) && disk_read(from, FILE_LIMIT, &here) == ERR_OK &&
        disk_read(to, FILE_LIMIT, &there) == ERR_OK &&
        span_equal(bytes_span(&here), bytes_span(&there));
    bytes_free(&here);
    bytes_free(&there);
    return same;
}

/* Does `out` hold what an earlier, killed delivery of these put there? */
static bool is_delivered(const char *device, const char *out)
{
    char path[DISK_PATH_SIZE];

    for (size_t i = 0; i < SECRET_COUNT; i++) {
        disk_path(path, "%s/%s", device, secrets[i]);
        if (disk_exists(path) && !is_same(device, secrets[i], out))
            return false;
    }
    return delivery_is_due(device);
}

static enum err copy_secrets(const char *device, const char *stage)
{
    char path[DISK_PATH_SIZE];
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < SECRET_COUNT; i++) {
        disk_path(path, "%s/%s", device, secrets[i]);
        if (disk_exists(path))
            e = copy(device, secrets[i], 0600, stage);
    }
    return e;
}

static enum err fill(const char *device, const char *out)
{
    char stage[DISK_PATH_SIZE];
    enum err e;

    /* A fixed name, so that what a killed delivery left is found again. */
    disk_path(stage, "%s.part", out);
    disk_discard(stage);
    e = disk_make_folder(stage);
    if (e == ERR_OK)
        e = copy(device, "device.crt", 0644, stage);
    if (e == ERR_OK)
        e = copy_secrets(device, stage);
    if (e == ERR_OK)
        e = disk_publish(stage, out);
    if (e == ERR_EXISTS)
        say("%s is there already; give another --out", out);
    if (e != ERR_OK)
        disk_discard(stage);
    return e;
}

enum err delivery_make(const char *device, const char *out)
{
    char path[DISK_PATH_SIZE];
    enum err e = ERR_OK;

    if (!is_delivered(device, out))
        e = fill(device, out);
    for (size_t i = 0; e == ERR_OK && i < SECRET_COUNT; i++) {
        disk_path(path, "%s/%s", device, secrets[i]);
        if (disk_exists(path))
            e = disk_remove(path);
    }
    return e;
}
