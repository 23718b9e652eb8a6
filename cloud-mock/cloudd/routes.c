/* routes.c - one table; everything that must hold before a handler runs is
 * checked here, once, in this order: the Host is ours (against DNS rebinding),
 * a change comes from our own page, somebody is logged in, the CSRF token is
 * theirs. */

#include "cloudd/routes.h"

#include <string.h>
#include <strings.h>

#include "cloudd/access.h"
#include "cloudd/accounts.h"
#include "cloudd/alerts.h"
#include "cloudd/answer.h"
#include "cloudd/app.h"
#include "cloudd/claim.h"
#include "cloudd/hooks.h"
#include "cloudd/labels.h"
#include "cloudd/login.h"
#include "cloudd/ownership.h"
#include "cloudd/path.h"
#include "cloudd/relay.h"
#include "cloudd/things.h"

static void on_login(struct things_request *q)
{
    login_start(q->app, q->request);
}

static void on_logout(struct things_request *q)
{
    login_end(q->app, q->request, &q->login);
}

static void on_session(struct things_request *q)
{
    login_show(q->app, q->request, &q->login);
}

static void on_events(struct things_request *q)
{
    enum err e =
        events_join(q->app->events, q->request, q->login.user, q->login.digest);

    if (e == ERR_TOO_BIG)
        answer_error(q->request, 503, "too_many_readers",
            "Too many pages are open. Close one, then reload this one.");
    else if (e != ERR_OK)
        answer_failure(q->request, e);
}

static void on_vendors(struct things_request *q)
{
    const char *pem = q->app->vendors != NULL ? q->app->vendors : "";

    http_reply(q->request,
        &(struct http_answer){.status = 200,
            .type = "application/x-pem-file",
            .body = pem,
            .len = strlen(pem)});
}

/* Below /api/things/<t>, NEEDS_LOGIN asks for what is safe when nobody thought
 * of it: a viewer to read, an owner to change. */
enum needs {
    NEEDS_NOBODY,
    NEEDS_LOGIN,
    NEEDS_VIEWER,
    NEEDS_OPERATOR,
    NEEDS_ADMIN
};

static const struct route {
    const char *method, *path;
    enum needs needs;
    void (*handle)(struct things_request *request);
} table[] = {
    {"POST",   "/api/login",                          NEEDS_NOBODY,   on_login           },
    {"POST",   "/api/logout",                         NEEDS_LOGIN,    on_logout          },
    {"GET",    "/api/session",                        NEEDS_LOGIN,    on_session         },
    {"GET",    "/api/events",                         NEEDS_LOGIN,    on_events          },
    {"GET",    "/api/things",                         NEEDS_LOGIN,    things_list        },
    {"GET",    "/api/things/+",                       NEEDS_LOGIN,    things_show        },
    {"GET",    "/api/things/+/shadow",                NEEDS_LOGIN,    things_shadow      },
    {"POST",   "/api/things/+/shadow",                NEEDS_OPERATOR, things_set         },
    {"GET",    "/api/things/+/telemetry",             NEEDS_LOGIN,    things_telemetry   },
    {"GET",    "/api/things/+/series",                NEEDS_LOGIN,    things_series      },
    {"GET",    "/api/things/+/history",               NEEDS_LOGIN,    things_history     },
    {"POST",   "/api/things/+/kick",                  NEEDS_LOGIN,    things_kick        },
    {"POST",   "/api/things/+/revoke",                NEEDS_LOGIN,    things_revoke      },
    {"POST",   "/api/signup",                         NEEDS_NOBODY,   accounts_sign_up   },
    {"GET",    "/api/vendors",                        NEEDS_NOBODY,   on_vendors         },
    {"GET",    "/api/keys",                           NEEDS_LOGIN,    accounts_keys      },
    {"POST",   "/api/keys",                           NEEDS_LOGIN,    accounts_add_key   },
    {"DELETE", "/api/keys/+",                         NEEDS_LOGIN,    accounts_remove_key},
    {"POST",   "/api/claim",                          NEEDS_LOGIN,    claim_handle       },
    {"PUT",    "/api/things/+/label",                 NEEDS_VIEWER,   labels_put         },
    {"PUT",    "/api/things/+/offer",                 NEEDS_LOGIN,    ownership_offer    },
    {"POST",   "/api/things/+/channel",               NEEDS_VIEWER,   relay_channel      },
    {"POST",   "/api/things/+/identify",              NEEDS_OPERATOR, relay_identify     },
    {"POST",   "/api/things/+/restart",               NEEDS_OPERATOR, relay_restart      },
    {"POST",   "/api/things/+/invoke",                NEEDS_OPERATOR, relay_invoke       },
    {"GET",    "/api/hook",                           NEEDS_LOGIN,    hooks_show         },
    {"PUT",    "/api/hook",                           NEEDS_LOGIN,    hooks_put          },
    {"DELETE", "/api/hook",                           NEEDS_LOGIN,    hooks_remove       },
    {"POST",   "/api/hook/test",                      NEEDS_LOGIN,    hooks_test         },
    {"GET",    "/api/alerts",                         NEEDS_LOGIN,    alerts_list        },
    {"POST",   "/api/alerts/+/dismiss",               NEEDS_LOGIN,    alerts_dismiss     },
    {"POST",   "/api/things/+/rotate",                NEEDS_LOGIN,    things_rotate      },
    {"POST",   "/api/things/+/certificates/+/revoke", NEEDS_LOGIN,
     things_revoke_one                                                                   },
    {"GET",    "/api/enrolments",                     NEEDS_ADMIN,    things_enrolments  },
    {"POST",   "/api/enrolments/+/approve",           NEEDS_ADMIN,    things_approve     },
    {"POST",   "/api/enrolments/+/refuse",            NEEDS_ADMIN,    things_refuse      },
};

