/* est_server.c */

#include "cloudd/est_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/say.h"
#include "cloud-mock/lib/issuer.h"
#include "core/file.h"
#include "core/log.h"
#include "ports/port.h"

#define FILE_LIMIT 262144
#define DELAY_MOST 86400 /* seconds */

struct est_server {
    struct http *http;
    struct est *est;
    struct est_pending *pending;
};

enum err est_server_make_ca(const char *state)
{
    say_as("cloudd");
    return issuer_make(state, port_wall_ms() / 1000);
}

bool est_server_address(const char *text, char address[64], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    unsigned long number = colon != NULL ? strtoul(colon + 1, &end, 10) : 65536;

    if (colon == NULL || end == colon + 1 || *end != '\0' || number > 65535 ||
        colon - text >= 64)
        return false;
    memcpy(address, text, (size_t)(colon - text));
    address[colon - text] = '\0';
    *port = (uint16_t)number;
    return true;
}

static enum err wrong(const char *option, const char *value, const char *wanted)
{
    log_error("est", "--%s %s: expected %s", option,
        value != NULL ? value : "is missing", wanted);
    return ERR_INVALID;
}

static enum err read_approval(const char *word, struct est_pending **pending)
{
    char *end;
    long seconds;

    if (word == NULL || strcmp(word, "none") == 0)
        return ERR_OK;
    seconds = strtol(word, &end, 10);
    if (strcmp(word, "manual") != 0 &&
        (end == word || *end != '\0' || seconds < 1 || seconds > DELAY_MOST))
        return wrong("est-approval", word, "none, manual, or 1 to 86400 (s)");
    *pending =
        est_pending_new(strcmp(word, "manual") == 0, (int64_t)seconds * 1000);
    return *pending != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err read_text(const char *option, const char *path, char **text)
{
    size_t len;
    enum err e =
        path == NULL ? ERR_INVALID : file_read(path, FILE_LIMIT, text, &len);

    if (path == NULL)
        return wrong(option, NULL, "a file");
    if (e != ERR_OK)
        log_error("est", "--%s: cannot read %s: %s", option, path, err_name(e));
    return e;
}

/* The vendors' CAs and our own; the caller frees. */
static enum err read_trust(const struct est_settings *settings, char **out)
{
    char path[1024], *vendors = NULL, *own = NULL;
    size_t size;
    enum err e = read_text("est-trust", settings->trust, &vendors);

    (void)snprintf(path, sizeof(path), "%s/ca/ca.crt", settings->state);
    if (e == ERR_OK)
        e = read_text("est-state", path, &own);
    if (e == ERR_OK) {
        size = strlen(vendors) + strlen(own) + 2;
        *out = malloc(size);
        if (*out == NULL)
            e = ERR_NO_MEMORY;
        else
            (void)snprintf(*out, size, "%s\n%s", vendors, own);
    }
    free(vendors);
    free(own);
    return e;
}

static enum err listen_for(struct loop *loop, struct est_server *server,
    const struct est_settings *settings)
{
    char address[64], *certificate = NULL, *key = NULL, *trust = NULL;
    char *lists = NULL;
    struct http_options http = {
        .address = address, .handler = est_handle, .context = server->est};
    struct http_tls tls;
    enum err e = ERR_OK;

    if (!est_server_address(settings->listen, address, &http.port))
        return wrong("est", settings->listen, "ADDRESS:PORT");
    e = read_text("est-certificate", settings->certificate, &certificate);
    if (e == ERR_OK)
        e = read_text("est-key", settings->key, &key);
    if (e == ERR_OK)
        e = read_trust(settings, &trust);
    if (e == ERR_OK && settings->crl != NULL)
        e = read_text("est-crl", settings->crl, &lists);
    if (e == ERR_OK) {
        tls = (struct http_tls){certificate, key, trust, lists};
        http.tls = &tls;
        e = http_new(loop, &http, &server->http);
    }
    if (key != NULL)
        explicit_bzero(key, strlen(key));
    free(certificate);
    free(key);
    free(trust);
    free(lists);
    return e;
}

enum err est_server_start(struct loop *loop,
    const struct est_settings *settings, struct cloud *const *cloud,
    struct est_server **out)
{
    struct est_options options = {
        .state = settings->state, .users = settings->users, .cloud = cloud};
    struct est_server *server;
    enum err e;

    if (settings->state == NULL)
        return wrong("est-state", NULL, "the folder of the operational CA");
    if (settings->access != NULL &&
        !est_access_parse(settings->access, &options.access))
        return wrong(
            "est-auth", settings->access, "certificate, basic, both or any");
    server = calloc(1, sizeof(*server));
    if (server == NULL)
        return ERR_NO_MEMORY;
    e = read_approval(settings->approval, &server->pending);
    options.pending = server->pending;
    if (e == ERR_OK)
        e = est_server_make_ca(settings->state);
    if (e == ERR_OK)
        e = est_new(&options, &server->est);
    if (e == ERR_OK)
        e = listen_for(loop, server, settings);
    if (e != ERR_OK)
        est_server_stop(server);
    else
        *out = server;
    return e;
}

void est_server_stop(struct est_server *server)
{
    if (server == NULL)
        return;
    http_free(server->http);
    est_free(server->est);
    est_pending_free(server->pending);
    free(server);
}

uint16_t est_server_port(const struct est_server *server)
{
    return http_port(server->http);
}

struct est_pending *est_server_pending(const struct est_server *server)
{
    return server->pending;
}
