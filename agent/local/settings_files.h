/* settings_files.h - can the files be read that a configuration names? */
#ifndef LOCAL_SETTINGS_FILES_H
#define LOCAL_SETTINGS_FILES_H

#include "core/config.h"

/* What a value should have been, for people; lent for ever. */
typedef const char *settings_expected(const char *section, const char *name);

/* As settings_check_files; `expected` is asked for each that cannot be read. */
enum err settings_look_at_files(const struct config *config,
    settings_expected *expected, config_say *say, void *context) MUST_CHECK;

#endif
