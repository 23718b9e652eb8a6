/* conversation_scene.h - one application talks with an agent that is played. */

#ifndef TESTS_CONVERSATION_SCENE_H
#define TESTS_CONVERSATION_SCENE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "fake_agent.h"
#include "local/conversation.h"

struct scene {
    struct fake_agent *fake;
    struct conversation *talk;
    char said[8000];
};

static inline void hear(void *context, const char *line, size_t len)
{
    struct scene *s = context;
    size_t used = strlen(s->said);

    assert_int_equal(line[len - 1], '\n');
    assert_null(memchr(line, '\n', len - 1));
    (void)snprintf(
        s->said + used, sizeof(s->said) - used, "%.*s", (int)len, line);
}

static inline int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct conversation_sources sources;

    if (s == NULL)
        return 1;
    s->fake = fake_agent_new();
    sources = fake_agent_sources(s->fake);
    *state = s;
    return conversation_open(&sources, hear, s, &s->talk) != ERR_OK;
}

static inline int tear_down(void **state)
{
    struct scene *s = *state;

    conversation_close(s->talk);
    fake_agent_free(s->fake);
    free(s);
    return 0;
}

static inline void ask(struct scene *s, const char *line)
{
    s->said[0] = '\0';
    conversation_take(s->talk, line, strlen(line));
}

static inline void answers(struct scene *s, const char *line, const char *said)
{
    ask(s, line);
    assert_string_equal(s->said, said);
}

/* Refused with this code and these words somewhere. */
static inline void refuses(
    struct scene *s, const char *line, const char *start, const char *words)
{
    ask(s, line);
    assert_memory_equal(s->said, start, strlen(start));
    if (strstr(s->said, words) == NULL)
        fail_msg("%s: %s", line, s->said);
    assert_string_equal(strchr(s->said, '\n'), "\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
