/* outbox_wear.c - each file is ours with the default VFS's right behind it. */

#include "cloud/outbox_wear.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_BYTES 48

struct outbox_wear {
    sqlite3_vfs vfs; /* a copy of the default one; only xOpen is ours */
    sqlite3_vfs *below;
    struct outbox_wear_figures figures;
    char name[NAME_BYTES];
};

struct file {
    sqlite3_file base; /* first: SQLite casts */
    struct outbox_wear *wear;
    sqlite3_file *below;
};

static sqlite3_file *below(sqlite3_file *f)
{
    return ((struct file *)f)->below;
}

static int on_close(sqlite3_file *f)
{
    return below(f)->pMethods->xClose(below(f));
}

static int on_read(sqlite3_file *f, void *bytes, int len, sqlite3_int64 at)
{
    return below(f)->pMethods->xRead(below(f), bytes, len, at);
}

static int on_write(
    sqlite3_file *f, const void *bytes, int len, sqlite3_int64 at)
{
    int code = below(f)->pMethods->xWrite(below(f), bytes, len, at);

    if (code == SQLITE_OK && len > 0)
        ((struct file *)f)->wear->figures.written += (uint64_t)len;
    return code;
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return below(f)->pMethods->xTruncate(below(f), size);
}

static int on_sync(sqlite3_file *f, int flags)
{
    ((struct file *)f)->wear->figures.syncs++;
    return below(f)->pMethods->xSync(below(f), flags);
}

static int on_file_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return below(f)->pMethods->xFileSize(below(f), size);
}

static int on_lock(sqlite3_file *f, int level)
{
    return below(f)->pMethods->xLock(below(f), level);
}

static int on_unlock(sqlite3_file *f, int level)
{
    return below(f)->pMethods->xUnlock(below(f), level);
}

static int on_check_lock(sqlite3_file *f, int *out)
{
    return below(f)->pMethods->xCheckReservedLock(below(f), out);
}

static int on_control(sqlite3_file *f, int what, void *arg)
{
    return below(f)->pMethods->xFileControl(below(f), what, arg);
}

static int on_sector_size(sqlite3_file *f)
{
    return below(f)->pMethods->xSectorSize(below(f));
}

static int on_traits(sqlite3_file *f)
{
    return below(f)->pMethods->xDeviceCharacteristics(below(f));
}

/* Version 1: no shared memory and no mapping, which an exclusive connection
 * does not want. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_file_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check_lock,
    .xFileControl = on_control,
    .xSectorSize = on_sector_size,
    .xDeviceCharacteristics = on_traits,
};

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
    int flags, int *out_flags)
{
    struct outbox_wear *wear = vfs->pAppData;
    struct file *file = (struct file *)f;
    int code;

    file->wear = wear;
    file->below = (sqlite3_file *)(file + 1);
    file->below->pMethods = NULL;
    code = wear->below->xOpen(wear->below, name, file->below, flags, out_flags);
    /* SQLite closes whatever has methods, also after a failure. */
    f->pMethods = file->below->pMethods == NULL ? NULL : &methods;
    return code;
}

/* The default VFS finds its own data in the struct it is called with. */
static int on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    sqlite3_vfs *down = ((struct outbox_wear *)vfs->pAppData)->below;

    return down->xDelete(down, name, sync);
}

static int on_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    sqlite3_vfs *down = ((struct outbox_wear *)vfs->pAppData)->below;

    return down->xAccess(down, name, flags, out);
}

static int on_full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    sqlite3_vfs *down = ((struct outbox_wear *)vfs->pAppData)->below;

    return down->xFullPathname(down, name, size, out);
}

enum err outbox_wear_new(struct outbox_wear **out)
{
    struct outbox_wear *wear = calloc(1, sizeof(*wear));

    if (wear == NULL || sqlite3_initialize() != SQLITE_OK)
        goto fail;
    wear->below = sqlite3_vfs_find(NULL);
    if (wear->below == NULL)
        goto fail;
    wear->vfs = *wear->below;
    (void)snprintf(wear->name, sizeof(wear->name), "outbox-%p", (void *)wear);
    wear->vfs.pNext = NULL;
    wear->vfs.zName = wear->name;
    wear->vfs.pAppData = wear;
    wear->vfs.szOsFile += (int)sizeof(struct file);
    wear->vfs.xOpen = on_open;
    wear->vfs.xDelete = on_delete;
    wear->vfs.xAccess = on_access;
    wear->vfs.xFullPathname = on_full_name;
    if (sqlite3_vfs_register(&wear->vfs, 0) != SQLITE_OK)
        goto fail;
    *out = wear;
    return ERR_OK;

fail:
    free(wear);
    return ERR_NO_MEMORY;
}

void outbox_wear_free(struct outbox_wear *wear)
{
    if (wear == NULL)
        return;
    (void)sqlite3_vfs_unregister(&wear->vfs);
    free(wear);
}

const char *outbox_wear_vfs(const struct outbox_wear *wear)
{
    return wear->name;
}

struct outbox_wear_figures outbox_wear_figures(const struct outbox_wear *wear)
{
    return wear->figures;
}
