/* settings.c */

#include "local/settings.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/pin.h"
#include "identity/trust.h"
#include "local/settings_classes.h"
#include "local/settings_files.h"

#define MIB            (1024 * 1024)
#define DEFAULT_PORT   8883
#define WEBSOCKET_PORT 443
#define HOUR_S         3600

#define WHO                                                                    \
    "vendor, model, serial and thing name come from the factory certificate; " \
    "remove this line"
#define ENDPOINT                                                               \
    "HOST or HOST:PORT, port 1 to 65535, no scheme before it; or several, "    \
    "divided by commas"

/* clang-format off */
static const struct config_key table[] = {
    {.section = "cloud", .name = "endpoint", .kind = CONFIG_TEXT,
        .expected = ENDPOINT},
    {.section = "cloud", .name = "trust", .kind = CONFIG_PATH,
        .choices = TRUST_SYSTEM,
        .expected = "the path of a PEM file: the CAs a broker may have; or "
        "\"" TRUST_SYSTEM "\", all that this machine believes"},
    {.section = "cloud", .name = "pins", .kind = CONFIG_TEXT, .fallback = "",
        .expected = PIN_WORDS},
    {.section = "cloud", .name = "keep_alive_s", .kind = CONFIG_NUMBER,
        .fallback = "60", .min = 5, .max = 1200},
    {.section = "cloud", .name = "keep_alive_min_s", .kind = CONFIG_NUMBER,
        .fallback = "30", .min = 5, .max = 1200},
    {.section = "cloud", .name = "puback_timeout_s", .kind = CONFIG_NUMBER,
        .fallback = "30", .min = 1, .max = 3600},
    {.section = "cloud", .name = "publishes_per_s", .kind = CONFIG_NUMBER,
        .fallback = "0", .min = 0, .max = 1000000},
    {.section = "cloud", .name = "kbytes_per_s", .kind = CONFIG_NUMBER,
        .fallback = "0", .min = 0, .max = 1000000},
    {.section = "cloud", .name = "protocol", .kind = CONFIG_CHOICE,
        .fallback = "auto", .choices = "auto|5|3.1.1"},
    {.section = "cloud", .name = "transport", .kind = CONFIG_CHOICE,
        .fallback = "tcp", .choices = "tcp|websocket"},
    {.section = "cloud", .name = "resume", .kind = CONFIG_YES_NO,
        .fallback = "yes"},
    {.section = "cloud", .name = "connect_timeout_s", .kind = CONFIG_NUMBER,
        .fallback = "20", .min = 1, .max = 120},
    {.section = "network", .name = "proxy", .kind = CONFIG_TEXT,
        .fallback = "", .expected = PROXY_WORDS},
    {.section = "network", .name = "proxy_password_file",
        .kind = CONFIG_PATH, .fallback = "",
        .expected = "the path of a file whose first line is the proxy's "
        "password"},
    {.section = "identity", .name = "certificate", .kind = CONFIG_PATH,
        .expected = "the path of a PEM file: the factory certificate, then "
        "those above it"},
    {.section = "identity", .name = "key", .kind = CONFIG_URI,
        .choices = "file|pkcs11|tpm2",
        .expected = "file:PATH, a PEM file with the certificate's key, or "
        "pkcs11:... or tpm2:...; see docs/keys.md"},
    {.section = "downloads", .name = "trust", .kind = CONFIG_PATH,
        .fallback = "", .choices = TRUST_SYSTEM,
        .expected = "the path of a PEM file: the CAs a server may have from "
        "which files are fetched; or \"" TRUST_SYSTEM "\""},
    {.section = "revocation", .name = "crl", .kind = CONFIG_PATH,
        .fallback = "",
        .expected = "the path of a file of revocation lists, PEM or DER"},
    {.section = "revocation", .name = "url", .kind = CONFIG_TEXT,
        .fallback = "", .expected = "http://HOST/... or https://HOST/..."},
    {.section = "revocation", .name = "refresh_h", .kind = CONFIG_NUMBER,
        .fallback = "24", .min = 1, .max = 8760},
    {.section = "revocation", .name = "grace_h", .kind = CONFIG_NUMBER,
        .fallback = "0", .min = 0, .max = 8760},
    {.section = "budget", .name = "day_mb", .kind = CONFIG_NUMBER,
        .fallback = "0", .min = 0, .max = 1000000},
    {.section = "budget", .name = "month_mb", .kind = CONFIG_NUMBER,
        .fallback = "0", .min = 0, .max = 1000000},
    {.section = "budget", .name = "month_begins", .kind = CONFIG_NUMBER,
        .fallback = "1", .min = 1, .max = 28},
    {.section = "budget", .name = "spread_s", .kind = CONFIG_NUMBER,
        .fallback = "600", .min = 0, .max = 3600},
    {.section = "budget", .name = "when_spent", .kind = CONFIG_CHOICE,
        .fallback = "offline", .choices = "offline|stay"},
    {.section = "store", .name = "folder", .kind = CONFIG_PATH,
        .fallback = "/var/lib/nameplate"},
    {.section = "store", .name = "limit_messages", .kind = CONFIG_NUMBER,
        .fallback = "100000", .min = 1, .max = 100000000},
    {.section = "store", .name = "limit_mb", .kind = CONFIG_NUMBER,
        .fallback = "64", .min = 1, .max = 1000000},
    {.section = "store", .name = "commits_per_s", .kind = CONFIG_NUMBER,
        .fallback = "100", .min = 1, .max = 1000},
    {.section = "store", .name = "write_mb_per_day", .kind = CONFIG_NUMBER,
        .fallback = "4096", .min = 0, .max = 1000000},
    SETTINGS_CLASSES,
    SETTINGS_ENROLMENT,
    {.section = "local", .name = "socket", .kind = CONFIG_PATH,
        .fallback = SETTINGS_SOCKET},
    {.section = "local", .name = "group", .kind = CONFIG_TEXT,
        .fallback = ""},
    {.section = "telemetry", .name = "interval_s", .kind = CONFIG_NUMBER,
        .fallback = "60", .min = 0, .max = 86400},
    {.section = "device", .name = "description", .kind = CONFIG_PATH,
        .fallback = ""},
    {.section = "ownership", .name = "verifier", .kind = CONFIG_PATH,
        .fallback = "",
        .expected = "the path of the factory's file claim-verifier"},
    {.section = "ownership", .name = "wipe", .kind = CONFIG_PATH,
        .fallback = "", .expected = "the path of a program"},
    {.section = "jobs", .name = "handlers", .kind = CONFIG_PATH,
        .fallback = "",
        .expected = "the path of a folder: programs that jobs may name"},
    {.section = "jobs", .name = "step_s", .kind = CONFIG_NUMBER,
        .fallback = "3600", .min = 1, .max = 604800},
    {.section = "commands", .name = "identify", .kind = CONFIG_PATH,
        .fallback = "", .expected = "the path of a program"},
    {.section = "commands", .name = "restart", .kind = CONFIG_PATH,
        .fallback = "", .expected = "the path of a program"},
    {.section = "log", .name = "level", .kind = CONFIG_CHOICE,
        .fallback = "info", .choices = "error|warning|info|debug"},
    {.name = "vendor", .kind = CONFIG_NEVER, .expected = WHO},
    {.name = "model", .kind = CONFIG_NEVER, .expected = WHO},
    {.name = "serial", .kind = CONFIG_NEVER, .expected = WHO},
    {.name = "serial_number", .kind = CONFIG_NEVER, .expected = WHO},
    {.name = "thing", .kind = CONFIG_NEVER, .expected = WHO},
    {.name = "thing_name", .kind = CONFIG_NEVER, .expected = WHO},
    {.name = "client_id", .kind = CONFIG_NEVER, .expected = WHO},
    {.name = "device_id", .kind = CONFIG_NEVER, .expected = WHO},
};
/* clang-format on */

