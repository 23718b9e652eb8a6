/* config.c - one value for each row of the table, in the table's order. */

#include "core/config.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_file.h"
#include "core/config_value.h"
#include "core/near.h"

#define DROP_INS_MAX 1000

struct slot {
    struct config_value value;
    char *where;   /* "agent.ini:7"; NULL: the fallback holds */
    unsigned file; /* which file gave it, counted from 1 */
};

struct config {
    const struct config_key *table;
    size_t count;
    struct slot slots[];
};

struct loading {
    struct config *config;
    config_say *say;
    void *context;
    const char *path;   /* the file being read */
    unsigned file;      /* its number */
    char *section_told; /* an unknown section is told once a file */
    enum err e;         /* the first that stops the whole */
};

__attribute__((format(printf, 3, 4))) static void tell(
    struct loading *l, unsigned line, const char *format, ...)
{
    char text[1000];
    va_list args;
    int at = line == 0 ? snprintf(text, sizeof(text), "%s: ", l->path)
                       : snprintf(text, sizeof(text), "%s:%u: ", l->path, line);
    size_t len = at < 0 ? 0 : (size_t)at;

    if (len >= sizeof(text))
        len = sizeof(text) - 1;
    va_start(args, format);
    (void)vsnprintf(text + len, sizeof(text) - len, format, args);
    va_end(args);
    l->say(l->context, text);
    if (l->e == ERR_OK)
        l->e = ERR_INVALID;
}

static bool same(const char *a, const char *b)
{
    return a == NULL || strcmp(a, b) == 0; /* a NULL section is any */
}

static const struct config_key *find_key(
    const struct config *config, const char *section, const char *name)
{
    for (size_t i = 0; i < config->count; i++)
        if (same(config->table[i].section, section) &&
            strcmp(config->table[i].name, name) == 0)
            return &config->table[i];
    return NULL;
}

/* The sections of the table, or the keys of one of them; NULLs are left out.
 */
static const char *near_name(
    const struct config *config, const char *section, const char *word)
{
    const char **words = calloc(config->count, sizeof(*words));
    const char *near;
    size_t n = 0;

    if (words == NULL)
        return NULL;
    for (size_t i = 0; i < config->count; i++) {
        const struct config_key *key = &config->table[i];

        if (key->kind == CONFIG_NEVER)
            continue;
        if (section == NULL)
            words[n++] = key->section;
        else if (strcmp(key->section, section) == 0)
            words[n++] = key->name;
    }
    near = near_word(word, words, n);
    free(words);
    return near;
}

static bool has_section(const struct config *config, const char *section)
{
    for (size_t i = 0; i < config->count; i++)
        if (config->table[i].section != NULL &&
            strcmp(config->table[i].section, section) == 0)
            return true;
    return false;
}

static void tell_unknown_section(
    struct loading *l, unsigned line, const char *section)
{
    const char *near = near_name(l->config, NULL, section);

    if (l->section_told != NULL && strcmp(l->section_told, section) == 0)
        return;
    free(l->section_told);
    l->section_told = strdup(section);
    if (near != NULL)
        tell(
            l, line, "unknown section [%s]; did you mean [%s]?", section, near);
    else
        tell(l, line, "unknown section [%s]", section);
}

static void tell_unknown_key(
    struct loading *l, unsigned line, const char *section, const char *name)
{
    const char *near = near_name(l->config, section, name);

    if (near != NULL) {
        tell(l, line, "unknown key '%s' in [%s]; did you mean '%s'?", name,
            section, near);
        return;
    }
    for (size_t i = 0; i < l->config->count; i++)
        if (strcmp(l->config->table[i].name, name) == 0) {
            tell(l, line, "unknown key '%s' in [%s]; it belongs in [%s]", name,
                section, l->config->table[i].section);
            return;
        }
    tell(l, line, "unknown key '%s' in [%s]", name, section);
}

static void clear_slot(struct slot *slot)
{
    free(slot->value.text);
    free(slot->where);
    *slot = (struct slot){.file = 0};
}

/* A URI can hold a PIN: what stands behind its scheme is not repeated. */
static void tell_bad_value(struct loading *l, unsigned line,
    const struct config_key *key, const char *text, const char *fault)
{
    size_t shown = strlen(text);
    bool whole = true;

    if (key->kind == CONFIG_URI) {
        size_t scheme = strcspn(text, ":;?&=");

        whole = scheme + 1 >= shown;
        shown = whole ? shown : scheme + 1;
    }
    tell(l, line, "%s = '%.*s%s' in [%s]: %s", key->name, (int)shown, text,
        whole ? "" : "...", key->section, fault);
}

static void keep(struct loading *l, const struct config_key *key, unsigned line,
    const char *text)
{
    struct slot *slot = &l->config->slots[key - l->config->table];
    struct slot fresh = {.file = l->file};
    char fault[300];
    size_t size = strlen(l->path) + 20;
    enum err e;

    if (slot->file == l->file) {
        tell(l, line, "%s in [%s] stands here again; it is at %s already",
            key->name, key->section, slot->where);
        return;
    }
    fresh.where = malloc(size);
    if (fresh.where == NULL) {
        l->e = ERR_NO_MEMORY;
        return;
    }
    (void)snprintf(fresh.where, size, "%s:%u", l->path, line);
    e = config_value_make(
        key, text, l->path, &fresh.value, fault, sizeof(fault));
    if (e == ERR_INVALID)
        tell_bad_value(l, line, key, text, fault);
    else if (e != ERR_OK)
        l->e = e;
    clear_slot(slot); /* a bad value counts as given: it is told once */
    *slot = fresh;
}