#define ROUTES (sizeof(table) / sizeof(table[0]))

/* The host of "host" or "host:port" is this machine by a name no DNS gives. */
static bool host_is_ours(const char *host)
{
    static const char *const ours[] = {"127.0.0.1", "localhost"};
    size_t len = host != NULL ? strcspn(host, ":") : 0;

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (len == strlen(ours[i]) && strncasecmp(host, ours[i], len) == 0)
            return true;
    }
    return false;
}

/* Browsers send Origin with every POST; programs need not. */
static bool origin_is_ours(struct http_request *request)
{
    const char *origin = http_header(request, "Origin");
    const char *host = http_header(request, "Host");

    return origin == NULL ||
        (strncmp(origin, "http://", 7) == 0 && strcmp(origin + 7, host) == 0);
}

static bool is_json(struct http_request *request)
{
    const char *type = http_header(request, "Content-Type");

    return type != NULL && strncasecmp(type, "application/json", 16) == 0;
}

/* What must hold before anything is changed; false: answered. */
static bool may_change(struct http_request *request, const struct route *route)
{
    size_t len;
    bool body = http_body(request, &len) != NULL;

    if (!origin_is_ours(request)) {
        answer_error(request, 403, "foreign_origin",
            "This request comes from another site's page.");
        return false;
    }
    if ((body || route->needs == NEEDS_NOBODY) && !is_json(request)) {
        answer_error(request, 415, "not_json",
            "Expected Content-Type: application/json.");
        return false;
    }
    return true;
}

/* Fills q->login; false: answered. */
static bool may_come_in(struct things_request *q, bool change)
{
    const char *csrf = http_header(q->request, "X-CSRF-Token");

    if (!login_of(q->app, q->request, &q->login)) {
        answer_error(q->request, 401, "no_session", "Log in first.");
        return false;
    }
    if (change && (csrf == NULL || !secret_equal(csrf, q->login.csrf))) {
        answer_error(q->request, 403, "csrf",
            "The X-CSRF-Token is missing or wrong. Reload the page.");
        return false;
    }
    return true;
}

static enum role least_role(const struct route *route)
{
    switch (route->needs) {
    case NEEDS_VIEWER:
        return ROLE_VIEWER;
    case NEEDS_OPERATOR:
        return ROLE_OPERATOR;
    case NEEDS_ADMIN:
        return ROLE_ADMIN;
    case NEEDS_NOBODY:
    case NEEDS_LOGIN:
        break;
    }
    return strcmp(route->method, "GET") == 0 ? ROLE_VIEWER : ROLE_OWNER;
}

/* Whoever has no role must not learn that there is such a device; false:
 * answered. */
static bool may_touch(struct things_request *q, const struct route *route)
{
    enum role role;

    if (route->needs == NEEDS_ADMIN &&
        !store_user_is_admin(q->app->store, q->login.user)) {
        answer_error(
            q->request, 403, "not_allowed", "This is for who runs this cloud.");
        return false;
    }
    if (strncmp(route->path, "/api/things/+", 13) != 0)
        return true;
    role = access_role(q->app, q->login.user, q->parts.part[0]);
    if (role >= least_role(route))
        return true;
    if (role == ROLE_NONE)
        answer_error(q->request, 404, "not_found",
            "No device of this name has ever connected.");
    else
        answer_error(q->request, 403, "not_allowed",
            "Your role for this device does not allow this. Ask its owner.");
    return false;
}

static void handle_route(struct things_request *q, const struct route *route)
{
    bool change = strcmp(route->method, "GET") != 0;

    if (change && !may_change(q->request, route))
        return;
    if (route->needs != NEEDS_NOBODY && !may_come_in(q, change))
        return;
    if (!may_touch(q, route))
        return;
    route->handle(q);
}

static void handle_api(struct things_request *q)
{
    const char *method = http_method(q->request);
    const char *path = http_path(q->request);
    bool known = false;

    for (size_t i = 0; i < ROUTES; i++) {
        if (!path_match(path, table[i].path, &q->parts))
            continue;
        known = true;
        if (strcmp(method, table[i].method) == 0) {
            handle_route(q, &table[i]);
            return;
        }
    }
    if (known)
        answer_error(q->request, 405, "method",
            "This address does not take this method.");
    else
        answer_error(
            q->request, 404, "not_found", "There is nothing at this address.");
}

static void handle_page(struct app *app, struct http_request *request)
{
    const struct page_file *file = page_find(app->page, http_path(request));
    const char *method = http_method(request);

    if (file == NULL) {
        answer_error(
            request, 404, "not_found", "There is nothing at this address.");
        return;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        answer_error(request, 405, "method", "A page can only be read.");
        return;
    }
    http_reply(request,
        &(struct http_answer){.status = 200,
            .type = file->type,
            .body = file->bytes,
            .len = file->len,
            .keep = true});
}

void routes_handle(void *context, struct http_request *request)
{
    struct things_request q = {.app = context, .request = request};

    if (!host_is_ours(http_header(request, "Host")))
        answer_error(request, 421, "foreign_host",
            "Open this page as http://127.0.0.1 or http://localhost.");
    else if (strncmp(http_path(request), "/api/", 5) == 0)
        handle_api(&q);
    else if (strcmp(http_path(request), "/crl/operational.crl") == 0 &&
        q.app->est_state != NULL)
        est_answer_list(q.app->est_state, request);
    else
        handle_page(context, request);
}
