/* policy.c */

#include "local/policy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/revocation.h"
#include "core/file.h"
#include "core/log.h"
#include "ports/keystore/keystore.h"
#include "ports/keystore/secret.h"

#define MODULE        "policy"
#define PATH_BYTES    4096
#define ANCHORS_BYTES (1024 * 1024)

struct policy {
    const struct settings *settings;
    struct timefloor *floor;
    struct trust *broker;
    struct trust *enrolment; /* NULL: nobody is asked */
    struct secret *password; /* ... with; NULL: none */
    struct trust *downloads; /* whom we fetch a list from over https:// */
    struct proxy proxy;
    bool has_proxy;
    struct revocation *revocation;
    struct revocation_dates kept; /* of the list that was read back */
    char list[PATH_BYTES];        /* where the fetched one is kept */
    char anchors[PATH_BYTES];     /* ... and the added anchors are */
};

static enum err join(const struct settings *s, const char *name, char *out)
{
    return snprintf(out, PATH_BYTES, "%s/%s", s->folder, name) < PATH_BYTES
        ? ERR_OK
        : ERR_TOO_BIG;
}

static enum err open_floor(struct policy *p)
{
    char path[PATH_BYTES];
    enum err e = join(p->settings, "time", path);

    return e == ERR_OK ? timefloor_new(path, &p->floor) : e;
}

static enum err open_broker(struct policy *p)
{
    const struct settings *s = p->settings;
    const struct trust_options options = {.anchors = s->trust,
        .crl = s->crl,
        .pins = s->pins,
        .crl_grace_s = s->crl_grace_s,
        .floor = p->floor};

    return trust_load(&options, &p->broker);
}

static enum err open_downloads(struct policy *p)
{
    const struct settings *s = p->settings;
    const struct trust_options options = {
        .anchors = s->downloads_trust == NULL ? s->trust : s->downloads_trust,
        .floor = p->floor};

    return s->crl_url == NULL ? ERR_OK : trust_load(&options, &p->downloads);
}

static enum err open_enrolment(struct policy *p)
{
    const struct settings_enrolment *s = &p->settings->enrolment;
    const struct trust_options options = {
        .anchors = s->trust, .floor = p->floor};

    return s->method != SETTINGS_METHOD_EST
        ? ERR_OK
        : trust_load(&options, &p->enrolment);
}

/* Its first line, in memory that is wiped. */
static enum err open_password(struct policy *p)
{
    const char *path = p->settings->enrolment.password_file;
    const struct secret_file file = {path, "password"};
    char why[KEYSTORE_WHY];
    size_t len;
    char *text;
    enum err e;

    if (path == NULL)
        return ERR_OK;
    e = secret_read(&file, why, &p->password, &len);
    if (e != ERR_OK) {
        log_error(
            MODULE, "not usable password_file=\"%s\" reason=\"%s\"", path, why);
        return e;
    }
    text = (char *)secret_bytes(p->password);
    text[strcspn(text, "\r\n")] = '\0';
    return ERR_OK;
}

static enum err open_proxy(struct policy *p)
{
    const struct settings *s = p->settings;
    enum err e = ERR_OK;

    p->has_proxy = s->proxy != NULL;
    if (p->has_proxy)
        e = proxy_parse(s->proxy, &p->proxy);
    if (e == ERR_OK && p->has_proxy && s->proxy_password_file != NULL)
        e = proxy_read_password(&p->proxy, s->proxy_password_file);
    if (e == ERR_INVALID)
        log_error(MODULE,
            "no password on the first line of proxy_password_file=\"%s\"",
            s->proxy_password_file);
    else if (e != ERR_OK)
        log_error(MODULE, "not readable proxy_password_file=\"%s\" reason=%s",
            s->proxy_password_file, err_name(e));
    return e;
}

static int64_t or_zero(int64_t next_s)
{
    return next_s == INT64_MAX ? 0 : next_s;
}

static enum err use(struct policy *p, struct lists_fetched *fetched,
    struct revocation_dates *out)
{
    enum err e = trust_use_lists(p->broker, fetched);

    if (e == ERR_OK)
        *out = (struct revocation_dates){
            fetched->begun_s, or_zero(fetched->next_s)};
    return e;
}

/* Before the first connection: a server revoked yesterday is revoked today. */
static void use_what_was_kept(struct policy *p)
{
    struct lists_fetched kept = {.kept = true};
    char *bytes = NULL;
    enum err e = file_read(p->list, REVOCATION_LIST_BYTES, &bytes, &kept.len);

    if (e == ERR_NOT_FOUND)
        return;
    kept.bytes = bytes;
    if (e == ERR_OK)
        e = use(p, &kept, &p->kept);
    free(bytes);
    if (e != ERR_OK)
        log_warning(MODULE,
            "the kept revocation list is not used file=\"%s\""
            " reason=%s",
            p->list, err_name(e));
}

