/* log_line.h - Mosquitto's log, line by line: "<seconds>: <words>". */

#ifndef CLOUD_MOCK_LOG_LINE_H
#define CLOUD_MOCK_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    const char *p; /* borrowed */
    size_t len;
};

/* Take the next line off *log; its end and its stamp are left out.  False: no
 * line is left. */
bool log_line_next(struct text *log, struct text *line);

/* Take `words` off the front of *text.  False: it begins otherwise, and is
 * unchanged. */
bool log_line_skip(struct text *text, const char *words);

#endif
