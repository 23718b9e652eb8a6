/* service.h - the cloud's services in a unit test: a test is a script of what
 * is asked, and to the byte everything that is said for it.  Whose service it
 * is says who includes this, with ask_bytes and assert_said. */

#ifndef TESTS_SERVICE_H
#define TESTS_SERVICE_H

#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/jobs.h"
#include "cloud-mock/lib/sender.h"
#include "cloud-mock/lib/shadow.h"
#include "cloud-mock/lib/store_registry.h"
#include "cloud_world.h"

#define THING "acme:thermo-1:S1"
#define OTHER "acme:thermo-1:S2"
#define AT    "\"timestamp\":1591142747"

struct service {
    struct world world;
    struct store *store;
    struct sender *sender;
    struct rates *rates; /* off */
    struct jobs *jobs;
    struct shadows *shadows;
};

static inline void service_open(struct service *service, const char *database)
{
    const struct seam seam = world_seam(&service->world);

    assert_int_equal(store_open(database, &service->store), ERR_OK);
    service->sender = sender_new(&seam);
    assert_non_null(service->sender);
    service->rates = rates_new(false);
    assert_non_null(service->rates);
    service->jobs = jobs_new(service->store, service->sender, service->rates);
    assert_non_null(service->jobs);
    service->shadows =
        shadows_new(service->store, service->sender, service->rates);
    assert_non_null(service->shadows);
}

static inline void service_close(struct service *service)
{
    shadows_free(service->shadows);
    jobs_free(service->jobs);
    rates_free(service->rates);
    sender_free(service->sender);
    store_close(service->store);
}

static inline void register_thing(struct service *service, const char *name)
{
    struct store_thing thing = {.registered_ms = 1};
    struct store_certificate certificate = {.status = "ACTIVE"};

    (void)snprintf(thing.name, sizeof(thing.name), "%s", name);
    (void)snprintf(certificate.id, sizeof(certificate.id), "of %s", name);
    assert_int_equal(
        store_register(service->store, &thing, &certificate), ERR_OK);
}

static inline int set_up(void **state)
{
    struct service *service = malloc(sizeof(*service));

    assert_non_null(service);
    world_begin(&service->world);
    service_open(service, ":memory:");
    register_thing(service, THING);
    register_thing(service, OTHER);
    *state = service;
    return 0;
}

static inline int tear_down(void **state)
{
    service_close(*state);
    free(*state);
    return 0;
}

/* The device asks on this topic, of which the service's part is left away. */
static inline void ask_bytes(
    struct service *service, const char *tail, const void *payload, size_t len);
/* All that was said for it, without the service's part of its topics. */
static inline void assert_said(struct service *service, const char *expected);

static inline void ask(struct service *service, const char *tail,
    const char *payload, const char *expected)
{
    ask_bytes(service, tail, payload, strlen(payload));
    assert_said(service, expected);
}

/* Ask for something whose answers other tests look at. */
static inline void tell(
    struct service *service, const char *tail, const char *payload)
{
    ask_bytes(service, tail, payload, strlen(payload));
    assert_null(strstr(service->world.said, "rejected"));
}

#define SERVICE_TEST(test)                                                     \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
