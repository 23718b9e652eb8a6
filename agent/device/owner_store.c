/* owner_store.c - `wipe` holds the epoch of the record that calls for it: when
 * the power fails before that record is stored, the note means nothing. */

#include "device/owner_store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/log.h"
#include "device/owner_file.h"
#include "device/owner_pairings.h"

#define MODULE         "owner"
#define ENVELOPE_BYTES (2 * RECORD_TEXT)
#define EPOCH_BYTES    40

struct owner_store {
    char *folder;
    struct record *record;
    int64_t epoch;
    bool damaged, must_wipe;
    struct owner_pairings *pairings;
    struct claim_verifier factory, own;
    bool has_factory, has_own;
};

void owner_store_path(
    const struct owner_store *s, const char *name, char path[OWNER_STORE_PATH])
{
    (void)snprintf(path, OWNER_STORE_PATH, "%s/%s", s->folder, name);
}

static enum err remove_file(const struct owner_store *s, const char *name)
{
    char path[OWNER_STORE_PATH];

    owner_store_path(s, name, path);
    if (unlink(path) == 0 || errno == ENOENT)
        return ERR_OK;
    log_error(MODULE, "cannot remove path=\"%s\" reason=\"%s\"", path,
        strerror(errno));
    return ERR_IO;
}

static enum err replace(const struct owner_store *s, const char *name,
    const void *bytes, size_t len)
{
    char path[OWNER_STORE_PATH];
    enum err e;

    owner_store_path(s, name, path);
    e = owner_file_replace(path, bytes, len);
    if (e != ERR_OK)
        log_error(MODULE, "cannot write path=\"%s\" reason=\"%s\"", path,
            strerror(errno));
    return e;
}

/* A number in a file of its own; 0: there is none. */
static int64_t read_epoch(const struct owner_store *s, const char *name)
{
    char path[OWNER_STORE_PATH];
    char *text = NULL;
    size_t len;
    int64_t epoch = 0;

    owner_store_path(s, name, path);
    if (file_read(path, EPOCH_BYTES, &text, &len) == ERR_OK)
        epoch = strtoll(text, NULL, 10);
    free(text);
    return epoch;
}

static enum err write_epoch(
    const struct owner_store *s, const char *name, int64_t epoch)
{
    char text[EPOCH_BYTES];
    int len = snprintf(text, sizeof(text), "%" PRId64 "\n", epoch);

    return replace(s, name, text, (size_t)len);
}

/* --- the record ------------------------------------------------------------
 */

static enum err parse_record(
    const char *text, size_t len, struct record **out, const char **why)
{
    static const struct json_limits limits = {ENVELOPE_BYTES, 4};
    struct json *envelope;
    enum err e = json_parse(text, len, limits, &envelope);

    if (e != ERR_OK)
        return e;
    e = record_read(envelope, why, out);
    json_free(envelope);
    return e;
}

static enum err load_record(struct owner_store *s)
{
    char path[OWNER_STORE_PATH];
    const char *why = "not JSON";
    char *text = NULL;
    size_t len;
    enum err e;

    s->epoch = read_epoch(s, "epoch");
    owner_store_path(s, "record", path);
    e = file_read(path, ENVELOPE_BYTES, &text, &len);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK)
        e = parse_record(text, len, &s->record, &why);
    free(text);
    if (e == ERR_OK && s->record->epoch > s->epoch)
        s->epoch = s->record->epoch;
    if (e == ERR_OK || e == ERR_NO_MEMORY)
        return e;
    log_error(MODULE,
        "the record of who owns this device is damaged, nobody can claim or "
        "use it as an owner; 'nameplate reset' makes it nobody's path=\"%s\" "
        "reason=\"%s\"",
        path, why);
    s->damaged = true;
    return ERR_OK;
}

const struct record *owner_store_record(const struct owner_store *s)
{
    return s->record;
}

int64_t owner_store_epoch(const struct owner_store *s)
{
    return s->epoch;
}

bool owner_store_is_damaged(const struct owner_store *s)
{
    return s->damaged;
}

/* --- what must be wiped ----------------------------------------------------
 */

static void load_wipe(struct owner_store *s)
{
    int64_t epoch = read_epoch(s, "wipe");

    s->must_wipe = epoch > 0 && s->record != NULL && s->record->epoch >= epoch;
    if (!s->must_wipe && epoch > 0)
        (void)remove_file(s, "wipe"); /* else the next record does */
}

/* A note of a record that never came must not outlive the next one: it would
 * wipe what belongs to somebody. */
static enum err note_wipe(const struct owner_store *s, const struct record *r)
{
    if (record_wipes(r->act))
        return write_epoch(s, "wipe", r->epoch);
    return s->must_wipe ? ERR_OK : remove_file(s, "wipe");
}

bool owner_store_must_wipe(const struct owner_store *s)
{
    return s->must_wipe;
}

void owner_store_wiped(struct owner_store *s)
{
    s->must_wipe = remove_file(s, "wipe") != ERR_OK;
}

static enum err write_pairings(const struct owner_store *s)
{
    char *text = owner_pairings_print(s->pairings);
    enum err e;

    if (text == NULL)
        return ERR_NO_MEMORY;
    e = replace(s, "pairings", text, strlen(text));
    explicit_bzero(text, strlen(text));
    free(text);
    return e;
}

static enum err write_record(
    const struct owner_store *s, const struct record *r)
{
    struct json *envelope = record_envelope(r);
    char *text = envelope == NULL ? NULL : json_print(envelope);
    enum err e =
        text == NULL ? ERR_NO_MEMORY : replace(s, "record", text, strlen(text));

    free(text);
    json_free(envelope);
    return e;
}

