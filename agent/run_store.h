/* run_store.h - part of `nameplate run`: what is kept in the store's folder by
 * the floor that speaks with the cloud. */

#ifndef RUN_STORE_H
#define RUN_STORE_H

#include "cloud/budget.h"
#include "cloud/link_memory.h"
#include "cloud/outbox.h"
#include "local/settings.h"

struct run_store {
    struct outbox *outbox;
    struct budget *budget;
    struct link_memory *memory;
};

/* Make the folder and open what is in it; reasons are logged.  On failure
 * close what is there. */
enum err run_store_open(
    const struct settings *settings, struct run_store *out) MUST_CHECK;

/* When no session is left, and at the very end. */
void run_store_close_outbox(struct run_store *store);
void run_store_close(struct run_store *store);

#endif
