/* config_file.c - feeds libinih one line at a time, so that the number of the
 * line is known when an entry comes, and a line that made none is noticed. */

#include "core/config_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX  (1024 * 1024)
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct reading {
    const struct config_file_events *events;
    const char *next, *end; /* what is still to be read */
    unsigned line;
    bool expects_entry; /* the line should make one, and has not yet */
    bool lost;          /* the section's line was broken: skip its entries */
};

__attribute__((format(printf, 3, 4))) static void tell(
    const struct config_file_events *events, unsigned line, const char *format,
    ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    events->fault(events->context, line, text);
}

static void settle_line(struct reading *r)
{
    if (r->expects_entry)
        tell(r->events, r->line, "expected 'key = value' or '[section]'");
    r->expects_entry = false;
}

/* Only spaces or a comment may follow a section's ']'. */
static bool is_section_line(const char *line)
{
    const char *p = strchr(line, ']');

    if (p == NULL || p == line + 1)
        return false;
    for (p++; isspace((unsigned char)*p); p++)
        ;
    return *p == '\0' || *p == ';' || *p == '#';
}

/* "value # words": elsewhere a comment, in INI a part of the value. */
static bool has_foreign_comment(const char *line)
{
    for (const char *p = line; (p = strchr(p, '#')) != NULL; p++)
        if (isspace((unsigned char)p[-1]))
            return true;
    return false;
}

/* Look at a line before libinih does; false when it should not see it. */
static bool line_is_fine(struct reading *r, const char *line)
{
    if (*line == '\0' || *line == ';' || *line == '#')
        return true;
    if (*line == '[') {
        r->lost = !is_section_line(line);
        if (r->lost)
            tell(r->events, r->line, "expected '[section]'");
        return !r->lost;
    }
    if (r->lost)
        return false;
    if (has_foreign_comment(line)) {
        tell(r->events, r->line,
            "a comment after a value begins with ';', not with '#'");
        return false;
    }
    r->expects_entry = true;
    return true;
}

static bool has_control_byte(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)bytes[i] < 0x20 && !isspace((unsigned char)bytes[i]))
            return true;
    return false;
}

/* The next line without the spaces around it; they would mean "continued". */
static size_t take_line(struct reading *r, const char **line)
{
    size_t left = (size_t)(r->end - r->next);
    const char *newline = memchr(r->next, '\n', left);
    const char *stop = newline == NULL ? r->end : newline;
    const char *start = r->next;

    r->next = newline == NULL ? r->end : newline + 1;
    r->line++;
    while (start < stop && isspace((unsigned char)*start))
        start++;
    while (stop > start && isspace((unsigned char)stop[-1]))
        stop--;
    *line = start;
    return (size_t)(stop - start);
}

/* libinih's reader, as fgets. */
static char *next_line(char *buffer, int size, void *stream)
{
    struct reading *r = stream;
    const char *line;
    size_t len;

    settle_line(r);
    if (r->next == r->end)
        return NULL;
    len = take_line(r, &line);
    buffer[0] = '\0';
    if (has_control_byte(line, len)) {
        tell(r->events, r->line, "a control character; expected text");
        return buffer;
    }
    /* libinih takes a line that fills its buffer for one that was cut. */
    if (len + 3 > (size_t)size) {
        tell(r->events, r->line, "a line of %zu bytes; expected at most %d",
            len, size - 3);
        return buffer;
    }
    memcpy(buffer, line, len);
    buffer[len] = '\0';
    if (!line_is_fine(r, buffer))
        buffer[0] = '\0';
    return buffer;
}

static int on_entry(
    void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;

    if (*name == '\0')
        return 1; /* settle_line complains */
    r->expects_entry = false;
    r->events->entry(r->events->context, r->line, section, name, value);
    return 1;
}

static enum err tell_errno(
    const struct config_file_events *events, const char *what)
{
    int code = errno;

    tell(events, 0, "%s: %s; expected an INI file that uid %ld may read", what,
        strerror(code), (long)geteuid());
    if (code == ENOENT || code == ENOTDIR)
        return ERR_NOT_FOUND;
    return code == EACCES || code == EPERM ? ERR_DENIED : ERR_IO;
}

/* Opening a pipe or a device could block for ever: look before reading. */
static enum err open_plain_file(
    const char *path, const struct config_file_events *events, FILE **out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return tell_errno(events, "cannot be opened");
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        tell(events, 0, "is not a file; expected an INI file");
        return ERR_IO;
    }
    *out = fdopen(fd, "r");
    if (*out == NULL) {
        (void)close(fd);
        return ERR_NO_MEMORY;
    }
    return ERR_OK;
}

static enum err read_bytes(const char *path,
    const struct config_file_events *events, char **bytes, size_t *len)
{
    FILE *f = NULL;
    char *buffer;
    enum err e = open_plain_file(path, events, &f);

    if (e != ERR_OK)
        return e;
    buffer = malloc(FILE_BYTES_MAX + 1);
    if (buffer == NULL) {
        e = ERR_NO_MEMORY;
        goto close_file;
    }
    *len = fread(buffer, 1, FILE_BYTES_MAX + 1, f);
    if (ferror(f)) {
        e = tell_errno(events, "cannot be read");
        goto free_buffer;
    }
    if (*len > FILE_BYTES_MAX) {
        tell(events, 0, "is too long; expected at most %d bytes",
            FILE_BYTES_MAX);
        e = ERR_TOO_BIG;
        goto free_buffer;
    }
    *bytes = buffer;
    buffer = NULL;

free_buffer:
    free(buffer);
close_file:
    (void)fclose(f);
    return e;
}

enum err config_file_read(
    const char *path, const struct config_file_events *events)
{
    struct reading r = {.events = events};
    char *bytes = NULL;
    size_t len = 0;
    enum err e = read_bytes(path, events, &bytes, &len);

    if (e != ERR_OK)
        return e;
    r.next = bytes;
    r.end = bytes + len;
    if (len >= 3 && memcmp(bytes, BYTE_ORDER_MARK, 3) == 0)
        r.next += 3;
    /* Its result is the first line that made no entry: told already. */
    if (ini_parse_stream(next_line, &r, on_entry, &r) == -2)
        e = ERR_NO_MEMORY;
    free(bytes);
    return e;
}
