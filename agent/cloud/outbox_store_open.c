/* outbox_store_open.c - SQLite removes the WAL when it closes cleanly, so a WAL
 * found when opening means a kill or a power cut; only then the whole file is
 * checked (outbox_recover.h). */

#include <stdlib.h>

#include "cloud/outbox_file.h"
#include "cloud/outbox_recover.h"
#include "cloud/outbox_salvage.h"
#include "cloud/outbox_schema.h"
#include "cloud/outbox_store_inside.h"

#define UNSEEN 1000000 /* more messages than a WAL holds */

/* Open one file as it is.  Also on failure *out may hold a store to close. */
static enum err open_as_it_is(const char *path, struct outbox_wear *wear,
    struct outbox_state *state, struct outbox_store **out)
{
    struct outbox_store *s = calloc(1, sizeof(*s));
    struct outbox_recovery recovery;
    enum err e;

    *out = s;
    if (s == NULL)
        return ERR_NO_MEMORY;
    e = outbox_recover_look(path, &recovery);
    if (e == ERR_OK)
        e = outbox_file_make(path);
    if (e == ERR_OK)
        e = outbox_sql_connect(path, outbox_wear_vfs(wear), &s->sql);
    if (e == ERR_OK)
        e = outbox_schema_settle(&s->sql, state);
    if (e == ERR_OK)
        e = outbox_schema_read(&s->sql, state);
    if (e == ERR_OK)
        e = outbox_recover_settle(&s->sql, &recovery, state);
    if (e == ERR_OK)
        e = outbox_store_prepare(s);
    s->sql.corrupt |= s->sql.misfit; /* not tables of ours */
    return e;
}

/* It cannot be used: begin a new one, with what can be read of it. */
static enum err begin_anew(const char *path, struct outbox_wear *wear,
    struct outbox_state *state, struct outbox_store **s)
{
    char aside[OUTBOX_FILE_NAME];
    struct outbox_state anew;
    enum err e;

    outbox_store_close(*s);
    *s = NULL;
    e = outbox_file_set_aside(path, aside);
    if (e == ERR_OK)
        state->set_aside++;
    state->next_id += UNSEEN; /* its last groups may be unreadable */
    outbox_state_begin_anew(state);
    anew = *state;
    if (e == ERR_OK)
        e = open_as_it_is(path, wear, state, s);
    if (e != ERR_OK)
        return e;
    outbox_state_complete(state, &anew);
    outbox_salvage(
        &(struct outbox_salvage_options){.aside = aside, .wear = wear}, *s,
        state);
    return ERR_OK;
}

enum err outbox_store_open(const char *path, struct outbox_wear *wear,
    struct outbox_state *state, struct outbox_store **out)
{
    struct outbox_state anew = *state;
    struct outbox_store *s;
    enum err e;

    outbox_state_begin_anew(&anew);
    *state = anew;
    e = open_as_it_is(path, wear, state, &s);
    if (e != ERR_OK && s != NULL && s->sql.corrupt)
        e = begin_anew(path, wear, state, &s);
    if (e != ERR_OK) {
        outbox_store_close(s);
        return e;
    }
    outbox_state_complete(state, &anew);
    s->streams_from = state->streams_from;
    *out = s;
    return ERR_OK;
}
