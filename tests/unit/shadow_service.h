/* shadow_service.h - the Shadow service in a unit test: a test is a script of
 * what is asked, and to the byte everything that is published for it. */

#ifndef TESTS_SHADOW_SERVICE_H
#define TESTS_SHADOW_SERVICE_H

#include "service.h"

#define STAMP "{" AT "}"

/* Ask, and compare every answer; topics are written from "shadow/" on. */
static inline void ask_bytes(
    struct service *service, const char *tail, const void *payload, size_t len)
{
    char text[300];
    struct topic_shadow topic;

    (void)snprintf(text, sizeof(text), "$aws/things/" THING "/shadow/%s", tail);
    assert_true(topic_read_shadow(text, &topic));
    world_forget(&service->world);
    shadows_request(service->shadows, &topic, payload, len);
}

static inline void assert_said(struct service *service, const char *expected)
{
    static const char prefix[] = "$aws/things/" THING "/shadow/";
    char *found = service->world.said;

    while ((found = strstr(found, prefix)) != NULL)
        memmove(
            found, found + strlen(prefix), strlen(found + strlen(prefix)) + 1);
    assert_string_equal(service->world.said, expected);
}

static inline void rejects(
    struct service *service, const char *payload, const char *code_and_message)
{
    char expected[400];

    (void)snprintf(expected, sizeof(expected), "update/rejected {%s," AT "}\n",
        code_and_message);
    ask(service, "update", payload, expected);
}

static inline void the_shadow_is(struct service *service, const char *document)
{
    char expected[4000];

    (void)snprintf(
        expected, sizeof(expected), "get/accepted {%s," AT "}\n", document);
    ask(service, "get", "", expected);
}

#endif
