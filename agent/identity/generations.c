/* generations.c */

#include "identity/generations.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/json.h"
#include "core/log.h"

#define MODULE      "generations"
#define PATH_BYTES  4096
#define STATE_MOST  200
#define NUMBER_MOST 999999999
#define IN_FILES    "file"

struct generations {
    char folder[PATH_BYTES - 100]; /* room for names in it */
    char *key_home;
    unsigned current, previous, highest;
    char old_id[ISSUED_ID];
};

/* --- names --------------------------------------------------------------- */

static void name_of(const struct generations *g, unsigned number,
    const char *file, char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%s/g%u%s", g->folder, number, file);
}

/* pkcs11:...;object=NAME becomes object=NAME-7, a handle counts on. */
static enum err token_key(
    const struct generations *g, unsigned number, char uri[GENERATIONS_URI])
{
    const char *object = strstr(g->key_home, "object=");
    const char *handle = strstr(g->key_home, "handle=0x");
    size_t end;
    int len;

    if (object != NULL) {
        end = (size_t)(object - g->key_home) + strcspn(object, ";?&");
        len = snprintf(uri, GENERATIONS_URI, "%.*s-%u%s", (int)end, g->key_home,
            number, g->key_home + end);
    } else if (handle != NULL) {
        handle += strlen("handle=");
        len = snprintf(uri, GENERATIONS_URI, "%.*s0x%08lx%s",
            (int)(handle - g->key_home), g->key_home,
            strtoul(handle, NULL, 16) + number, handle + strcspn(handle, ";"));
    } else {
        return ERR_INVALID;
    }
    return len < GENERATIONS_URI ? ERR_OK : ERR_TOO_BIG;
}

enum err generations_key(
    const struct generations *g, unsigned number, char uri[GENERATIONS_URI])
{
    if (strcmp(g->key_home, IN_FILES) != 0)
        return token_key(g, number, uri);
    return snprintf(uri, GENERATIONS_URI, "file:%s/g%u/key.pem", g->folder,
               number) < GENERATIONS_URI
        ? ERR_OK
        : ERR_TOO_BIG;
}

/* What names the key in its token, without a PIN, which stands behind '?' or in
 * an attribute after the handle. */
static size_t bare_len(const char *uri)
{
    const char *handle = strstr(uri, "handle=");

    return handle != NULL ? (size_t)(handle - uri) + strcspn(handle, ";?&")
                          : strcspn(uri, "?");
}

enum err generations_mark(
    const struct generations *g, unsigned number, struct generations_mark *out)
{
    char uri[GENERATIONS_URI];
    enum err e = generations_key(g, number, uri);

    *out = (struct generations_mark){.path = ""};
    if (e != ERR_OK || strcmp(g->key_home, IN_FILES) == 0)
        return e;
    (void)snprintf(
        out->path, sizeof(out->path), "%s/g%u/token", g->folder, number);
    (void)snprintf(
        out->text, sizeof(out->text), "%.*s", (int)bare_len(uri), uri);
    return ERR_OK;
}

/* --- the folder ---------------------------------------------------------- */

static enum err fail(const char *what, const char *path)
{
    log_error(MODULE, "cannot %s path=\"%s\" reason=\"%s\"", what, path,
        strerror(errno));
    return ERR_IO;
}

static void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        (void)closedir(dir);
    (void)rmdir(path);
}

static bool is_kept(const struct generations *g, unsigned number)
{
    return number == g->current || number == g->previous;
}

void generations_forget(struct generations *g, unsigned number)
{
    char path[PATH_BYTES];

    if (number == 0 || is_kept(g, number))
        return;
    name_of(g, number, "", path);
    remove_all(path);
}

/* Was a key made for it in the token that is configured now? */
static bool has_mark(const struct generations *g, unsigned number)
{
    struct generations_mark mark;
    char *text = NULL;
    size_t len;
    bool has = generations_mark(g, number, &mark) == ERR_OK &&
        *mark.path != '\0' &&
        file_read(mark.path, sizeof(mark.text), &text, &len) == ERR_OK &&
        strcmp(text, mark.text) == 0;

    free(text);
    return has;
}

void generations_drop(struct generations *g, unsigned number)
{
    if (!has_mark(g, number))
        generations_forget(g, number);
}

/* "g7"; 0: it is not one. */
static unsigned number_of(const char *name)
{
    size_t digits = strspn(name + (*name == 'g'), "0123456789");

    if (*name != 'g' || digits == 0 || digits > 9 || name[1 + digits] != '\0')
        return 0;
    return (unsigned)strtoul(name + 1, NULL, 10);
}

unsigned generations_spent(const struct generations *g)
{
    DIR *dir = opendir(g->folder);
    struct dirent *entry;
    unsigned found = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        unsigned number = number_of(entry->d_name);

        if (number != 0 && !is_kept(g, number) &&
            (found == 0 || number < found) && has_mark(g, number))
            found = number;
    }
    if (dir != NULL)
        (void)closedir(dir);
    return found;
}

