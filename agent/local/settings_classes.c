/* settings_classes.c */

#include "local/settings_classes.h"

#include <stdio.h>
#include <string.h>

static enum outbox_when_full rule_of(const char *text)
{
    if (strcmp(text, "drop_newest") == 0)
        return OUTBOX_DROP_NEWEST;
    return strcmp(text, "thin_out") == 0 ? OUTBOX_THIN_OUT : OUTBOX_DROP_OLDEST;
}

static struct outbox_class read_class(
    const struct config *c, const char *section)
{
    struct outbox_class class =
        outbox_class_default(section + strlen(SETTINGS_CLASS));

    class.priority = (unsigned)config_number(c, section, "priority");
    class.ttl_s = (uint32_t)config_number(c, section, "ttl_s");
    class.share_percent = (unsigned)config_number(c, section, "share_percent");
    class.when_full = rule_of(config_text(c, section, "when_full"));
    class.keep_every = (unsigned)config_number(c, section, "keep_every");
    class.newest_first =
        strcmp(config_text(c, section, "order"), "newest_first") == 0;
    class.drain_per_s = (uint32_t)config_number(c, section, "drain_per_s");
    class.budget_percent =
        (unsigned)config_number(c, section, "budget_percent");
    return class;
}

/* Where one of its keys stands; a section without any is not seen. */
static const char *where(const struct config *c, const char *section)
{
    static const char *const keys[] = {"priority", "ttl_s", "share_percent",
        "when_full", "keep_every", "order", "drain_per_s", "budget_percent"};
    const char *found = NULL;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (found == NULL)
            found = config_where(c, section, keys[i]);
    return found;
}

enum err settings_read_classes(const struct config *c,
    struct outbox_class out[OUTBOX_CONFIGURED], size_t *count, config_say *say,
    void *context)
{
    static const char *const built_in[] = {SETTINGS_CLASS OUTBOX_EVENT,
        SETTINGS_CLASS OUTBOX_TELEMETRY, SETTINGS_CLASS OUTBOX_CRITICAL};
    const char *section;
    char line[900];
    size_t n = 0;

    for (; n < sizeof(built_in) / sizeof(built_in[0]); n++)
        out[n] = read_class(c, built_in[n]);
    for (size_t i = 0; (section = config_section(c, i)) != NULL; i++) {
        bool named = outbox_class_is_name(section + strlen(SETTINGS_CLASS));

        if (named && n < OUTBOX_CONFIGURED) {
            out[n++] = read_class(c, section);
            continue;
        }
        (void)snprintf(line, sizeof(line), "%s: [%s]: expected %s",
            where(c, section), section,
            named ? "at most 9 classes besides telemetry, event and critical"
                  : "[class.NAME], NAME 1 to 16 of a-z, 0-9, '_' and '-'");
        say(context, line);
        return ERR_INVALID;
    }
    *count = n;
    return ERR_OK;
}
