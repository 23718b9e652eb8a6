/* main.c - cloudd: the page's server.  Verbs: run (without a name), add-user.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cloudd/access.h"
#include "cloudd/accounts.h"
#include "cloudd/alerts.h"
#include "cloudd/app.h"
#include "cloudd/claim.h"
#include "cloudd/files.h"
#include "cloudd/fleet.h"
#include "cloudd/hooks.h"
#include "cloudd/intake.h"
#include "cloudd/login.h"
#include "cloudd/options.h"
#include "cloudd/password.h"
#include "cloudd/routes.h"
#include "cloudd/store_accounts.h"
#include "cloudd/store_labels.h"
#include "cloudd/store_telemetry.h"
#include "core/log.h"
#include "ports/port.h"

#define PRUNE_MS     (10 * 60 * 1000)
#define VENDORS_MOST (256 * 1024)

/* --- add-user ------------------------------------------------------------- */

static int add_user(const struct options *o)
{
    char password[PASSWORD_MOST + 2] = "", hash[PASSWORD_HASH_SIZE];
    struct store *store = NULL;
    enum err e;

    if (o->state == NULL || o->user == NULL)
        return options_wrong("add-user needs --state and --user");
    if (fgets(password, sizeof(password), stdin) != NULL)
        password[strcspn(password, "\r\n")] = '\0';
    e = password_hash(password, PASSWORD_ROUNDS, hash);
    if (e == ERR_INVALID) {
        (void)fprintf(stderr,
            "cloudd: no password: expected one line of 1 to %d bytes on "
            "standard input\n",
            PASSWORD_MOST);
        return EX_DATAERR;
    }
    if (e == ERR_OK)
        e = store_open(o->state, &store);
    if (e == ERR_OK)
        e = store_user_put(store, o->user, hash);
    store_close(store);
    if (e == ERR_INVALID)
        (void)fprintf(stderr,
            "cloudd: not a user's name: expected 1 to 64 of "
            "[a-zA-Z0-9._@-]\n");
    return e == ERR_OK ? EX_OK : e == ERR_INVALID ? EX_DATAERR : EX_IOERR;
}

/* --- run ------------------------------------------------------------------ */

static void on_signal(void *context)
{
    loop_stop(context);
}

static void on_prune(void *context)
{
    struct app *app = context;

    app->prune = loop_timer_start(app->loop, PRUNE_MS, on_prune, app);
    if (store_telemetry_prune(app->store, port_wall_ms()) != ERR_OK)
        log_error("main", "old telemetry could not be forgotten");
}

static enum err start_http(struct app *app, const struct options *o)
{
    char address[64];
    struct http_options http = {
        .address = address, .handler = routes_handle, .context = app};

    if (!est_server_address(o->listen, address, &http.port)) {
        log_error("main", "--listen %s: expected ADDRESS:PORT", o->listen);
        return ERR_INVALID;
    }
    return http_new(app->loop, &http, &app->http);
}

static enum err start_broker(struct app *app, const struct options *o)
{
    struct broker_options broker = {.socket = o->broker,
        .client_id = o->client_id,
        .on_message = intake_message,
        .on_link = fleet_link,
        .context = app};

    return broker_new(app->loop, &broker, &app->broker);
}

static struct rate *new_rate(unsigned free_tries, int64_t first_ms)
{
    return rate_new(&(struct rate_options){.free_tries = free_tries,
        .first_ms = first_ms,
        .longest_ms = 15 * 60 * 1000,
        .forget_ms = 60 * 60 * 1000,
        .keys = 512});
}

/* The server's own secret: made once, kept in the state file. */
static enum err own_secret(struct app *app)
{
    enum err e =
        store_kept_get(app->store, "secret", app->secret, sizeof(app->secret));

    if (e != ERR_NOT_FOUND)
        return e;
    e = secret_new(app->secret);
    return e == ERR_OK ? store_kept_put(app->store, "secret", app->secret) : e;
}

static enum err start_hook(struct app *app, const struct options *o)
{
    const struct hook_options hook = {.loop = app->loop,
        .trust = o->hook_trust,
        .wait_ms = HOOK_WAIT_MS,
        .done = hooks_outcome,
        .context = app};
    enum err e = ERR_INVALID;

    app->private_hooks = o->private_hooks;
    if (o->hook != NULL && strncmp(o->hook, "http://", 7) != 0 &&
        strncmp(o->hook, "https://", 8) != 0)
        log_error(
            "main", "--web-hook %s: expected http:// or https://", o->hook);
    else if (o->hook != NULL && o->hook_secret == NULL)
        log_error("main", "--web-hook wants --web-hook-secret FILE");
    else if (o->hook != NULL)
        e = files_read(o->hook_secret, 4096, &app->hook_secret);
    else
        e = ERR_OK;
    if (e != ERR_OK)
        return e;
    if (app->hook_secret != NULL)
        app->hook_secret[strcspn(app->hook_secret, "\r\n")] = '\0';
    app->hook_url = o->hook;
    return hook_new(&hook, &app->hook);
}

