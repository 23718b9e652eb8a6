/* What device/description accepts from a maker, adds, and when it sends it. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "core/file.h"
#include "core/log.h"
#include "device/description.h"
#include "device/description_check.h"
#include "fake_session.h"
#include "folder.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ADDED                                                                  \
    "\"@context\":[\"https://www.w3.org/2022/wot/td/v1.1\","                   \
    "{\"nameplate\":\"urn:nameplate:td#\"}],\"id\":\"urn:nameplate:acme:t:"    \
    "1\","                                                                     \
    "\"securityDefinitions\":{\"nosec\":{\"scheme\":\"nosec\"}},"              \
    "\"security\":\"nosec\"}"

struct world {
    struct folder folder;
    char path[500];
    struct session *session;
    struct description *description;
};

static enum err start(struct world *w)
{
    w->description = NULL;
    return description_new(&(struct description_options){w->session, "acme:t:1",
                               w->path, w->folder.path},
        &w->description);
}

/* As after a restart of the agent. */
static void start_again(struct world *w)
{
    description_free(w->description);
    fake_session_free(w->session);
    w->session = fake_session_new();
    assert_int_equal(start(w), ERR_OK);
}

static void write_file(struct world *w, const char *text)
{
    assert_int_equal(file_replace(w->path, text, strlen(text)), ERR_OK);
}

static int set_up(void **state)
{
    static struct world world;

    world = (struct world){.session = fake_session_new()};
    *state = &world;
    if (folder_make(&world.folder) != 0)
        return 1;
    (void)snprintf(
        world.path, sizeof(world.path), "%s/td.json", world.folder.path);
    write_file(&world, "{\"title\":\"Thermo\",\"x\":[1]}");
    return start(&world) != ERR_OK;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    description_free(w->description);
    fake_session_free(w->session);
    folder_remove(&w->folder);
    return 0;
}

static size_t sent(const struct world *w)
{
    return fake_session_count(w->session);
}

static void the_makers_words_travel_with_what_the_agent_adds(void **state)
{
    struct world *w = *state;
    const struct fake_letter *letter;

    assert_int_equal(sent(w), 0);
    fake_session_go(w->session, true, false);
    assert_int_equal(sent(w), 1);
    letter = fake_session_last(w->session);
    assert_string_equal(letter->topic, "nameplate/acme:t:1/td");
    assert_true(letter->retain);
    assert_true(letter->kept);
    assert_string_equal(
        letter->payload, "{\"title\":\"Thermo\",\"x\":[1]," ADDED);
}

static void it_is_sent_once_while_the_broker_keeps_our_session(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    fake_session_commit(w->session, true);
    fake_session_go(w->session, false, false);
    fake_session_go(w->session, true, true);
    assert_int_equal(sent(w), 1);
}

static void it_is_sent_again_when_the_broker_lost_our_session(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    fake_session_commit(w->session, true);
    fake_session_go(w->session, false, false);
    fake_session_go(w->session, true, false);
    assert_int_equal(sent(w), 2);
}

static void a_restart_sends_it_only_when_it_changed(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    fake_session_commit(w->session, true);
    start_again(w);
    fake_session_go(w->session, true, true);
    assert_int_equal(sent(w), 0);
    write_file(w, "{\"title\":\"Thermo 2\"}");
    start_again(w);
    fake_session_go(w->session, true, true);
    assert_int_equal(sent(w), 1);
    assert_string_equal(fake_session_last(w->session)->payload,
        "{\"title\":\"Thermo 2\"," ADDED);
}

static void what_was_never_stored_is_sent_by_the_next_start(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    start_again(w);
    fake_session_go(w->session, true, true);
    assert_int_equal(sent(w), 1);
}

static void what_the_disk_refused_is_sent_by_the_next_connection(void **state)
{
    struct world *w = *state;

    fake_session_refuse(w->session, ERR_IO);
    fake_session_go(w->session, true, true);
    assert_int_equal(sent(w), 0);
    fake_session_refuse(w->session, ERR_OK);
    fake_session_go(w->session, true, true);
    assert_int_equal(sent(w), 1);
    fake_session_commit(w->session, false);
    fake_session_go(w->session, true, true);
    assert_int_equal(sent(w), 2);
}

/* Start with this file; what was logged stands in `text`. */
static enum err start_with(struct world *w, const char *file, char text[1200])
{
    int ends[2];
    ssize_t len;
    enum err e;

    description_free(w->description);
    write_file(w, file);
    assert_int_equal(pipe(ends), 0);
    log_set_descriptor(ends[1]);
    e = start(w);
    log_set_descriptor(STDERR_FILENO);
    close(ends[1]);
    len = read(ends[0], text, 1199);
    assert_true(len >= 0);
    text[len] = '\0';
    close(ends[0]);
    return e;
}

