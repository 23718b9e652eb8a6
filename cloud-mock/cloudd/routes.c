/* routes.c - one table; everything that must hold before a handler runs is
 * checked here, once, in this order: the Host is ours (against DNS rebinding),
 * a change comes from our own page, somebody is logged in, the CSRF token is
 * theirs. */

#include "cloudd/routes.h"

#include <string.h>
#include <strings.h>

#include "cloudd/answer.h"
#include "cloudd/app.h"
#include "cloudd/login.h"
#include "cloudd/path.h"
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
    login_show(q->request, &q->login);
}

static void on_events(struct things_request *q)
{
    enum err e = events_join(q->app->events, q->request, q->login.digest);

    if (e == ERR_TOO_BIG)
        answer_error(q->request, 503, "too_many_readers",
            "Too many pages are open. Close one, then reload this one.");
    else if (e != ERR_OK)
        answer_failure(q->request, e);
}

enum needs { NEEDS_NOBODY, NEEDS_LOGIN };

static const struct route {
    const char *method, *path;
    enum needs needs;
    void (*handle)(struct things_request *request);
} table[] = {
    {"POST", "/api/login",                          NEEDS_NOBODY, on_login         },
    {"POST", "/api/logout",                         NEEDS_LOGIN,  on_logout        },
    {"GET",  "/api/session",                        NEEDS_LOGIN,  on_session       },
    {"GET",  "/api/events",                         NEEDS_LOGIN,  on_events        },
    {"GET",  "/api/things",                         NEEDS_LOGIN,  things_list      },
    {"GET",  "/api/things/+",                       NEEDS_LOGIN,  things_show      },
    {"GET",  "/api/things/+/shadow",                NEEDS_LOGIN,  things_shadow    },
    {"POST", "/api/things/+/shadow",                NEEDS_LOGIN,  things_set       },
    {"GET",  "/api/things/+/telemetry",             NEEDS_LOGIN,  things_telemetry },
    {"GET",  "/api/things/+/series",                NEEDS_LOGIN,  things_series    },
    {"GET",  "/api/things/+/history",               NEEDS_LOGIN,  things_history   },
    {"POST", "/api/things/+/kick",                  NEEDS_LOGIN,  things_kick      },
    {"POST", "/api/things/+/revoke",                NEEDS_LOGIN,  things_revoke    },
    {"POST", "/api/things/+/rotate",                NEEDS_LOGIN,  things_rotate    },
    {"POST", "/api/things/+/certificates/+/revoke", NEEDS_LOGIN,
     things_revoke_one                                                             },
    {"GET",  "/api/enrolments",                     NEEDS_LOGIN,  things_enrolments},
    {"POST", "/api/enrolments/+/approve",           NEEDS_LOGIN,  things_approve   },
    {"POST", "/api/enrolments/+/refuse",            NEEDS_LOGIN,  things_refuse    },
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

static void handle_route(struct things_request *q, const struct route *route)
{
    bool change = strcmp(route->method, "GET") != 0;

    if (change && !may_change(q->request, route))
        return;
    if (route->needs == NEEDS_LOGIN && !may_come_in(q, change))
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
