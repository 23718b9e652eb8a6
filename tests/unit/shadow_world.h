/* shadow_world.h - a device's view of its shadow, and short words to send it
 * messages in tests. */

#ifndef TESTS_SHADOW_WORLD_H
#define TESTS_SHADOW_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "device/shadow_state.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TOKEN    SHADOW_TOKEN_PREFIX "1"

static struct shadow_refusal refusal; /* of the last message */

static inline int set_up(void **state)
{
    refusal = (struct shadow_refusal){.code = -1};
    *state = shadow_state_new();
    return *state == NULL;
}

static inline int tear_down(void **state)
{
    shadow_state_free(*state);
    return 0;
}

static inline enum shadow_step take(
    struct shadow_state *s, enum shadow_topic topic, const char *text)
{
    const struct shadow_message m = {topic, text, strlen(text)};

    return shadow_state_take(s, &m, &refusal);
}

static inline enum shadow_step delta(struct shadow_state *s, const char *text)
{
    return take(s, SHADOW_UPDATE_DELTA, text);
}

/* Ask, and be answered. */
static inline enum shadow_step answer(
    struct shadow_state *s, int version, const char *state)
{
    char text[1000];

    shadow_state_ask(s, TOKEN);
    (void)snprintf(text, sizeof(text),
        "{\"state\":%s,\"version\":%d,\"clientToken\":\"" TOKEN "\"}", state,
        version);
    return take(s, SHADOW_GET_ACCEPTED, text);
}

static inline struct json *parse(const char *text)
{
    static const struct json_limits limits = {100000, 20};
    struct json *value = NULL;

    if (json_parse(text, strlen(text), limits, &value) != ERR_OK)
        fail_msg("a test's document is malformed: %s", text);
    return value;
}

static inline enum shadow_step report(struct shadow_state *s, const char *text)
{
    struct json *patch = parse(text);
    enum shadow_step step;

    assert_int_equal(shadow_state_check(s, patch), ERR_OK);
    step = shadow_state_report(s, patch);
    json_free(patch);
    return step;
}

static inline void assert_text(const struct json *value, const char *expected)
{
    char *text = json_print(value);

    assert_string_equal(text, expected);
    free(text);
}

static inline void assert_known(
    const struct shadow_state *s, int version, const char *difference)
{
    assert_text(shadow_state_difference(s), difference);
    assert_int_equal(shadow_state_version(s), version);
}

/* t: 20 is reported, 22 is wanted, version 5. */
static inline void begin(struct shadow_state *s)
{
    assert_int_equal(
        answer(s, 5, "{\"desired\":{\"t\":22},\"reported\":{\"t\":20}}"),
        SHADOW_TELL);
    assert_known(s, 5, "{\"t\":22}");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
