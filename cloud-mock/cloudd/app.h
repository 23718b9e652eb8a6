/* app.h - the parts of cloudd, introduced to one another by main.c. */

#ifndef CLOUDD_APP_H
#define CLOUDD_APP_H

#include "cloudd/broker.h"
#include "cloudd/cloud.h"
#include "cloudd/command.h"
#include "cloudd/devices.h"
#include "cloudd/est_server.h"
#include "cloudd/events.h"
#include "cloudd/http.h"
#include "cloudd/page.h"
#include "cloudd/rate.h"
#include "cloudd/secret.h"
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
    struct loop_timer *tick, *prune, *again, *look;
    struct commands *commands;
    struct claims *claims;
    struct hook *hook;    /* sends alerts to web hooks */
    const char *hook_url; /* the operator's; NULL: none */
    char *hook_secret;
    bool private_hooks;       /* may people's be in our own network? */
    struct rate *newcomers;   /* who signs up, by address */
    struct sign_up *sign_ups; /* going on */
    bool sign_up;             /* may people make accounts? */
    int64_t away_ms;          /* offline for longer is an alert */
    char *vendors;            /* vendor CAs in PEM; NULL: none */
    char secret[SECRET_SIZE]; /* the server's own, kept on disk */
};

#endif
