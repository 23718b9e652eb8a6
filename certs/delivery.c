/* delivery.c - `out` may stand on another file system, so that the key cannot
 * be renamed there: it is copied, flushed, and only then removed here. */

#include "certs/delivery.h"

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

/* Does `out` hold what an earlier, killed delivery of this key put there? */
static bool is_delivered(const char *key_path, const char *out)
{
    struct bytes here = {NULL, 0}, there = {NULL, 0};
    char path[DISK_PATH_SIZE];
    bool same;

    disk_path(path, "%s/device.key", out);
    same = disk_exists(path) &&
        disk_read(key_path, FILE_LIMIT, &here) == ERR_OK &&
        disk_read(path, FILE_LIMIT, &there) == ERR_OK &&
        span_equal(bytes_span(&here), bytes_span(&there));
    bytes_free(&here);
    bytes_free(&there);
    return same;
}

static enum err fill(const char *device, bool key, const char *out)
{
    char stage[DISK_PATH_SIZE];
    enum err e;

    /* A fixed name, so that what a killed delivery left is found again. */
    disk_path(stage, "%s.part", out);
    disk_discard(stage);
    e = disk_make_folder(stage);
    if (e == ERR_OK)
        e = copy(device, "device.crt", 0644, stage);
    if (e == ERR_OK && key)
        e = copy(device, "device.key", 0600, stage);
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
    char key_path[DISK_PATH_SIZE];
    bool key;
    enum err e = ERR_OK;

    disk_path(key_path, "%s/device.key", device);
    key = disk_exists(key_path);
    if (!key || !is_delivered(key_path, out))
        e = fill(device, key, out);
    if (e != ERR_OK || !key)
        return e;
    return disk_remove(key_path);
}
