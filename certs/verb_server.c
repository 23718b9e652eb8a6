/* verb_server.c - a certificate for a broker, from a CA of its own: a device
 * CA never signs a server, and this one never signs a device. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/home.h"
#include "certs/say.h"
#include "certs/verb.h"
#include "identity/oid.h"
#include "ports/port.h"

#define DAY_S        86400
#define CA_DAYS      3660 /* so that a new one can issue for MAX_DAYS */
#define MAX_DAYS     3650
#define DEFAULT_DAYS "397" /* what browsers accept at most */
#define DNS_MAX      253

struct server {
    const char *names[OPTIONS_MAX];
    unsigned char octets[OPTIONS_MAX][16];
    struct span addresses[OPTIONS_MAX];
    struct server_names san;
    int days;
};

/* RFC 1123 2.1, with a wildcard as the whole first label (RFC 9525 6.3). */
static bool is_dns_name(const char *name)
{
    size_t label = 0;

    if (strlen(name) > DNS_MAX)
        return false;
    if (strncmp(name, "*.", 2) == 0)
        name += 2;
    for (; *name != '\0'; name++) {
        bool letter = (*name >= 'a' && *name <= 'z') ||
            (*name >= 'A' && *name <= 'Z') || (*name >= '0' && *name <= '9');

        if (*name == '.' ? label == 0 || name[-1] == '-'
                         : !letter && (*name != '-' || label == 0))
            return false;
        label = *name == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return label > 0 && name[-1] != '-';
}

static enum err read_address(
    const char *text, unsigned char octets[16], struct span *out)
{
    if (inet_pton(AF_INET, text, octets) == 1) {
        *out = (struct span){octets, 4};
        return ERR_OK;
    }
    if (inet_pton(AF_INET6, text, octets) == 1) {
        *out = (struct span){octets, 16};
        return ERR_OK;
    }
    say("--ip '%s' is refused: expected an IPv4 or IPv6 address", text);
    return ERR_INVALID;
}

static enum err read_days(const char *text, int *days)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < 1 || value > MAX_DAYS) {
        say("--days '%s' is refused: expected 1 to %d", text, MAX_DAYS);
        return ERR_INVALID;
    }
    *days = (int)value;
    return ERR_OK;
}

static enum err read_options(
    const struct options *options, struct server *server)
{
    const char *days = options_get(options, "days"), *ips[OPTIONS_MAX];
    size_t ip_count = options_all(options, "ip", ips);
    enum err e = read_days(days == NULL ? DEFAULT_DAYS : days, &server->days);

    server->san =
        (struct server_names){server->names, 0, server->addresses, ip_count};
    server->san.dns_count = options_all(options, "name", server->names);
    for (size_t i = 0; e == ERR_OK && i < ip_count; i++)
        e = read_address(ips[i], server->octets[i], &server->addresses[i]);
    for (size_t i = 0; e == ERR_OK && i < server->san.dns_count; i++) {
        if (!is_dns_name(server->names[i])) {
            say("--name '%s' is refused: expected a DNS name; an address is"
                " given with --ip",
                server->names[i]);
            e = ERR_INVALID;
        }
    }
    return e;
}

/* Key and certificate appear together. */
static enum err publish(const struct home *home, const char *file,
    const struct issued *issued, const char *folder)
{
    char stage[DISK_PATH_SIZE], name[40];
    enum err e = disk_stage(home->folder, stage);

    if (e != ERR_OK)
        return e;
    (void)snprintf(name, sizeof(name), "%s.key", file);
    e = disk_stage_file(stage, name, bytes_span(&issued->key_pem), 0600);
    (void)snprintf(name, sizeof(name), "%s.crt", file);
    if (e == ERR_OK)
        e = disk_stage_file(stage, name, bytes_span(&issued->pem), 0644);
    if (e == ERR_OK)
        e = disk_publish(stage, folder);
    if (e != ERR_OK)
        disk_discard(stage);
    return e;
}

static const char *const for_servers[] = {OID_SERVER_AUTH, NULL};

static enum err make_ca(const struct home *home, const char *folder)
{
    char name[HOME_SETTING_SIZE + 20];
    struct certificate_plan plan = {
        .subject = {.organization = home->vendor, .common_name = name},
        .path_length = 0,
        .purposes = for_servers,
    };
    struct issued ca;
    enum err e;