/* What a power cut left half-made, and what nobody goes back to. */
static void tidy(struct generations *g)
{
    DIR *dir = opendir(g->folder);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        unsigned number = number_of(entry->d_name);

        if (number > g->highest)
            g->highest = number;
        generations_drop(g, number);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

/* --- current ------------------------------------------------------------- */

static void state_path(const struct generations *g, char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%s/current", g->folder);
}

static bool is_id(const char *text)
{
    return text != NULL && strlen(text) < ISSUED_ID &&
        text[strspn(text, "0123456789abcdef")] == '\0';
}

static enum err take_state(struct generations *g, const struct json *state)
{
    const char *old = json_text(json_get(state, "old"));
    int64_t current, previous;

    if (!json_whole(json_get(state, "generation"), 1, NUMBER_MOST, &current) ||
        !json_whole(json_get(state, "previous"), 0, NUMBER_MOST, &previous) ||
        !is_id(old))
        return ERR_INVALID;
    g->current = (unsigned)current;
    g->previous = (unsigned)previous;
    (void)snprintf(g->old_id, sizeof(g->old_id), "%s", old);
    return ERR_OK;
}

static enum err read_state(struct generations *g)
{
    static const struct json_limits limits = {STATE_MOST, 2};
    struct json *state = NULL;
    char path[PATH_BYTES], *text = NULL;
    size_t len;
    enum err e;

    state_path(g, path);
    e = file_read(path, STATE_MOST, &text, &len);
    if (e == ERR_NOT_FOUND)
        return e;
    if (e == ERR_OK)
        e = json_parse(text, len, limits, &state);
    if (e == ERR_OK)
        e = take_state(g, state);
    json_free(state);
    free(text);
    if (e != ERR_OK)
        log_error(MODULE,
            "the operational identity is not known: the file is damaged "
            "file=\"%s\" reason=%s",
            path, err_name(e));
    return e;
}

enum err generations_commit(
    struct generations *g, unsigned number, const char *old_id)
{
    char path[PATH_BYTES], text[STATE_MOST];
    unsigned before = g->previous;
    int len = snprintf(text, sizeof(text),
        "{\"generation\":%u,\"previous\":%u,\"old\":\"%s\"}\n", number,
        g->current, old_id);

    state_path(g, path);
    if (file_replace(path, text, (size_t)len) != ERR_OK)
        return fail("write", path);
    g->previous = g->current;
    g->current = number;
    (void)snprintf(g->old_id, sizeof(g->old_id), "%s", old_id);
    generations_drop(g, before);
    return ERR_OK;
}

/* --- life ---------------------------------------------------------------- */

static enum err new_in(
    const char *folder, const char *key_home, struct generations **out)
{
    struct generations *g = calloc(1, sizeof(*g));
    enum err e = ERR_OK;

    if (g == NULL)
        return ERR_NO_MEMORY;
    g->key_home = strdup(key_home);
    if (g->key_home == NULL)
        e = ERR_NO_MEMORY;
    else if (snprintf(g->folder, sizeof(g->folder), "%s", folder) >=
        (int)sizeof(g->folder))
        e = ERR_TOO_BIG;
    if (e == ERR_OK)
        *out = g;
    else
        generations_close(g);
    return e;
}

enum err generations_open(
    const char *folder, const char *key_home, struct generations **out)
{
    struct generations *g = NULL;
    enum err e = new_in(folder, key_home, &g);

    if (e == ERR_OK && mkdir(folder, 0700) != 0 && errno != EEXIST)
        e = fail("make", folder);
    if (e != ERR_OK) {
        generations_close(g);
        return e;
    }
    (void)read_state(g); /* without it the factory's identity is used */
    g->highest = g->current;
    tidy(g);
    *out = g;
    return ERR_OK;
}

enum err generations_look(
    const char *folder, const char *key_home, struct generations **out)
{
    struct generations *g = NULL;
    enum err e = new_in(folder, key_home, &g);

    if (e == ERR_OK)
        e = read_state(g);
    if (e == ERR_OK)
        *out = g;
    else
        generations_close(g);
    return e;
}

void generations_close(struct generations *g)
{
    if (g == NULL)
        return;
    free(g->key_home);
    free(g);
}

unsigned generations_current(const struct generations *g)
{
    return g->current;
}

unsigned generations_previous(const struct generations *g)
{
    return g->previous;
}

const char *generations_old_id(const struct generations *g)
{
    return g->old_id;
}

enum err generations_begin(struct generations *g, unsigned *number)
{
    char path[PATH_BYTES];

    name_of(g, g->highest + 1, "", path);
    if (mkdir(path, 0700) != 0)
        return fail("make", path);
    *number = ++g->highest;
    return file_sync_folder(g->folder) == ERR_OK ? ERR_OK
                                                 : fail("flush", g->folder);
}

/* The key's name in the folder becomes durable with it. */
enum err generations_put(
    struct generations *g, unsigned number, struct span pem)
{
    char path[PATH_BYTES];

    name_of(g, number, "/certificate.pem", path);
    return file_replace(path, pem.at, pem.len) == ERR_OK ? ERR_OK
                                                         : fail("write", path);
}

/* --- one of them --------------------------------------------------------- */

enum err generations_load(const struct generations *g, unsigned number,
    char why[KEY_WHY], struct generation **out)
{
    char path[PATH_BYTES], uri[GENERATIONS_URI];
    enum err e = generations_key(g, number, uri);

    (void)snprintf(why, KEY_WHY, "its key cannot be named");
    if (e != ERR_OK)
        return e;
    name_of(g, number, "/certificate.pem", path);
    e = generation_read(path, uri, why, out);
    if (e == ERR_OK)
        (*out)->number = number;
    return e;
}