/* What a caller sees, with what it is lent from. */
struct loaded {
    struct settings settings; /* first: settings_free casts back */
    struct config *config;
    struct brokers brokers;
};

static enum settings_protocol protocol_of(const char *text)
{
    if (strcmp(text, "5") == 0)
        return SETTINGS_PROTOCOL_5;
    return strcmp(text, "3.1.1") == 0 ? SETTINGS_PROTOCOL_3_1_1
                                      : SETTINGS_PROTOCOL_AUTO;
}

static enum log_level level_of(const char *text)
{
    switch (text[0]) {
    case 'e':
        return LOG_LEVEL_ERROR;
    case 'w':
        return LOG_LEVEL_WARNING;
    case 'd':
        return LOG_LEVEL_DEBUG;
    default:
        return LOG_LEVEL_INFO;
    }
}

static void fill(struct settings *s, const struct config *c)
{
    s->trust = config_text(c, "cloud", "trust");
    s->pins = config_text(c, "cloud", "pins");
    s->downloads_trust = config_text(c, "downloads", "trust");
    s->crl = config_text(c, "revocation", "crl");
    s->crl_url = config_text(c, "revocation", "url");
    s->crl_refresh_s =
        (uint32_t)config_number(c, "revocation", "refresh_h") * HOUR_S;
    s->crl_grace_s =
        (uint32_t)config_number(c, "revocation", "grace_h") * HOUR_S;
    s->keep_alive_s = (uint16_t)config_number(c, "cloud", "keep_alive_s");
    s->keep_alive_min_s =
        (uint16_t)config_number(c, "cloud", "keep_alive_min_s");
    if (s->keep_alive_min_s > s->keep_alive_s)
        s->keep_alive_min_s = s->keep_alive_s;
    s->puback_ms =
        (uint32_t)config_number(c, "cloud", "puback_timeout_s") * 1000;
    s->publishes_per_s = (uint32_t)config_number(c, "cloud", "publishes_per_s");
    s->kbytes_per_s = (uint32_t)config_number(c, "cloud", "kbytes_per_s");
    s->protocol = protocol_of(config_text(c, "cloud", "protocol"));
    s->websocket =
        strcmp(config_text(c, "cloud", "transport"), "websocket") == 0;
    s->resume = config_yes(c, "cloud", "resume");
    s->connect_timeout_ms =
        (uint32_t)config_number(c, "cloud", "connect_timeout_s") * 1000;
    s->proxy = config_text(c, "network", "proxy");
    s->proxy_password_file = config_text(c, "network", "proxy_password_file");
    s->certificate = config_text(c, "identity", "certificate");
    s->key = config_text(c, "identity", "key");
    s->folder = config_text(c, "store", "folder");
    s->limit_messages = (uint64_t)config_number(c, "store", "limit_messages");
    s->limit_bytes = (uint64_t)config_number(c, "store", "limit_mb") * MIB;
    s->commits_per_s = (uint32_t)config_number(c, "store", "commits_per_s");
    s->day_bytes =
        (uint64_t)config_number(c, "store", "write_mb_per_day") * MIB;
    s->budget_day_bytes =
        (uint64_t)config_number(c, "budget", "day_mb") * 1000000;
    s->budget_month_bytes =
        (uint64_t)config_number(c, "budget", "month_mb") * 1000000;
    s->budget_month_begins =
        (unsigned)config_number(c, "budget", "month_begins");
    s->budget_spread_s = (uint32_t)config_number(c, "budget", "spread_s");
    s->budget_stays =
        strcmp(config_text(c, "budget", "when_spent"), "stay") == 0;
    s->socket = config_text(c, "local", "socket");
    s->group = config_text(c, "local", "group");
    s->interval_ms =
        (uint32_t)config_number(c, "telemetry", "interval_s") * 1000;
    s->description = config_text(c, "device", "description");
    s->verifier = config_text(c, "ownership", "verifier");
    s->wipe = config_text(c, "ownership", "wipe");
    s->identify = config_text(c, "commands", "identify");
    s->restart = config_text(c, "commands", "restart");
    s->handlers = config_text(c, "jobs", "handlers");
    s->step_ms = (uint64_t)config_number(c, "jobs", "step_s") * 1000;
    s->level = level_of(config_text(c, "log", "level"));
}

