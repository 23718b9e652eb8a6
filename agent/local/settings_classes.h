/* settings_classes.h - the sections [class.NAME]: rows for the table of
 * settings, and what stands in them. */

#ifndef LOCAL_SETTINGS_CLASSES_H
#define LOCAL_SETTINGS_CLASSES_H

#include <stddef.h>

#include "cloud/outbox.h"
#include "core/config.h"
#include "core/err.h"

#define SETTINGS_CLASS "class."

/* `orders`: a shadow's reports are critical, and the last one must win. */
/* clang-format off */
#define SETTINGS_CLASS_ROWS(name_, priority_, share_, orders_, budget_)        \
    {.section = SETTINGS_CLASS name_, .name = "priority",                      \
        .kind = CONFIG_NUMBER, .fallback = (priority_), .min = 1, .max = 9},     \
    {.section = SETTINGS_CLASS name_, .name = "ttl_s",                         \
        .kind = CONFIG_NUMBER, .fallback = "0", .min = 0, .max = 315360000},   \
    {.section = SETTINGS_CLASS name_, .name = "share_percent",                 \
        .kind = CONFIG_NUMBER, .fallback = (share_), .min = 1, .max = 100},      \
    {.section = SETTINGS_CLASS name_, .name = "when_full",                     \
        .kind = CONFIG_CHOICE, .fallback = "drop_oldest",                      \
        .choices = "drop_oldest|drop_newest|thin_out"},                        \
    {.section = SETTINGS_CLASS name_, .name = "keep_every",                    \
        .kind = CONFIG_NUMBER, .fallback = "2", .min = 2, .max = 1000},        \
    {.section = SETTINGS_CLASS name_, .name = "order",                         \
        .kind = CONFIG_CHOICE, .fallback = "oldest_first",                     \
        .choices = (orders_)},                                                   \
    {.section = SETTINGS_CLASS name_, .name = "drain_per_s",                   \
        .kind = CONFIG_NUMBER, .fallback = "0", .min = 0, .max = 100000},      \
    {.section = SETTINGS_CLASS name_, .name = "budget_percent",                \
        .kind = CONFIG_NUMBER, .fallback = (budget_), .min = 1, .max = 100}
#define SETTINGS_CLASSES                                                       \
    SETTINGS_CLASS_ROWS(OUTBOX_TELEMETRY, "1", "50",                           \
        "oldest_first|newest_first", "80"),                                          \
    SETTINGS_CLASS_ROWS(OUTBOX_EVENT, "5", "100",                              \
        "oldest_first|newest_first", "95"),                                          \
    SETTINGS_CLASS_ROWS(OUTBOX_CRITICAL, "9", "100", "oldest_first", "100"),   \
    SETTINGS_CLASS_ROWS("*", "5", "100", "oldest_first|newest_first", "95")
/* clang-format on */

/* All classes, the built-in ones first.  ERR_INVALID: told to `say`. */
enum err settings_read_classes(const struct config *config,
    struct outbox_class out[OUTBOX_CONFIGURED], size_t *count, config_say *say,
    void *context) MUST_CHECK;

#endif
