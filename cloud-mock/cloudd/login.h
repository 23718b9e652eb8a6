/* login.h - who is asking: log-in, session cookie, CSRF token.
 *
 * A session outlives a restart of cloudd: only the digest of its token is
 * stored.  Its CSRF token is another digest of the same token, so it needs no
 * storage and dies with it. */

#ifndef CLOUDD_LOGIN_H
#define CLOUDD_LOGIN_H

#include <stdbool.h>

#include "cloudd/app.h"
#include "cloudd/secret.h"
#include "cloudd/store_accounts.h"

#define LOGIN_IDLE_MS    ((int64_t)24 * 3600 * 1000)
#define LOGIN_WHOLE_MS   ((int64_t)7 * 24 * 3600 * 1000)
#define LOGIN_FREE_TRIES 3 /* wrong passwords before a wait */
#define LOGIN_CHECKS     4 /* passwords checked at once */

struct login {
    char user[STORE_USER_SIZE];
    char digest[SECRET_SIZE]; /* names the session */
    char csrf[SECRET_SIZE];
    char challenge[SECRET_SIZE]; /* what a key signs to join the account */
};

/* False: nobody we know. */
bool login_of(struct app *app, struct http_request *request, struct login *out);

/* Handlers of POST /api/login, GET /api/session and POST /api/logout. */
void login_start(struct app *app, struct http_request *request);
void login_show(
    struct app *app, struct http_request *request, const struct login *login);
void login_end(
    struct app *app, struct http_request *request, const struct login *login);

/* Before the end: password checks that still go on get no answer. */
void login_cancel_all(struct app *app);

#endif