static const char *expected_of(const char *section, const char *name)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].section != NULL && table[i].expected != NULL &&
            strcmp(table[i].section, section) == 0 &&
            strcmp(table[i].name, name) == 0)
            return table[i].expected;
    return "the path of a file";
}

/* What a value must be beyond its kind. */
struct demand {
    const char *section, *name;
    bool kept;
    bool is_secret; /* not to be repeated */
};

static bool is_proxy(const char *text)
{
    struct proxy parsed;
    bool good = text == NULL || proxy_parse(text, &parsed) == ERR_OK;

    if (text != NULL && good)
        proxy_wipe(&parsed);
    return good;
}

static bool is_url(const char *text)
{
    return text == NULL || strncmp(text, "http://", 7) == 0 ||
        strncmp(text, "https://", 8) == 0;
}

static bool are_pins(const char *text)
{
    struct pins parsed;

    return text == NULL || pins_parse(text, &parsed) == ERR_OK;
}

static enum err check_demands(struct loaded *l, config_say *say, void *context)
{
    const struct settings *s = &l->settings;
    const char *endpoint = config_text(l->config, "cloud", "endpoint");
    uint16_t port = s->websocket ? WEBSOCKET_PORT : DEFAULT_PORT;
    const struct demand demands[] = {
        {"cloud", "endpoint",
         brokers_parse(endpoint, port,       &l->brokers) == ERR_OK, false},
        {"cloud",  "pins",            are_pins(s->pins),       false         },
        {"network",  "proxy",            is_proxy(s->proxy),true},
        {"revocation",   "url",             is_url(s->crl_url),     false                },
    };
    enum err e = ERR_OK;