static enum err start_own(struct app *app, const struct options *o)
{
    enum err e = own_secret(app);

    app->sign_up = o->sign_up;
    app->away_ms = o->away_s * 1000;
    if (e == ERR_OK && o->vendors != NULL)
        e = files_read(o->vendors, VENDORS_MOST, &app->vendors);
    return e == ERR_OK ? start_hook(app, o) : e;
}

static enum err start(struct app *app, const struct options *o)
{
    enum err e = store_open(o->state, &app->store);

    if (e == ERR_OK)
        e = page_open(o->page, &app->page);
    if (e == ERR_OK)
        e = start_own(app, o);
    if (e != ERR_OK)
        return e;
    app->devices = devices_new(o->silent_s * 1000, intake_status, app);
    app->events = events_new(app->loop, access_may_hear, app);
    app->users = new_rate(LOGIN_FREE_TRIES, 1000);
    app->addresses = new_rate(10, 1000);
    app->newcomers = new_rate(5, 60000);
    app->claims = claims_new(app, app->secret);
    app->prune = loop_timer_start(app->loop, 1000, on_prune, app);
    if (app->devices == NULL || app->events == NULL || app->users == NULL ||
        app->addresses == NULL || app->newcomers == NULL ||
        app->claims == NULL || app->prune == NULL)
        return ERR_NO_MEMORY;
    e = start_http(app, o);
    if (e == ERR_OK)
        e = start_broker(app, o);
    if (e != ERR_OK)
        return e;
    app->cloud = cloud_new(app->loop, app->broker, o->client_id);
    app->commands = commands_new(app->loop, app->broker);
    app->look = loop_timer_start(app->loop, 1000, alerts_look, app);
    if (app->cloud == NULL || app->commands == NULL || app->look == NULL)
        return ERR_NO_MEMORY;
    app->est_state = o->est.state;
    return o->est.listen == NULL
        ? ERR_OK
        : est_server_start(app->loop, &o->est, &app->cloud, &app->est);
}

static void stop(struct app *app)
{
    login_cancel_all(app);
    accounts_cancel_all(app);
    cloud_free(app->cloud);
    commands_free(app->commands);
    claims_free(app->claims);
    est_server_stop(app->est);
    http_free(app->http);
    broker_free(app->broker);
    events_free(app->events);
    loop_timer_cancel(app->tick);
    loop_timer_cancel(app->prune);
    loop_timer_cancel(app->again);
    loop_timer_cancel(app->look);
    hook_free(app->hook);
    loop_flush(app->loop); /* what it still had to say */
    free(app->hook_secret);
    rate_free(app->newcomers);
    free(app->vendors);
    devices_free(app->devices);
    rate_free(app->users);
    rate_free(app->addresses);
    page_close(app->page);
    store_close(app->store);
}

static int run(const struct options *o)
{
    struct app app = {.loop = loop_new()};
    struct loop_signal *term, *interrupt;
    enum err e = ERR_NO_MEMORY;

    if (app.loop == NULL)
        return EX_OSERR;
    term = loop_signal_start(app.loop, SIGTERM, on_signal, app.loop);
    interrupt = loop_signal_start(app.loop, SIGINT, on_signal, app.loop);
    if (term != NULL && interrupt != NULL)
        e = start(&app, o);
    if (e == ERR_OK) {
        (void)printf("listening http://%.*s:%u\n", (int)strcspn(o->listen, ":"),
            o->listen, http_port(app.http));
        if (app.est != NULL && o->est.listen != NULL)
            (void)printf("est https://%.*s:%u\n",
                (int)strcspn(o->est.listen, ":"), o->est.listen,
                est_server_port(app.est));
        (void)fflush(stdout);
        loop_run(app.loop);
    }
    stop(&app);
    loop_signal_stop(term);
    loop_signal_stop(interrupt);
    loop_free(app.loop);
    return e == ERR_OK ? EX_OK : e == ERR_INVALID ? EX_USAGE : EX_UNAVAILABLE;
}

static int make_ca(const struct options *o)
{
    if (o->est.state == NULL)
        return options_wrong("operational-ca needs --est-state");
    return est_server_make_ca(o->est.state) == ERR_OK ? EX_OK : EX_CANTCREAT;
}

int main(int argc, char **argv)
{
    struct options o = {.listen = "127.0.0.1:0",
        .client_id = "cloudd",
        .hook_trust = HOOKS_TRUST,
        .silent_s = 180,
        .away_s = 24 * 3600};
    bool adding = argc > 1 && strcmp(argv[1], "add-user") == 0;
    bool making = argc > 1 && strcmp(argv[1], "operational-ca") == 0;
    int verb = adding || making;

    (void)signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        (void)fputs(options_usage, stdout);
        return EX_OK;
    }
    if (!options_read(argc - verb, argv + verb, &o))
        return options_wrong("unknown or incomplete option");
    if (adding)
        return add_user(&o);
    if (making)
        return make_ca(&o);
    if (o.broker == NULL || o.state == NULL || o.page == NULL)
        return options_wrong("--broker, --state and --page are needed");
    return run(&o);
}
