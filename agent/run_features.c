/* run_features.c */

#include "run_features.h"

static enum err open_shadow(
    const struct run_features_sources *s, struct run_features *f)
{
    return shadow_new(s->session, s->loop, s->nameplate->thing, &f->shadow);
}

static enum err open_telemetry(
    const struct run_features_sources *s, struct run_features *f)
{
    const struct telemetry_options options = {.session = s->session,
        .loop = s->loop,
        .thing = s->nameplate->thing,
        .disk_folder = s->settings->folder,
        .interval_ms = s->settings->interval_ms};

    return telemetry_new(&options, &f->telemetry);
}

static enum err open_commands(
    const struct run_features_sources *s, struct run_features *f)
{
    return commands_new(s->session, s->nameplate->thing, &f->commands);
}

static enum err open_actions(
    const struct run_features_sources *s, struct run_features *f)
{
    const struct actions_options options = {.loop = s->loop,
        .commands = f->commands,
        .identify = s->settings->identify,
        .restart = s->settings->restart};

    return actions_new(&options, &f->actions);
}

static enum err open_owner(
    const struct run_features_sources *s, struct run_features *f)
{
    const struct owner_options options = {.loop = s->loop,
        .session = s->session,
        .commands = f->commands,
        .key = s->key,
        .chain = s->chain,
        .thing = s->nameplate->thing};

    return run_owner_open(s->settings, s->nameplate->hit, &options, &f->owner);
}

static enum err open_jobs(
    const struct run_features_sources *s, struct run_features *f)
{
    const struct jobs_options options = {.session = s->session,
        .loop = s->loop,
        .thing = s->nameplate->thing,
        .folder = s->settings->folder,
        .handlers = s->settings->handlers,
        .step_ms = s->settings->step_ms};

    return options.handlers == NULL ? ERR_OK : jobs_new(&options, &f->jobs);
}

static enum err open_description(
    const struct run_features_sources *s, struct run_features *f)
{
    const struct description_options options = {.session = s->session,
        .thing = s->nameplate->thing,
        .path = s->settings->description,
        .folder = s->settings->folder};

    return options.path == NULL ? ERR_OK
                                : description_new(&options, &f->description);
}

enum err run_features_open(
    const struct run_features_sources *sources, struct run_features *out)
{
    static enum err (*const opens[])(
        const struct run_features_sources *, struct run_features *) = {
        open_shadow,
        open_telemetry,
        open_commands, /* before those that add theirs */
        open_actions,
        open_owner,
        open_jobs,
        open_description,
    };
    enum err e = ERR_OK;

    for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]) && e == ERR_OK; i++)
        e = opens[i](sources, out);
    return e;
}

void run_features_close(struct run_features *f)
{
    telemetry_free(f->telemetry);
    run_owner_close(&f->owner);
    actions_free(f->actions);
    jobs_free(f->jobs);
    commands_free(f->commands);
    shadow_free(f->shadow);
}

void run_features_rest(struct run_features *f)
{
    description_free(f->description); /* the last commit answers to it */
}
