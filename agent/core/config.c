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
#include "core/config_slots.h"
#include "core/near.h"

#define DROP_INS_MAX 1000

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
        else if (config_row_is_in(key, section))
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
            config_row_is_in(&config->table[i], section))
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

/* Where an entry stands, and what it says. */
struct entry {
    unsigned line;
    const char *section, *text;
};

/* A URI can hold a PIN: what stands behind its scheme is not repeated. */
static void tell_bad_value(struct loading *l, const struct config_key *key,
    const struct entry *entry, const char *fault)
{
    const char *text = entry->text;
    size_t shown = strlen(text);
    bool whole = true;

    if (key->kind == CONFIG_URI) {
        size_t scheme = strcspn(text, ":;?&=");

        whole = scheme + 1 >= shown;
        shown = whole ? shown : scheme + 1;
    }
    tell(l, entry->line, "%s = '%.*s%s' in [%s]: %s", key->name, (int)shown,
        text, whole ? "" : "...", entry->section, fault);
}

static void keep(
    struct loading *l, const struct config_key *key, const struct entry *entry)
{
    struct config_slot *slot = config_slot_make(l->config, key, entry->section);
    struct config_slot fresh = {.file = l->file};
    char fault[300];
    size_t size = strlen(l->path) + 20;
    enum err e;

    if (slot != NULL && slot->file == l->file) {
        tell(l, entry->line,
            "%s in [%s] stands here again; it is at %s already", key->name,
            entry->section, slot->where);
        return;
    }
    fresh.where = slot == NULL ? NULL : malloc(size);
    if (fresh.where == NULL) {
        l->e = ERR_NO_MEMORY;
        return;
    }
    (void)snprintf(fresh.where, size, "%s:%u", l->path, entry->line);
    e = config_value_make(
        key, entry->text, l->path, &fresh.value, fault, sizeof(fault));
    if (e == ERR_INVALID)
        tell_bad_value(l, key, entry, fault);
    else if (e != ERR_OK)
        l->e = e;
    config_slot_clear(slot); /* a bad value counts as given: it is told once */
    *slot = fresh;
}

static void on_entry(void *context, unsigned line, const char *section,
    const char *name, const char *value)
{
    struct loading *l = context;
    const struct config_key *key = config_row(l->config, section, name);

    if (key != NULL && key->kind == CONFIG_NEVER)
        tell(l, line, "'%s' cannot be configured: %s", name, key->expected);
    else if (key != NULL)
        keep(l, key, &(struct entry){line, section, value});
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

static void fill(struct loading *l, const struct config_key *key,
    const char *section, struct config_slot *slot)
{
    char fault[300];
    enum err e;

    if (key->fallback == NULL) {
        config_value_expected(key, fault, sizeof(fault));
        tell(l, 0, "%s is missing in [%s]: %s", key->name, section, fault);
        return;
    }
    e = config_value_make(
        key, key->fallback, "", &slot->value, fault, sizeof(fault));
    assert(e != ERR_INVALID); /* the table itself is wrong */
    if (e != ERR_OK)
        l->e = e;
}

/* Rows that no file gave get their fallback, or are missing. */
static void fill_rest(struct loading *l)
{
    for (struct config_slots *s = l->config->first; s != NULL; s = s->next)
        for (size_t i = 0; i < l->config->count; i++) {
            const struct config_key *key = &l->config->table[i];

            if (s->slots[i].file == 0 && key->kind != CONFIG_NEVER &&
                config_slots_hold(s, key))
                fill(l, key, s->section == NULL ? key->section : s->section,
                    &s->slots[i]);
        }
}

enum err config_load(const char *path, const struct config_key *table,
    size_t count, config_say *say, void *context, struct config **out)
{
    struct config *config = calloc(1, sizeof(*config));
    struct loading l = {
        .config = config, .say = say, .context = context, .path = path};

    if (config == NULL)
        return ERR_NO_MEMORY;
    config->table = table;
    config->count = count;
    l.e = config_slots_init(config);
    if (l.e == ERR_OK)
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
    config_slots_free(config);
    free(config);
}

static const struct config_slot *look_up(
    const struct config *config, const char *section, const char *name)
{
    const struct config_key *key = config_row(config, section, name);
    const struct config_slot *slot;

    assert(key != NULL && key->kind != CONFIG_NEVER);
    slot = config_slot_of(config, key, section);
    assert(slot != NULL);
    return slot;
}

const char *config_section(const struct config *config, size_t index)
{
    const struct config_slots *s = config->first->next;

    while (s != NULL && index-- > 0)
        s = s->next;
    return s == NULL ? NULL : s->section;
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
