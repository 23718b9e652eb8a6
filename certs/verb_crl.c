/* verb_crl.c - the lists of what is revoked, one of each authority. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/revocation.h"
#include "certs/say.h"
#include "certs/verb.h"
#include "identity/pem.h"

#define DEFAULT_DAYS "30"
#define MAX_DAYS     3650
#define DAY_S        86400
#define NUMBER_LIMIT 32
#define CRL_LIMIT    (64 << 20)

struct work {
    const struct home *home;
    int days;
    struct bytes all; /* the lists of device authorities, in PEM */
    size_t lists, revoked, old;
};

/* The next number of this authority's lists, remembered before it is used, so
 * that it grows whatever happens (RFC 5280 5.2.3). */
static enum err next_number(
    const struct work *work, const char *base, uint64_t *number)
{
    struct bytes text = {NULL, 0};
    char path[DISK_PATH_SIZE], line[NUMBER_LIMIT], *end = NULL;
    enum err e;

    disk_path(path, "%s.crlnumber", base);
    e = disk_read(path, NUMBER_LIMIT, &text);
    *number = 0;
    if (e == ERR_OK) {
        *number = strtoull((const char *)text.at, &end, 10);
        if (end == (const char *)text.at || strcmp(end, "\n") != 0) {
            say("%s is not a number; restore it from a backup", path);
            e = ERR_INVALID;
        }
    } else if (e == ERR_NOT_FOUND) {
        e = ERR_OK;
    }
    bytes_free(&text);
    if (e != ERR_OK)
        return e;
    ++*number;
    (void)snprintf(line, sizeof(line), "%" PRIu64 "\n", *number);
    return disk_write(work->home->folder, path,
        (struct span){(unsigned char *)line, strlen(line)}, 0644);
}

static enum err make_list(struct work *work, const char *base,
    const struct authority *authority, struct bytes *pem)
{
    struct crl_plan plan = {.count = 0};
    struct crl_entry *entries = NULL;
    struct bytes der = {NULL, 0};
    enum err e = authority_now(authority, &plan.from);

    plan.to = plan.from + (int64_t)work->days * DAY_S;
    if (e == ERR_OK)
        e = revocation_list(work->home, authority, &entries, &plan.count);
    if (e == ERR_OK)
        e = next_number(work, base, &plan.number);
    if (e != ERR_OK)
        goto free_entries;
    plan.entries = entries;
    e = crl_make(&plan, authority, &der);
    if (e == ERR_OK)
        e = pem_write(PEM_CRL, bytes_span(&der), pem);
    if (e == ERR_OK) {
        work->lists++;
        work->revoked += plan.count;
    } else {
        say("cannot make the list of %s: %s", base, err_name(e));
    }
    bytes_free(&der);

free_entries:
    free(entries);
    return e;
}

static enum err append(struct work *work, const char *base, struct span pem)
{
    unsigned char *more;

    /* Servers are a world of their own: see verb_server.c. */
    if (strlen(base) > 10 &&
        strcmp(base + strlen(base) - 10, "/server/ca") == 0)
        return ERR_OK;
    more = realloc(work->all.at, work->all.len + pem.len);
    if (more == NULL)
        return say_no_memory();
    memcpy(more + work->all.len, pem.at, pem.len);
    work->all.at = more;
    work->all.len += pem.len;
    return ERR_OK;
}

/* The key is kept elsewhere, as a root's should be: its last list stays. */
static enum err keep_old(struct work *work, const char *base, const char *path)
{
    struct bytes pem = {NULL, 0};
    enum err e = disk_read(path, CRL_LIMIT, &pem);

    say("%s.key is not here: %s", base,
        e == ERR_OK ? "its last list stays" : "it gets no list");
    work->old++;
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK)
        e = append(work, base, bytes_span(&pem));
    bytes_free(&pem);
    return e;
}

static enum err list_authority(void *context, const char *base)
{
    struct work *work = context;
    char path[DISK_PATH_SIZE], key[DISK_PATH_SIZE];
    struct authority authority;
    struct bytes pem = {NULL, 0};
    enum err e;

    disk_path(path, "%s.crl", base);
    disk_path(key, "%s.key", base);
    if (!disk_exists(key))
        return keep_old(work, base, path);
    e = authority_load(base, &authority);
    if (e != ERR_OK)
        return e;
    e = make_list(work, base, &authority, &pem);
    if (e == ERR_OK)
        e = disk_write(work->home->folder, path, bytes_span(&pem), 0644);
    if (e == ERR_OK)
        e = append(work, base, bytes_span(&pem));
    bytes_free(&pem);
    authority_free(&authority);
    return e;
}

static enum err make_all(struct work *work, const char *bundle)
{
    int lock;
    enum err e = disk_lock(work->home->folder, &lock);

    if (e != ERR_OK)
        return e;
    e = home_each_authority(work->home, list_authority, work);
    if (e == ERR_OK)
        e = disk_write(
            work->home->folder, bundle, bytes_span(&work->all), 0644);
    bytes_free(&work->all);
    disk_unlock(lock);
    return e;
}

static struct json *result_of(const struct work *work, const char *bundle)
{
    struct json *object = VERB_OBJECT({"file", bundle});

    if (object != NULL &&
        json_set(object, "lists", json_new_number((double)work->lists)) ==
            ERR_OK &&
        json_set(object, "revoked", json_new_number((double)work->revoked)) ==
            ERR_OK &&
        json_set(object, "kept", json_new_number((double)work->old)) == ERR_OK)
        return object;
    json_free(object);
    return NULL;
}

static enum err run(const struct options *options)
{
    const char *days = options_get(options, "days");
    char bundle[DISK_PATH_SIZE], *end;
    struct work work = {.days = 0};
    struct home home;
    long value;
    enum err e = home_open(options, &home);

    if (e != ERR_OK)
        return e;
    days = days == NULL ? DEFAULT_DAYS : days;
    value = strtol(days, &end, 10);
    if (*days == '\0' || *end != '\0' || value < 1 || value > MAX_DAYS) {
        say("--days '%s' is refused: expected 1 to %d", days, MAX_DAYS);
        return ERR_INVALID;
    }
    work.home = &home;
    work.days = (int)value;
    disk_path(bundle, "%s/revoked.crl", home.folder);
    e = make_all(&work, bundle);
    if (e != ERR_OK)
        return e;
    return verb_print(options, result_of(&work, bundle),
        "%s: %zu lists, %zu certificates revoked, good for %d days\n"
        "next: give it to the broker (its crlfile), and make it reload\n",
        bundle, work.lists, work.revoked, work.days);
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"days",   OPTION_ONE },
    {"json",   OPTION_FLAG},
};

const struct verb verb_crl = {
    .name = "crl",
    .arguments = "[--days N]",
    .summary = "make the lists of what is revoked",
    .help = "  --days N  until the next lists come (default: " DEFAULT_DAYS
            "); a broker\n"
            "            refuses everybody when its lists are too old\n"
            "Each CA's list stands beside it (*.crl); revoked.crl holds all\n"
            "those of device CAs, as a broker wants them.\n"
            "example: factory crl --days 7\n",
    VERB_RULES(rules),
    .run = run,
};
