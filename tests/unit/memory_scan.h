/* memory_scan.h - how often do some bytes stand in this process's memory?
 *
 * The bytes looked for are kept masked, and what is read goes through one
 * buffer that is left out, so the search does not find itself. */

#ifndef TESTS_MEMORY_SCAN_H
#define TESTS_MEMORY_SCAN_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SCAN_BYTES  (1UL << 20)
#define SCAN_LARGE  (1UL << 30) /* a sanitizer's shadow is not ours */
#define NEEDLE_MASK 0xa5

struct needle {
    unsigned char masked[64];
    size_t len;
};

static inline unsigned char *scan_buffer(void)
{
    static unsigned char *buffer;

    if (buffer == NULL)
        buffer = mmap(NULL, SCAN_BYTES, PROT_READ | PROT_WRITE,
            /* cppcheck-suppress invalidFunctionArg */
            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return buffer;
}

/* `len` bytes at `offset` of a file, forwards or backwards. */
static inline struct needle needle_of(
    const char *path, long offset, size_t len, bool backwards)
{
    struct needle n = {.len = len};
    unsigned char *bytes = scan_buffer();
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || pread(fd, bytes, len, offset) != (ssize_t)len)
        abort();
    (void)close(fd);
    for (size_t i = 0; i < len; i++)
        n.masked[i] = bytes[backwards ? len - 1 - i : i] ^ NEEDLE_MASK;
    explicit_bzero(bytes, len);
    return n;
}

static inline bool needle_is_at(
    const struct needle *n, const unsigned char *bytes)
{
    size_t i = 0;

    while (i < n->len && (bytes[i] ^ NEEDLE_MASK) == n->masked[i])
        i++;
    return i == n->len;
}

static inline unsigned scan_chunk(
    const struct needle *n, const unsigned char *bytes, size_t len)
{
    const unsigned char *end = bytes + len, *at = bytes;
    unsigned found = 0;

    for (; len >= n->len && at != NULL && at <= end - n->len; at++) {
        at = memchr(
            at, n->masked[0] ^ NEEDLE_MASK, (size_t)(end - n->len - at) + 1);
        if (at == NULL)
            break;
        found += needle_is_at(n, at);
    }
    return found;
}

static inline unsigned scan_range(
    const struct needle *n, int memory, unsigned long from, unsigned long to)
{
    unsigned found = 0;

    while (to - from >= n->len) {
        size_t want = to - from < SCAN_BYTES ? to - from : SCAN_BYTES;
        ssize_t got = pread(memory, scan_buffer(), want, (off_t)from);

        if (got < (ssize_t)n->len)
            break;
        found += scan_chunk(n, scan_buffer(), (size_t)got);
        if (from + (unsigned long)got >= to)
            break;
        from += (unsigned long)got - n->len + 1;
    }
    explicit_bzero(scan_buffer(), SCAN_BYTES);
    return found;
}

/* A line of /proc/PID/maps or smaps that begins an area; gives what stands
 * behind its addresses, or NULL. */
static inline const char *scan_area(
    const char *line, unsigned long *from, unsigned long *to)
{
    char *end;

    *from = strtoul(line, &end, 16);
    if (end == line || *end != '-')
        return NULL;
    line = end + 1;
    *to = strtoul(line, &end, 16);
    return end != line && *end == ' ' ? end + 1 : NULL;
}

/* In all that this process can write to. */
static inline unsigned scan_memory(const struct needle *n)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    unsigned long own = (unsigned long)scan_buffer(), from, to;
    unsigned found = 0;
    char line[400];

    if (maps == NULL || memory < 0)
        abort();
    while (fgets(line, sizeof(line), maps) != NULL) {
        const char *mode = scan_area(line, &from, &to);

        if (mode == NULL || strncmp(mode, "rw", 2) != 0 ||
            to - from > SCAN_LARGE)
            continue;
        if (own >= from && own < to) { /* the kernel may have joined areas */
            found += scan_range(n, memory, from, own);
            from = own + SCAN_BYTES;
        }
        found += scan_range(n, memory, from, to);
    }
    (void)fclose(maps);
    (void)close(memory);
    return found;
}

#endif
