/* log_tail.h - what was written into a log file since the last look. */

#ifndef CLOUD_MOCK_LOG_TAIL_H
#define CLOUD_MOCK_LOG_TAIL_H

#include <stddef.h>

#define LOG_TAIL_MAX      (64 * 1024)
#define LOG_TAIL_FILE_MAX (64 * 1024 * 1024)

struct log_tail;

/* Begins at the file's end; it need not be there yet.  NULL: no memory. */
struct log_tail *log_tail_new(const char *path);
void log_tail_free(struct log_tail *tail);

/* The new bytes, at most the last LOG_TAIL_MAX, lent until the next call.  No
 * bytes when the file cannot be read, which is said in the log once. */
const char *log_tail_read(struct log_tail *tail, size_t *len);

/* Empty a file longer than LOG_TAIL_FILE_MAX; whoever writes must append. */
void log_tail_trim(struct log_tail *tail);

/* The file may have been exchanged for another: look by name again. */
void log_tail_reopen(struct log_tail *tail);

#endif
