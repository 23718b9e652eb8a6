/* checkup.c - what is no good here is no failure: the agent shows the factory's
 * certificate instead, and enrols anew. */

#include "local/checkup.h"

#include <stdio.h>

#include "identity/moment.h"

#define CHECK        "operational"
#define FACTORYS     "the agent shows the factory's certificate"
#define FOLDER_BYTES 4096

/* A renewal that is late by half of the time that is left for it. */
static bool is_late(
    const struct generation *g, unsigned renew_at_percent, int64_t now_s)
{
    int64_t life_s = g->until_s - g->from_s;
    int64_t percent = (renew_at_percent + 100) / 2;

    return now_s - g->from_s > life_s / 100 * percent;
}

static void tell(struct findings *f, const struct settings *settings,
    const struct generation *g, int64_t now_s)
{
    unsigned percent = settings->enrolment.renew_at_percent;
    char from[MOMENT_TEXT], until[MOMENT_TEXT];

    moment_print(g->from_s, from);
    moment_print(g->until_s, until);
    if (now_s >= g->until_s)
        findings_add(f, FINDING_WARNING, CHECK,
            "generation %u ended on %s; " FACTORYS
            " until it has a new one: see nameplate enrol --dry-run",
            g->number, until);
    else if (now_s < g->from_s)
        findings_add(f, FINDING_WARNING, CHECK,
            "generation %u begins on %s only; is this device's clock right?",
            g->number, from);
    else if (is_late(g, percent, now_s))
        findings_add(f, FINDING_WARNING, CHECK,
            "generation %u ends on %s, and its renewal, due at %u %% of its "
            "life, is late: see nameplate enrol --dry-run",
            g->number, until, percent);
    else
        findings_add(f, FINDING_OK, CHECK,
            "generation %u, from %s until %s, of %s; its key fits", g->number,
            from, until, g->issuer);
}

/* The key too, wherever it is; generations_load leaves a token alone. */
static enum err load(const struct generations *all, unsigned number,
    char why[KEY_WHY], struct generation **out)
{
    enum err e = generations_load(all, number, why, out);

    if (e != ERR_OK)
        return e;
    e = key_ready((*out)->key, (*out)->chain, why);
    if (e == ERR_OK)
        return ERR_OK;
    generation_free(*out);
    *out = NULL;
    return e;
}

/* As the agent: the current one, or else the one before. */
static struct generation *choose(
    struct findings *f, const struct generations *all)
{
    const unsigned numbers[] = {
        generations_current(all), generations_previous(all)};
    struct generation *found = NULL;
    char why[KEY_WHY];

    for (size_t i = 0; i < 2 && found == NULL; i++)
        if (numbers[i] != 0 && load(all, numbers[i], why, &found) != ERR_OK)
            findings_add(f, FINDING_WARNING, CHECK,
                "generation %u cannot be used: %s; the agent shows the one "
                "before or the factory's, and enrols anew",
                numbers[i], why);
    return found;
}

static void tell_none(struct findings *f, const char *folder, enum err e)
{
    if (e == ERR_NOT_FOUND)
        findings_add(f, FINDING_OK, CHECK, "there is none yet; " FACTORYS);
    else
        findings_add(f, FINDING_WARNING, CHECK,
            "%s/current cannot be read (%s); " FACTORYS " and enrols anew",
            folder, err_name(e));
}

struct generation *checkup_operational(
    struct findings *f, const struct settings *settings, int64_t now_s)
{
    const struct settings_enrolment *s = &settings->enrolment;
    struct generations *all = NULL;
    struct generation *found;
    char folder[FOLDER_BYTES];
    enum err e = ERR_TOO_BIG;

    if (s->method != SETTINGS_METHOD_EST && s->method != SETTINGS_METHOD_FLEET)
        return NULL;
    if (snprintf(folder, sizeof(folder), "%s/enrolment", settings->folder) <
        (int)sizeof(folder))
        e = generations_look(folder, s->key, &all);
    if (e != ERR_OK) {
        tell_none(f, folder, e);
        return NULL;
    }
    found = choose(f, all);
    generations_close(all);
    if (found == NULL)
        return NULL;
    tell(f, settings, found, now_s);
    if (found->until_s > now_s)
        return found;
    generation_free(found);
    return NULL;
}
