/* accounts.h - people who sign up by themselves, and their browsers' keys. */

#ifndef CLOUDD_ACCOUNTS_H
#define CLOUDD_ACCOUNTS_H

#include "cloudd/things.h"

/* Handler of POST /api/signup; afterwards one logs in as always. */
void accounts_sign_up(struct things_request *q);
void accounts_cancel_all(struct app *app); /* before the end */

/* Handlers of GET and POST /api/keys, and DELETE /api/keys/<key>. */
void accounts_keys(struct things_request *q);
void accounts_add_key(struct things_request *q);
void accounts_remove_key(struct things_request *q);

#endif
