/* outbox_wear.c - each file is ours with the default VFS's right behind it. */

#include "cloud/outbox_wear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/outbox_page.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE     "outbox"
#define NAME_BYTES 48
#define LEAST_PAGE 512 /* SQLite reads less of the first one */

struct outbox_wear {
    sqlite3_vfs vfs; /* a copy of the default one; only xOpen is ours */
    sqlite3_vfs *below;
    struct outbox_wear_figures figures;
    char name[NAME_BYTES];
    sqlite3_int64 refused_at; /* a place that the disk did not let us read */
    int64_t refused_ms;       /* since then; 0: there is none */
    unsigned char page[OUTBOX_PAGE_BYTES]; /* being sealed */
    struct outbox_wear_look *look;         /* NULL: reading may last */
};

struct file {
    sqlite3_file base; /* first: SQLite casts */
    struct outbox_wear *wear;
    sqlite3_file *below;
    bool sealed;              /* its pages are */
    sqlite3_int64 damaged_at; /* the last page that was; -1: none */
};

static sqlite3_file *below(sqlite3_file *f)
{
    return ((struct file *)f)->below;
}

static int on_close(sqlite3_file *f)
{
    return below(f)->pMethods->xClose(below(f));
}

/* SQLite takes EIO for damage.  A disk may come back, so we do not at first. */
static int refused(struct outbox_wear *wear, sqlite3_int64 at)
{
    int64_t now_ms = port_monotonic_ms();

    if (wear->refused_ms == 0 || wear->refused_at != at) {
        wear->refused_at = at;
        wear->refused_ms = now_ms > 0 ? now_ms : 1;
    }
    return now_ms - wear->refused_ms < OUTBOX_WEAR_UNREADABLE_MS
        ? SQLITE_IOERR_READ
        : SQLITE_IOERR_CORRUPTFS;
}

static bool begins_in(const struct file *file, sqlite3_int64 at)
{
    sqlite3_int64 size;

    return file->below->pMethods->xFileSize(file->below, &size) == SQLITE_OK &&
        at < size;
}

/* SQLite 3.45 and later read a long payload past the page cache, and so parts
 * of pages; the seal is over the whole. */
static int read_part(struct file *file, void *bytes, int len, sqlite3_int64 at)
{
    sqlite3_int64 begin = at - at % OUTBOX_PAGE_BYTES;
    unsigned char *page = file->wear->page;
    int code;

    if (at - begin + len > OUTBOX_PAGE_BYTES)
        return SQLITE_CORRUPT;
    code = file->below->pMethods->xRead(
        file->below, page, OUTBOX_PAGE_BYTES, begin);
    if (code == SQLITE_OK && !outbox_page_is_sound(page, (uint64_t)begin))
        return SQLITE_CORRUPT;
    if (code == SQLITE_OK)
        memcpy(bytes, page + (at - begin), (size_t)len);
    return code;
}

/* The file's head is looked at before it is known to be one of ours. */
static bool is_judged(const struct file *file, int len, sqlite3_int64 at)
{
    return file->sealed && (at >= OUTBOX_PAGE_BYTES || len >= LEAST_PAGE);
}

static bool is_sound(const void *bytes, int len, sqlite3_int64 at)
{
    return len < OUTBOX_PAGE_BYTES || /* read_part has looked */
        (len == OUTBOX_PAGE_BYTES && outbox_page_is_sound(bytes, (uint64_t)at));
}

static void mind_the_time(struct outbox_wear_look *look)
{
    if (look == NULL || look->is_cut || port_monotonic_ms() < look->until_ms)
        return;
    look->is_cut = true;
    sqlite3_interrupt(look->db);
}

static int on_read(sqlite3_file *f, void *bytes, int len, sqlite3_int64 at)
{
    struct file *file = (struct file *)f;
    bool judged = is_judged(file, len, at);
    int code;

    mind_the_time(file->wear->look);
    code = judged && len < OUTBOX_PAGE_BYTES
        ? read_part(file, bytes, len, at)
        : file->below->pMethods->xRead(file->below, bytes, len, at);

    if (code == SQLITE_IOERR_CORRUPTFS)
        return refused(file->wear, at);
    if (at == file->wear->refused_at)
        file->wear->refused_ms = 0;
    if (!judged)
        return code;
    if (code == SQLITE_IOERR_SHORT_READ && !begins_in(file, at))
        return code; /* SQLite takes zeros for what was never written */
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ &&
        code != SQLITE_CORRUPT)
        return code;
    if (code == SQLITE_OK && is_sound(bytes, len, at))
        return SQLITE_OK;
    if (file->damaged_at != at) /* it may be met again and again */
        log_error(
            MODULE, "a page of the file is damaged at=%lld", (long long)at);
    file->damaged_at = at;
    return SQLITE_CORRUPT;
}

static int on_write(
    sqlite3_file *f, const void *bytes, int len, sqlite3_int64 at)
{
    struct file *file = (struct file *)f;
    struct outbox_wear *wear = file->wear;
    int code;

    if (file->sealed && len == OUTBOX_PAGE_BYTES) {
        memcpy(wear->page, bytes, OUTBOX_PAGE_BYTES);
        outbox_page_seal(wear->page, (uint64_t)at);
        bytes = wear->page;
    }
    code = file->below->pMethods->xWrite(file->below, bytes, len, at);
    if (code == SQLITE_OK && len > 0)
        wear->figures.written += (uint64_t)len;
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
    if (what == OUTBOX_WEAR_LOOK) {
        ((struct file *)f)->wear->look = arg;
        return SQLITE_OK;
    }
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

/* A new one has; of one that is there, its first page tells. */
static int look_for_seals(struct file *file)
{
    sqlite3_file *f = file->below;
    sqlite3_int64 size;
    int code;

    if (f->pMethods == NULL)
        return SQLITE_CANTOPEN;
    code = f->pMethods->xFileSize(f, &size);
    file->sealed = true;
    if (code != SQLITE_OK || size < OUTBOX_PAGE_BYTES)
        return code;
    code = f->pMethods->xRead(f, file->wear->page, OUTBOX_PAGE_BYTES, 0);
    if (code == SQLITE_IOERR_CORRUPTFS)
        return refused(file->wear, 0);
    file->sealed = outbox_page_tells_of_seals(file->wear->page);
    return code;
}

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
    int flags, int *out_flags)
{
    struct outbox_wear *wear = vfs->pAppData;
    struct file *file = (struct file *)f;
    int code;

    file->wear = wear;
    file->sealed = false;
    file->damaged_at = -1;
    file->below = (sqlite3_file *)(file + 1);
    file->below->pMethods = NULL;
    code = wear->below->xOpen(wear->below, name, file->below, flags, out_flags);
    /* SQLite closes whatever has methods, also after a failure. */
    f->pMethods = file->below->pMethods == NULL ? NULL : &methods;
    if (code == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0)
        code = look_for_seals(file);
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
