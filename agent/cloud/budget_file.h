/* budget_file.h - what a budget keeps over a restart. */

#ifndef CLOUD_BUDGET_FILE_H
#define CLOUD_BUDGET_FILE_H

#include "cloud/budget.h"

struct budget_count {
    int64_t period[BUDGET_PERIODS]; /* which day, which month */
    uint64_t in[BUDGET_PERIODS], out[BUDGET_PERIODS];
    struct budget_class_figures classes[OUTBOX_CLASSES];
    size_t class_count;
};

/* All zero when there is no file, or none that is ours (logged). */
void budget_file_read(const char *path, struct budget_count *out);

/* ERR_IO, ERR_DENIED (errno says why), ERR_NO_MEMORY. */
enum err budget_file_write(
    const char *path, const struct budget_count *count) MUST_CHECK;

#endif
