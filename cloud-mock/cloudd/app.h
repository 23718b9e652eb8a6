/* app.h - the parts of cloudd, introduced to one another by main.c. */

#ifndef CLOUDD_APP_H
#define CLOUDD_APP_H

#include "cloudd/broker.h"
#include "cloudd/cloud.h"
#include "cloudd/devices.h"
#include "cloudd/est_server.h"
#include "cloudd/events.h"
#include "cloudd/http.h"
#include "cloudd/page.h"
#include "cloudd/rate.h"
#include "cloudd/store.h"
#include "core/loop.h"

struct app {
    struct loop *loop;
    struct store *store;
    struct devices *devices;
    struct events *events;
    struct http *http;
    struct est_server *est; /* NULL: nobody enrols here */
    const char *est_state;  /* folder of the operational CA, or NULL */
    struct broker *broker;
    struct cloud *cloud;
    struct page *page;
    struct rate *users, *addresses; /* failed log-ins */
    struct attempt *attempts;       /* to log in, going on */
    struct loop_timer *tick, *prune, *again;
};

#endif
