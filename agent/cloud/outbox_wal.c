/* outbox_wal.c - each frame's checksum goes on from the one before it.  So a
 * frame that fits what the frame before it says was written after it, also when
 * that one is damaged; and behind a frame that ends a group nothing is written
 * before the group is synced. */

#include "cloud/outbox_wal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud/outbox_page.h"
#include "core/log.h"

#define MODULE      "outbox"
#define MAGIC       0x377f0682U /* the lowest bit: sums of big-endian words */
#define HEAD        32
#define HEAD_SUMMED 24
#define FRAME_HEAD  24
#define FRAME       (FRAME_HEAD + OUTBOX_PAGE_BYTES)

struct sum {
    uint32_t a, b;
};

struct wal {
    int fd;
    uint64_t frames;
    unsigned char head[HEAD];
    unsigned char frame[FRAME];
};

static uint32_t number_at(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
        (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t word_at(const unsigned char *bytes, bool big)
{
    return big ? number_at(bytes)
               : (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 |
            (uint32_t)bytes[1] << 8 | bytes[0];
}

static struct sum add(
    struct sum sum, const unsigned char *bytes, size_t len, bool big)
{
    for (size_t i = 0; i < len; i += 8) {
        sum.a += word_at(bytes + i, big) + sum.b;
        sum.b += word_at(bytes + i + 4, big) + sum.a;
    }
    return sum;
}

static struct sum told_at(const unsigned char *bytes)
{
    return (struct sum){number_at(bytes), number_at(bytes + 4)};
}

static bool are_equal(struct sum x, struct sum y)
{
    return x.a == y.a && x.b == y.b;
}

static bool is_big(const struct wal *w)
{
    return (w->head[3] & 1) != 0;
}

static bool has_salts(const struct wal *w)
{
    return memcmp(w->frame + 8, w->head + 16, 8) == 0;
}

static bool ends_a_group(const struct wal *w)
{
    return number_at(w->frame + 4) != 0;
}

/* What the frame should say when it goes on from `before`. */
static struct sum sum_of(const struct wal *w, struct sum before)
{
    struct sum sum = add(before, w->frame, 8, is_big(w));

    return add(sum, w->frame + FRAME_HEAD, OUTBOX_PAGE_BYTES, is_big(w));
}

static bool goes_on(const struct wal *w, struct sum before)
{
    return are_equal(sum_of(w, before), told_at(w->frame + 16)) &&
        number_at(w->frame) != 0;
}

static enum err read_at(
    const struct wal *w, void *bytes, size_t len, uint64_t at)
{
    ssize_t got = pread(w->fd, bytes, len, (off_t)at);

    if (got == (ssize_t)len)
        return ERR_OK;
    log_error(MODULE, "cannot read the WAL reason=\"%s\"",
        got < 0 ? strerror(errno) : "it became shorter");
    return ERR_IO;
}

static enum err read_frame(struct wal *w, uint64_t number)
{
    return read_at(w, w->frame, FRAME, HEAD + number * FRAME);
}

/* Step over the frames that fit; *at: the first that does not, *said: what the
 * one before it says. */
static enum err skip_sound(struct wal *w, uint64_t *at, struct sum *said)
{
    enum err e = ERR_OK;

    *said = told_at(w->head + HEAD_SUMMED);
    for (*at = 0; *at < w->frames; (*at)++) {
        e = read_frame(w, *at);
        if (e != ERR_OK || !has_salts(w) || !goes_on(w, *said))
            break;
        *said = told_at(w->frame + 16);
    }
    return e;
}

/* What stands behind frame `at`, which does not fit and is in `w`.  One that
 * goes on from what `at` should say tells that only its sum is damaged. */
static enum err judge_rest(
    struct wal *w, uint64_t at, struct sum said, enum outbox_wal *verdict)
{
    /* It fits, but for the salts that say to which WAL it belongs: nobody but
     * us wrote it. */
    bool damaged = goes_on(w, said);
    bool torn = has_salts(w);
    struct sum should = sum_of(w, said);

    for (uint64_t i = at + 1; !damaged && i < w->frames; i++) {
        struct sum before = told_at(w->frame + 16);
        bool after_a_group = ends_a_group(w);
        enum err e = read_frame(w, i);

        if (e != ERR_OK)
            return e;
        torn |= has_salts(w);
        damaged = has_salts(w) &&
            ((after_a_group && goes_on(w, before)) ||
                (i == at + 1 && goes_on(w, should)));
    }
    *verdict = damaged ? OUTBOX_WAL_DAMAGED
        : torn         ? OUTBOX_WAL_TORN
                       : OUTBOX_WAL_WHOLE;
    return ERR_OK;
}

static enum err judge(
    struct wal *w, enum outbox_wal *verdict, uint64_t *torn_bytes)
{
    struct sum said = {0, 0};
    uint64_t at;
    enum err e = read_at(w, w->head, HEAD, 0);

    if (e != ERR_OK)
        return e;
    if ((number_at(w->head) & ~1U) != MAGIC ||
        !are_equal(add(said, w->head, HEAD_SUMMED, is_big(w)),
            told_at(w->head + HEAD_SUMMED))) {
        /* The head is synced before the first frame. */
        *verdict = OUTBOX_WAL_DAMAGED;
        return ERR_OK;
    }
    if (number_at(w->head + 8) != OUTBOX_PAGE_BYTES)
        return ERR_OK; /* not ours; SQLite judges it */
    e = skip_sound(w, &at, &said);
    if (e != ERR_OK || at == w->frames)
        return e;
    *torn_bytes = (w->frames - at) * FRAME;
    return judge_rest(w, at, said, verdict);
}

enum err outbox_wal_judge(
    const char *path, enum outbox_wal *verdict, uint64_t *torn_bytes)
{
    char name[PATH_MAX];
    struct wal *w = calloc(1, sizeof(*w));
    enum err e = ERR_OK;
    off_t size;

    *verdict = OUTBOX_WAL_WHOLE;
    *torn_bytes = 0;
    if (w == NULL)
        return ERR_NO_MEMORY;
    (void)snprintf(name, sizeof(name), "%s-wal", path);
    w->fd = open(name, O_RDONLY | O_CLOEXEC);
    if (w->fd < 0)
        goto free_wal; /* SQLite says why when it should be there */
    size = lseek(w->fd, 0, SEEK_END);
    if (size >= HEAD + FRAME) {
        w->frames = (uint64_t)(size - HEAD) / FRAME;
        e = judge(w, verdict, torn_bytes);
    }
    (void)close(w->fd);

free_wal:
    free(w);
    return e;
}