    l->settings.brokers = &l->brokers;
    for (size_t i = 0; i < sizeof(demands) / sizeof(demands[0]); i++) {
        const struct demand *d = &demands[i];
        char line[900];

        if (d->kept)
            continue;
        (void)snprintf(line, sizeof(line), "%s: %s = '%s' in [%s]: expected %s",
            config_where(l->config, d->section, d->name), d->name,
            d->is_secret ? "(not shown)"
                         : config_text(l->config, d->section, d->name),
            d->section, expected_of(d->section, d->name));
        say(context, line);
        e = ERR_INVALID;
    }
    return e;
}

enum err settings_load(
    const char *path, config_say *say, void *context, struct settings **out)
{
    struct loaded *l = calloc(1, sizeof(*l));
    enum err e;

    if (l == NULL)
        return ERR_NO_MEMORY;
    e = config_load(path, table, sizeof(table) / sizeof(table[0]), say, context,
        &l->config);
    if (e != ERR_OK)
        goto free_loaded;
    fill(&l->settings, l->config);
    e = check_demands(l, say, context);
    if (e == ERR_OK)
        e = settings_read_classes(l->config, l->settings.classes,
            &l->settings.class_count, say, context);
    if (e == ERR_OK)
        e = settings_read_enrolment(
            l->config, &l->settings.enrolment, say, context);
    if (e != ERR_OK)
        goto free_config;
    *out = &l->settings;
    return ERR_OK;

free_config:
    config_free(l->config);
free_loaded:
    free(l);
    return e;
}

enum err settings_check_files(
    const struct settings *settings, config_say *say, void *context)
{
    const struct loaded *l = (const struct loaded *)settings;

    return settings_look_at_files(l->config, expected_of, say, context);
}

void settings_free(struct settings *settings)
{
    struct loaded *l = (struct loaded *)settings;

    if (l == NULL)
        return;
    config_free(l->config);
    free(l);
}

void settings_say(void *context, const char *line)
{
    (void)context;
    (void)fprintf(stderr, "nameplate: %s\n", line);
}