enum err owner_store_put(struct owner_store *s, struct record *record)
{
    enum err e = write_epoch(s, "epoch", record->epoch);

    if (e == ERR_OK)
        e = note_wipe(s, record);
    if (e == ERR_OK)
        e = write_record(s, record);
    if (e != ERR_OK)
        return e;
    record_free(s->record);
    s->record = record;
    s->damaged = false;
    s->epoch = record->epoch;
    s->must_wipe = s->must_wipe || record_wipes(record->act);
    if (owner_pairings_prune(s->pairings, record) &&
        write_pairings(s) != ERR_OK)
        log_warning(MODULE, "a pairing secret that is over stays on disk");
    return ERR_OK;
}

/* --- pairings --------------------------------------------------------------
 */

static enum err load_pairings(struct owner_store *s)
{
    char path[OWNER_STORE_PATH];
    char *text = NULL;
    size_t len;
    enum err e;

    owner_store_path(s, "pairings", path);
    s->pairings = owner_pairings_new();
    if (s->pairings == NULL)
        return ERR_NO_MEMORY;
    e = file_read(path, OWNER_PAIRINGS_BYTES, &text, &len);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK)
        e = owner_pairings_parse(s->pairings, text, len);
    if (text != NULL)
        explicit_bzero(text, len);
    free(text);
    if (e != ERR_OK && e != ERR_NO_MEMORY) {
        log_warning(MODULE,
            "pairing secrets are damaged; claims make new ones"
            " path=\"%s\"",
            path);
        e = ERR_OK;
    }
    return e;
}

const unsigned char *owner_store_psk(
    const struct owner_store *s, const unsigned char key[P256_POINT])
{
    return owner_pairings_find(s->pairings, key);
}

enum err owner_store_pair(struct owner_store *s,
    const unsigned char key[P256_POINT], const unsigned char psk[BOX_KEY])
{
    (void)owner_pairings_prune(s->pairings, s->record);
    owner_pairings_add(s->pairings, key, psk);
    return write_pairings(s);
}

enum err owner_store_unpair(struct owner_store *s)
{
    owner_pairings_clear(s->pairings);
    return remove_file(s, "pairings");
}

/* --- the code --------------------------------------------------------------
 */

static enum err read_verifier(const char *path, struct claim_verifier *out)
{
    char *text = NULL;
    size_t len;
    enum err e = file_read(path, CLAIM_VERIFIER_TEXT_SIZE, &text, &len);

    if (e == ERR_OK)
        e = claim_verifier_parse(
            (struct span){(unsigned char *)text, len}, out);
    if (text != NULL)
        explicit_bzero(text, len);
    free(text);
    return e;
}

static enum err load_verifiers(struct owner_store *s, const char *factory)
{
    char path[OWNER_STORE_PATH];
    enum err e = ERR_OK;

    if (factory != NULL) {
        e = read_verifier(factory, &s->factory);
        s->has_factory = e == ERR_OK;
    }
    if (e != ERR_OK) {
        log_error(MODULE,
            "[ownership] verifier cannot be used path=\"%s\" reason=%s; "
            "expected the factory's file " CLAIM_VERIFIER_FILE,
            factory, err_name(e));
        return e;
    }
    owner_store_path(s, "verifier", path);
    e = read_verifier(path, &s->own);
    s->has_own = e == ERR_OK;
    if (e == ERR_OK || e == ERR_NOT_FOUND || e == ERR_NO_MEMORY)
        return e == ERR_NO_MEMORY ? e : ERR_OK;
    /* The factory's code may be known to others: better none. */
    log_error(MODULE,
        "the verifier of a new code is damaged, so no code holds;"
        " 'nameplate reset' brings the label's back path=\"%s\"",
        path);
    s->has_factory = false;
    return ERR_OK;
}

const struct claim_verifier *owner_store_verifier(const struct owner_store *s)
{
    if (s->has_own)
        return &s->own;
    return s->has_factory ? &s->factory : NULL;
}

bool owner_store_has_own_verifier(const struct owner_store *s)
{
    return s->has_own;
}

enum err owner_store_set_verifier(
    struct owner_store *s, const struct claim_verifier *verifier)
{
    char text[CLAIM_VERIFIER_TEXT_SIZE];
    enum err e;

    if (verifier == NULL) {
        e = remove_file(s, "verifier");
        s->has_own = s->has_own && e != ERR_OK;
        return e;
    }
    claim_verifier_print(verifier, text);
    e = replace(s, "verifier", text, strlen(text));
    explicit_bzero(text, sizeof(text));
    if (e == ERR_OK) {
        s->own = *verifier;
        s->has_own = true;
    }
    return e;
}

/* --- life ------------------------------------------------------------------
 */

enum err owner_store_open(
    const char *folder, const char *verifier, struct owner_store **out)
{
    struct owner_store *s = calloc(1, sizeof(*s));
    enum err e = ERR_NO_MEMORY;

    if (s == NULL)
        return e;
    s->folder = strdup(folder);
    if (s->folder != NULL)
        e = strlen(folder) + 20 < OWNER_STORE_PATH ? load_record(s)
                                                   : ERR_TOO_BIG;
    if (e == ERR_OK) {
        load_wipe(s);
        e = load_pairings(s);
    }
    if (e == ERR_OK)
        e = load_verifiers(s, verifier);
    if (e == ERR_OK)
        *out = s;
    else
        owner_store_close(s);
    return e;
}

void owner_store_close(struct owner_store *s)
{
    if (s == NULL)
        return;
    owner_pairings_free(s->pairings);
    record_free(s->record);
    free(s->folder);
    explicit_bzero(s, sizeof(*s));
    free(s);
}