    (void)snprintf(name, sizeof(name), "%s Server CA", home->vendor);
    plan.from = port_wall_ms() / 1000;
    plan.to = plan.from + (int64_t)CA_DAYS * DAY_S;
    e = parts_check_text("name of the server CA", name);
    if (e == ERR_OK)
        e = authority_issue(NULL, plan, KEYPAIR_P256, &ca);
    if (e != ERR_OK)
        return e;
    e = publish(home, "ca", &ca, folder);
    issued_free(&ca);
    return e;
}

static enum err make_server(const struct home *home,
    const struct server *server, const char *ca_base, const char *folder)
{
    struct certificate_plan plan = {
        .subject = {.organization = home->vendor, .common_name = "server"},
        .path_length = EXTENSION_NOT_A_CA,
        .purposes = for_servers,
        .server = &server->san,
    };
    struct authority ca;
    struct issued issued;
    enum err e = authority_load(ca_base, &ca);

    if (e != ERR_OK)
        return e;
    e = authority_now(&ca, &plan.from);
    plan.to = plan.from + (int64_t)server->days * DAY_S;
    if (e == ERR_OK && plan.to > ca.view.to) {
        say("the server CA ends before %d days are over; give fewer --days, or"
            " move %s.crt and its key away to get a new one",
            server->days, ca_base);
        e = ERR_DENIED;
    }
    if (e == ERR_OK)
        e = authority_issue(&ca, plan, KEYPAIR_P256, &issued);
    authority_free(&ca);
    if (e != ERR_OK)
        return e;
    e = publish(home, "server", &issued, folder);
    issued_free(&issued);
    return e;
}

static enum err make_both(
    const struct home *home, const struct server *server, const char *folder)
{
    char base[DISK_PATH_SIZE];
    enum err e = ERR_OK;

    disk_path(base, "%s/server", home->folder);
    if (!disk_exists(base))
        e = make_ca(home, base);
    if (e != ERR_OK)
        return e;
    disk_path(base, "%s/server/ca", home->folder);
    if (disk_exists(folder))
        e = ERR_EXISTS;
    if (e == ERR_OK)
        e = make_server(home, server, base, folder);
    if (e == ERR_EXISTS)
        say("%s is there already; to make another, remove it, or give --as"
            " NAME",
            folder);
    return e;
}

static enum err run(const struct options *options)
{
    const char *as = options_get(options, "as");
    char folder[DISK_PATH_SIZE];
    struct server server;
    struct home home;
    int lock;
    enum err e = home_open(options, &home);

    if (e == ERR_OK)
        e = read_options(options, &server);
    if (e != ERR_OK)
        return e;
    as = as == NULL ? server.names[0] : as;
    if (strcmp(as, "ca") == 0 || strchr(as, '/') != NULL || *as == '.' ||
        *as == '\0' || strlen(as) > DNS_MAX) {
        say("'%s' cannot be the name of a folder in %s/server; give another"
            " with --as",
            as, home.folder);
        return ERR_INVALID;
    }
    disk_path(folder, "%s/server/%s", home.folder, as);
    e = disk_lock(home.folder, &lock);
    if (e != ERR_OK)
        return e;
    e = make_both(&home, &server, folder);
    disk_unlock(lock);
    if (e != ERR_OK)
        return e;
    return verb_print(options,
        VERB_OBJECT({"folder", folder}, {"name", server.names[0]}),
        "%s\n"
        "  server.crt, server.key  for the broker\n"
        "%s/server/ca.crt  what devices trust (their cafile)\n",
        folder, home.folder);
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"name",   OPTION_SOME},
    {"ip",     OPTION_MANY},
    {"days",   OPTION_ONE },
    {"as",     OPTION_ONE },
    {"json",   OPTION_FLAG},
};

const struct verb verb_server = {
    .name = "server",
    .arguments = "--name HOST... [--ip ADDRESS...] [--days N] [--as NAME]",
    .summary = "make a broker's certificate, from a CA of its own",
    .help = "  --name HOST   a DNS name of the broker; may be repeated\n"
            "  --ip ADDRESS  an address of the broker; may be repeated\n"
            "  --days N      valid that long (default: " DEFAULT_DAYS ")\n"
            "  --as NAME     folder below server/ (default: the first HOST)\n"
            "example: factory server --name localhost --ip 127.0.0.1\n",
    VERB_RULES(rules),
    .run = run,
};
