/* log.h - one line, one event: "level module what key=value". */

#ifndef CORE_LOG_H
#define CORE_LOG_H

enum log_level {
    LOG_LEVEL_ERROR,   /* a person must act */
    LOG_LEVEL_WARNING, /* we recovered, but it should not happen */
    LOG_LEVEL_INFO,    /* a few lines a connection */
    LOG_LEVEL_DEBUG
};

/* Lines above `level` are dropped; the start value is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* Lines go to descriptor `fd` (borrowed); the start value is 2, stderr. */
void log_set_descriptor(int fd);

/* Write one line; any thread may.  Control characters in the text become '?',
 * so a foreign string cannot forge a second line; a line ends at 1,000 bytes.
 * Never a key, token, code or payload above debug. */
void log_error(const char *module, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_warning(const char *module, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_info(const char *module, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_debug(const char *module, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