static void on_entry(void *context, unsigned line, const char *section,
    const char *name, const char *value)
{
    struct loading *l = context;
    const struct config_key *key = find_key(l->config, section, name);

    if (key != NULL && key->kind == CONFIG_NEVER)
        tell(l, line, "'%s' cannot be configured: %s", name, key->expected);
    else if (key != NULL)
        keep(l, key, line, value);
    else if (*section == '\0')
        tell(l, line, "'%s' stands before the first [section]", name);
    else if (!has_section(l->config, section))
        tell_unknown_section(l, line, section);
    else
        tell_unknown_key(l, line, section, name);
}

static void on_fault(void *context, unsigned line, const char *text)
{
    tell(context, line, "%s", text);
}

static void read_file(struct loading *l, const char *path)
{
    const struct config_file_events events = {on_entry, on_fault, l};
    enum err before = l->e, e;

    l->path = path;
    l->file++;
    free(l->section_told);
    l->section_told = NULL;
    e = config_file_read(path, &events);
    /* What is wrong with a file outranks what is wrong inside others. */
    if (e != ERR_OK)
        l->e = before == ERR_OK || before == ERR_INVALID ? e : before;
}

static int is_drop_in(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 4 &&
        strcmp(entry->d_name + len - 4, ".ini") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* whatever the locale */
}

static char *join(const char *a, const char *b, const char *c)
{
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *out = malloc(size);

    if (out != NULL)
        (void)snprintf(out, size, "%s%s%s", a, b, c);
    return out;
}

static void read_drop_in(
    struct loading *l, const char *folder, const char *name)
{
    char *path = join(folder, "/", name);

    if (path == NULL)
        l->e = ERR_NO_MEMORY;
    else
        read_file(l, path);
    l->path = folder;
    free(path);
}

static void read_drop_ins(struct loading *l, const char *main_path)
{
    char *folder = join(main_path, ".d", "");
    struct dirent **found = NULL;
    int count;

    if (folder == NULL) {
        l->e = ERR_NO_MEMORY;
        return;
    }
    l->path = folder;
    count = scandir(folder, &found, is_drop_in, by_name);
    if (count < 0 && errno != ENOENT) {
        enum err e = errno == EACCES ? ERR_DENIED : ERR_IO;

        tell(l, 0, "cannot be read: %s; expected a folder of *.ini",
            strerror(errno));
        l->e = e;
    }
    for (int i = 0; i < count; i++) {
        read_drop_in(l, folder, found[i]->d_name);
        free(found[i]);
    }
    free(found);
    l->path = main_path;
    free(folder);
}

/* Rows that no file gave get their fallback, or are missing. */
static void fill_rest(struct loading *l)
{
    for (size_t i = 0; i < l->config->count; i++) {
        const struct config_key *key = &l->config->table[i];
        struct slot *slot = &l->config->slots[i];
        char fault[300];
        enum err e;

        if (slot->file != 0 || key->kind == CONFIG_NEVER)
            continue;
        if (key->fallback == NULL) {
            config_value_expected(key, fault, sizeof(fault));
            tell(l, 0, "%s is missing in [%s]: %s", key->name, key->section,
                fault);
            continue;
        }
        e = config_value_make(
            key, key->fallback, "", &slot->value, fault, sizeof(fault));
        assert(e != ERR_INVALID); /* the table itself is wrong */
        if (e != ERR_OK)
            l->e = e;
    }
}

enum err config_load(const char *path, const struct config_key *table,
    size_t count, config_say *say, void *context, struct config **out)
{
    struct config *config =
        calloc(1, sizeof(*config) + count * sizeof(config->slots[0]));
    struct loading l = {
        .config = config, .say = say, .context = context, .path = path};

    if (config == NULL)
        return ERR_NO_MEMORY;
    config->table = table;
    config->count = count;
    read_file(&l, path);
    if (l.e == ERR_OK || l.e == ERR_INVALID) {
        read_drop_ins(&l, path);
        l.path = path;
        fill_rest(&l);
    }
    free(l.section_told);
    if (l.e != ERR_OK) {
        config_free(config);
        return l.e;
    }
    *out = config;
    return ERR_OK;
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->count; i++)
        clear_slot(&config->slots[i]);
    free(config);
}

static const struct slot *look_up(
    const struct config *config, const char *section, const char *name)
{
    const struct config_key *key = find_key(config, section, name);

    assert(key != NULL && key->kind != CONFIG_NEVER);
    return &config->slots[key - config->table];
}

const char *config_text(
    const struct config *config, const char *section, const char *name)
{
    return look_up(config, section, name)->value.text;
}

int64_t config_number(
    const struct config *config, const char *section, const char *name)
{
    return look_up(config, section, name)->value.number;
}

bool config_yes(
    const struct config *config, const char *section, const char *name)
{
    const char *text = config_text(config, section, name);

    return text != NULL && strcmp(text, "yes") == 0;
}

const char *config_where(
    const struct config *config, const char *section, const char *name)
{
    return look_up(config, section, name)->where;
}