static void assert_ends(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    if (len < end_len || strcmp(text + len - end_len, end) != 0)
        fail_msg("\"%s\" does not end with \"%s\"", text, end);
}

static void a_fault_is_told_with_file_and_line(void **state)
{
    struct world *w = *state;
    char text[1200];

    assert_int_equal(
        start_with(w, "{\n  \"title\": \"x\",\n  nonsense\n}\n", text),
        ERR_INVALID);
    assert_non_null(strstr(text, "td.json:3: "));
}

static void a_fault_is_told_with_file_and_place(void **state)
{
    struct world *w = *state;
    char text[1200];

    assert_int_equal(start_with(w,
                         "{\"title\":\"x\",\"properties\":{\"a/b\":"
                         "{\"minimum\":\"low\"}}}",
                         text),
        ERR_INVALID);
    assert_ends(text, "td.json: /properties/a~1b/minimum: expected a number\n");
}

static void a_missing_file_is_told(void **state)
{
    struct world *w = *state;

    description_free(w->description);
    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(start(w), ERR_NOT_FOUND);
}

static void what_no_message_can_hold_is_too_big(void **state)
{
    struct world *w = *state;
    size_t len = 128 * 1024;
    char *file = malloc(len + 2);
    char text[1200];

    assert_non_null(file);
    (void)snprintf(file, len + 1, "{\"title\":\"%0*d\"}", (int)len - 12, 0);
    assert_int_equal(start_with(w, file, text), ERR_TOO_BIG);
    assert_ends(text, "128 KB fit\n");
    (void)snprintf(file, len + 2, "{\"title\":\"%0*d\"}", (int)len - 11, 0);
    assert_int_equal(start_with(w, file, text), ERR_TOO_BIG);
    assert_ends(text, "reason=\"larger than 128 KB\"\n");
    free(file);
}

static void a_maker_may_write_all_of_this(void **state)
{
    static const char *const texts[] = {
        "{\"title\":\"x\"}",
        "{\"title\":\"x\",\"properties\":{},\"actions\":{},\"events\":{}}",
        "{\"title\":\"x\",\"version\":{\"instance\":\"1\",\"model\":\"2\","
        "\"nameplate:firmware\":\"2.4.1\",\"more\":1}}",
        "{\"title\":\"x\",\"anything\":{\"else\":[null]}}",
        "{\"title\":\"x\",\"properties\":{\"t\":{\"type\":\"number\","
        "\"title\":\"T\",\"minimum\":5,\"maximum\":30,\"multipleOf\":0.5,"
        "\"unit\":\"Cel\",\"nameplate:group\":\"g\","
        "\"nameplate:widget\":\"slider\",\"readOnly\":false,"
        "\"description\":\"d\",\"more\":1},"
        "\"mode\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]},"
        "\"odd\":{\"type\":\"unheard of\"},\"bare\":{}}}",
        "{\"title\":\"x\",\"actions\":{\"go\":{\"input\":{}}},"
        "\"events\":{\"alarm\":{\"data\":{\"type\":\"string\"}}}}",
        "{\"title\":\"x\",\"properties\":{\"t\":"
        "{\"minimum\":5,\"maximum\":5}}}",
    };
    struct json *value;
    struct description_fault fault;

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_int_equal(json_parse(texts[i], strlen(texts[i]),
                             (struct json_limits){1000, 9}, &value),
            ERR_OK);
        if (description_check(value, &fault) != ERR_OK)
            fail_msg("%s: %s in %s", fault.place, fault.expected, texts[i]);
        json_free(value);
    }
}

