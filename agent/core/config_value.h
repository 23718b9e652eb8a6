/* config_value.h - one value against its row of the table. */

#ifndef CORE_CONFIG_VALUE_H
#define CORE_CONFIG_VALUE_H

#include <stddef.h>

#include "core/config.h"

struct config_value {
    char *text; /* NULL: not given */
    int64_t number;
};

/* Check `text` and make the value of it; paths are taken from the folder of
 * `file`.  ERR_INVALID: `fault` holds words for what was expected. */
enum err config_value_make(const struct config_key *key, const char *text,
    const char *file, struct config_value *out, char *fault,
    size_t fault_size) MUST_CHECK;

/* "expected a whole number from 1 to 9" */
void config_value_expected(
    const struct config_key *key, char *out, size_t size);

#endif