/* Without them the configured ones count on: no reason not to start. */
static void use_kept_anchors(struct policy *p)
{
    char *pem;
    size_t len;
    enum err e = file_read(p->anchors, ANCHORS_BYTES, &pem, &len);

    if (e == ERR_NOT_FOUND)
        return;
    if (e == ERR_OK) {
        e = strlen(pem) == len ? trust_restore_anchors(p->broker, pem)
                               : ERR_INVALID;
        free(pem);
    }
    if (e != ERR_OK)
        log_warning(MODULE,
            "the added anchors are not used until the enrolment server was "
            "asked again file=\"%s\" reason=%s",
            p->anchors, err_name(e));
}

enum err policy_roll_anchors(void *policy, const struct certs_only *offered)
{
    struct policy *p = policy;
    struct bytes kept;
    enum err e = trust_roll_anchors(p->broker, offered, &kept);

    if (e != ERR_OK)
        return e;
    e = file_replace(
        p->anchors, kept.at != NULL ? kept.at : (void *)"", kept.len);
    bytes_free(&kept);
    if (e != ERR_OK)
        log_error(MODULE,
            "the added anchors are not kept file=\"%s\" reason=%s", p->anchors,
            err_name(e));
    return e;
}

enum err policy_open(const struct settings *settings, struct policy **out)
{
    struct policy *p = calloc(1, sizeof(*p));
    enum err e;

    if (p == NULL)
        return ERR_NO_MEMORY;
    p->settings = settings;
    e = open_floor(p);
    if (e == ERR_OK)
        e = open_broker(p);
    if (e == ERR_OK)
        e = open_downloads(p);
    if (e == ERR_OK)
        e = open_enrolment(p);
    if (e == ERR_OK)
        e = open_password(p);
    if (e == ERR_OK)
        e = open_proxy(p);
    if (e == ERR_OK)
        e = join(settings, "crl", p->list);
    if (e == ERR_OK)
        e = join(settings, "enrolment/anchors.pem", p->anchors);
    if (e != ERR_OK) {
        policy_close(p);
        return e;
    }
    if (settings->crl_url != NULL)
        use_what_was_kept(p);
    if (settings->enrolment.renew_trust)
        use_kept_anchors(p);
    *out = p;
    return ERR_OK;
}

void policy_close(struct policy *p)
{
    if (p == NULL)
        return;
    policy_rest(p);
    trust_free(p->downloads);
    trust_free(p->enrolment);
    secret_free(p->password);
    trust_free(p->broker);
    timefloor_free(p->floor);
    proxy_wipe(&p->proxy);
    free(p);
}

const struct trust *policy_broker(const struct policy *policy)
{
    return policy->broker;
}

const struct trust *policy_enrolment(const struct policy *policy)
{
    return policy->enrolment;
}

const char *policy_password(const struct policy *policy)
{
    return policy->password != NULL
        ? (const char *)secret_bytes(policy->password)
        : NULL;
}

const struct proxy *policy_proxy(const struct policy *policy)
{
    return policy->has_proxy ? &policy->proxy : NULL;
}

struct timefloor *policy_floor(const struct policy *policy)
{
    return policy->floor;
}

static enum err on_list(
    void *context, const void *bytes, size_t len, struct revocation_dates *out)
{
    struct policy *p = context;
    struct lists_fetched fetched = {.bytes = bytes, .len = len};

    return use(p, &fetched, out);
}

enum err policy_watch(struct policy *p, struct loop *loop)
{
    const struct revocation_options options = {.loop = loop,
        .url = p->settings->crl_url,
        .proxy = policy_proxy(p),
        .trust = p->downloads,
        .path = p->list,
        .known = &p->kept,
        .interval_ms = (uint64_t)p->settings->crl_refresh_s * 1000,
        .use = on_list,
        .context = p};

    return options.url == NULL ? ERR_OK
                               : revocation_start(&options, &p->revocation);
}

void policy_rest(struct policy *p)
{
    if (p == NULL)
        return;
    revocation_free(p->revocation);
    p->revocation = NULL;
}

void policy_connected(struct policy *p)
{
    timefloor_save(p->floor);
    if (p->revocation != NULL &&
        strcmp(revocation_status(p->revocation).why, "list") == 0)
        revocation_ask(p->revocation);
}

void policy_look_at_clock(struct policy *p)
{
    if (p->revocation != NULL)
        revocation_look(p->revocation);
}