static void a_maker_may_not_write_any_of_this(void **state)
{
    static const struct {
        const char *text, *place, *expected;
    } rows[] = {
        {"[]",                                                                "/",                               "an object"                           },
        {"{}",                                                                "/title",                          "a text: what people call this device"},
        {"{\"title\":7}",                                                     "/title",                          "a text, not empty"                   },
        {"{\"title\":\"\"}",                                                  "/title",                          "a text, not empty"                   },
        {"{\"title\":\"x\",\"id\":\"urn:x\"}",                                "/id",
         "nothing: the agent adds it"                                                                                                                  },
        {"{\"title\":\"x\",\"@context\":[]}",                                 "/@context",
         "nothing: the agent adds it"                                                                                                                  },
        {"{\"title\":\"x\",\"security\":[]}",                                 "/security",
         "nothing: the agent adds it"                                                                                                                  },
        {"{\"title\":\"x\",\"securityDefinitions\":{}}",                      "/securityDefinitions",
         "nothing: the agent adds it"                                                                                                                  },
        {"{\"title\":\"x\",\"properties\":[]}",                               "/properties",                     "an object"                           },
        {"{\"title\":\"x\",\"actions\":1}",                                   "/actions",                        "an object"                           },
        {"{\"title\":\"x\",\"events\":null}",                                 "/events",                         "an object"                           },
        {"{\"title\":\"x\",\"properties\":{\"t\":5}}",                        "/properties/t",
         "an object"                                                                                                                                   },
        {"{\"title\":\"x\",\"properties\":{\"\":{}}}",                        "/properties/",
         "a name that is not empty"                                                                                                                    },
        {"{\"title\":\"x\",\"properties\":{\"a~b\":{\"type\":1}}}",
         "/properties/a~0b/type",                                                                                "a text"                              },
        {"{\"title\":\"x\",\"properties\":{\"t\":{\"readOnly\":\"yes\"}}}",
         "/properties/t/readOnly",                                                                               "true or false"                       },
        {"{\"title\":\"x\",\"properties\":{\"t\":"
         "{\"nameplate:private\":\"yes\"}}}",                        "/properties/t/nameplate:private", "true or false"                       },
        {"{\"title\":\"x\",\"actions\":{\"t\":{\"nameplate:private\":1}}}",
         "/actions/t/nameplate:private",                                                                         "true or false"                       },
        {"{\"title\":\"x\",\"properties\":{\"t\":{\"multipleOf\":0}}}",
         "/properties/t/multipleOf",                                                                             "a number above 0"                    },
        {"{\"title\":\"x\",\"properties\":{\"t\":{\"enum\":[]}}}",
         "/properties/t/enum",                                                                                   "an array, not empty"                 },
        {"{\"title\":\"x\",\"properties\":{\"t\":{\"enum\":{\"a\":1}}}}",
         "/properties/t/enum",                                                                                   "an array, not empty"                 },
        {"{\"title\":\"x\",\"properties\":{\"t\":"
         "{\"minimum\":6,\"maximum\":5}}}",                          "/properties/t/minimum",           "a number not above maximum"          },
        {"{\"title\":\"x\",\"properties\":{\"t\":{\"nameplate:widget\":1}}}",
         "/properties/t/nameplate:widget",                                                                       "a text (toggle or slider)"           },
        {"{\"title\":\"x\",\"actions\":{\"go\":{\"input\":1}}}",
         "/actions/go/input",                                                                                    "an object"                           },
        {"{\"title\":\"x\",\"version\":\"1\"}",                               "/version",                        "an object"                           },
        {"{\"title\":\"x\",\"version\":{}}",                                  "/version/instance",
         "a text: the version of this description"                                                                                                     },
        {"{\"title\":\"x\",\"version\":{\"instance\":\"1\","
         "\"nameplate:firmware\":2}}",                               "/version/nameplate:firmware",     "a text, not empty"                   },
        {"{\"title\":\"x\",\"events\":{\"e\":{\"data\":[]}}}",                "/events/e/data",
         "an object"                                                                                                                                   },
    };
    struct json *value;
    struct description_fault fault;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(json_parse(rows[i].text, strlen(rows[i].text),
                             (struct json_limits){1000, 9}, &value),
            ERR_OK);
        assert_int_equal(description_check(value, &fault), ERR_INVALID);
        assert_string_equal(fault.place, rows[i].place);
        assert_string_equal(fault.expected, rows[i].expected);
        json_free(value);
    }
}

static void a_long_place_is_cut(void **state)
{
    struct description_fault fault;
    char text[2000];
    struct json *value;

    (void)state;
    (void)snprintf(
        text, sizeof(text), "{\"title\":\"x\",\"events\":{\"%01000d\":1}}", 0);
    assert_int_equal(
        json_parse(text, strlen(text), (struct json_limits){2000, 9}, &value),
        ERR_OK);
    assert_int_equal(description_check(value, &fault), ERR_INVALID);
    assert_int_equal(strlen(fault.place), sizeof(fault.place) - 2);
    json_free(value);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_makers_words_travel_with_what_the_agent_adds),
        TEST(it_is_sent_once_while_the_broker_keeps_our_session),
        TEST(it_is_sent_again_when_the_broker_lost_our_session),
        TEST(a_restart_sends_it_only_when_it_changed),
        TEST(what_was_never_stored_is_sent_by_the_next_start),
        TEST(what_the_disk_refused_is_sent_by_the_next_connection),
        TEST(a_fault_is_told_with_file_and_line),
        TEST(a_fault_is_told_with_file_and_place),
        TEST(a_missing_file_is_told),
        TEST(what_no_message_can_hold_is_too_big),
        cmocka_unit_test(a_maker_may_write_all_of_this),
        cmocka_unit_test(a_maker_may_not_write_any_of_this),
        cmocka_unit_test(a_long_place_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
