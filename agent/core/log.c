/* log.c - formats into one buffer and writes it with one write(2), so lines of
 * several threads do not mix. */

#include "core/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_BYTES 1000

static atomic_int current_level = LOG_LEVEL_INFO;
static atomic_int descriptor = STDERR_FILENO;

void log_set_level(enum log_level level)
{
    atomic_store(&current_level, (int)level);
}

void log_set_descriptor(int fd)
{
    atomic_store(&descriptor, fd);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        return "debug";
    }
    return "unknown";
}

static size_t clamp(int written, size_t room)
{
    if (written < 0)
        return 0;
    return (size_t)written < room ? (size_t)written : room - 1;
}

__attribute__((format(printf, 3, 0))) static void write_line(
    enum log_level level, const char *module, const char *format, va_list args)
{
    char line[LINE_BYTES + 1];
    size_t len;

    if ((int)level > atomic_load(&current_level))
        return;
    len = clamp(snprintf(line, LINE_BYTES, "%s %s ", level_name(level), module),
        LINE_BYTES);
    len += clamp(vsnprintf(line + len, LINE_BYTES - len, format, args),
        LINE_BYTES - len);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    line[len++] = '\n';
    /* Nobody is left to tell when the log itself cannot be written. */
    if (write(atomic_load(&descriptor), line, len) < 0)
        return;
}

#define DEFINE_LOG(name, level)                                                \
    void name(const char *module, const char *format, ...)                     \
    {                                                                          \
        va_list args;                                                          \
                                                                               \
        va_start(args, format);                                                \
        write_line(level, module, format, args);                               \
        va_end(args);                                                          \
    }

DEFINE_LOG(log_error, LOG_LEVEL_ERROR)
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING)
DEFINE_LOG(log_info, LOG_LEVEL_INFO)
DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG)
