/* Which documents of jobs are understood, and what is said of the others. */

#include "device/jobs_document.h"

#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"

static enum err read(
    const char *text, char why[JOBS_WORDS], struct jobs_document **out)
{
    struct json *document = NULL;
    enum err e;

    assert_int_equal(json_parse(text, strlen(text),
                         (struct json_limits){100000, 20}, &document),
        ERR_OK);
    e = jobs_document_read(document, why, out);
    json_free(document);
    return e;
}

static void refuses(const char *text, const char *words)
{
    struct jobs_document *document = NULL;
    char why[JOBS_WORDS];

    assert_int_equal(read(text, why, &document), ERR_INVALID);
    assert_null(document);
    if (strstr(why, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, why);
}

#define HANDLER(rest)                                                          \
    "{\"version\":\"1.0\",\"steps\":[{\"action\":{\"type\":"                   \
    "\"runHandler\"" rest "}}]}"
#define NAMED(name) HANDLER(",\"input\":{\"handler\":\"" name "\"}")

static void a_document_as_aws_writes_it_is_understood(void **state)
{
    static const char text[] =
        "{\"version\":\"1.0\",\"includeStdOut\":true,\"steps\":["
        "{\"action\":{\"name\":\"Install\",\"type\":\"runHandler\","
        "\"runAsUser\":\"root\",\"ignoreStepFailure\":\"false\",\"input\":{"
        "\"handler\":\"install-packages.sh\",\"args\":[\"wget\",\"\"],"
        "\"path\":\"default\"}}},"
        "{\"action\":{\"name\":\"Hi\",\"type\":\"runHandler\","
        "\"ignoreStepFailure\":true,\"input\":{\"handler\":\"hi.sh\"}}}],"
        "\"finalStep\":{\"action\":{\"type\":\"runHandler\",\"input\":{"
        "\"handler\":\"end.sh\"}}}}";
    struct jobs_document *document = NULL;
    const struct jobs_step *step;
    char why[JOBS_WORDS];

    (void)state;
    assert_int_equal(read(text, why, &document), ERR_OK);
    assert_int_equal(jobs_document_count(document), 3);
    step = jobs_document_step(document, 0);
    assert_string_equal(step->name, "Install");
    assert_string_equal(step->handler, "install-packages.sh");
    assert_string_equal(step->user, "root");
    assert_int_equal(step->arg_count, 2);
    assert_string_equal(step->args[0], "wget");
    assert_string_equal(step->args[1], "");
    assert_false(step->may_fail);
    step = jobs_document_step(document, 1);
    assert_true(step->may_fail);
    assert_string_equal(step->user, "");
    assert_int_equal(step->arg_count, 0);
    assert_string_equal(jobs_document_step(document, 2)->handler, "end.sh");
    jobs_document_free(document);
}

static void what_could_leave_the_folder_is_no_handler(void **state)
{
    static const char *const names[] = {
        NAMED(""),
        NAMED("."),
        NAMED(".."),
        NAMED("../sh"),
        NAMED("/bin/sh"),
        NAMED("a/b"),
        NAMED(".hidden"),
        NAMED("a b"),
        NAMED("a\\nb"),
        NAMED("a;b"),
        NAMED("\303\244"),
        NAMED("$x"),
        NAMED("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
              "a"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        refuses(names[i], "step 1: input.handler: expected a file's name");
    refuses(HANDLER(""), "input.handler");
    refuses(HANDLER(",\"input\":{\"handler\":5}"), "input.handler");
    refuses(HANDLER(",\"input\":{\"handler\":\"a\",\"path\":\"/opt\"}"),
        "input.path: expected \"default\"");
    refuses(HANDLER(",\"input\":{\"handler\":\"a\",\"path\":5}"), "input.path");
}

static void what_is_not_understood_refuses_the_whole(void **state)
{
    (void)state;
    refuses("5", "the document: version: expected \"1.0\"");
    refuses("{}", "version");
    refuses("{\"version\":\"2.0\",\"steps\":[]}", "version");
    refuses("{\"version\":1,\"steps\":[]}", "version");
    refuses("{\"version\":\"1.0\"}", "steps: expected an array, 1 to 32");
    refuses("{\"version\":\"1.0\",\"steps\":[]}", "steps");
    refuses("{\"version\":\"1.0\",\"steps\":{}}", "steps");
    refuses("{\"version\":\"1.0\",\"steps\":[5]}", "step 1: action.type");
    refuses("{\"version\":\"1.0\",\"conditions\":[],\"steps\":[5]}",
        "the document: conditions");
    refuses("{\"version\":\"1.0\",\"steps\":[{\"conditions\":[],\"action\":{"
            "\"type\":\"runHandler\",\"input\":{\"handler\":\"a\"}}}]}",
        "step 1: conditions");
    refuses("{\"version\":\"1.0\",\"steps\":[{\"action\":{\"type\":"
            "\"runCommand\",\"input\":{\"command\":\"echo,Hello\"}}}]}",
        "its maker's handlers only");
    refuses("{\"version\":\"1.0\",\"steps\":[{\"action\":{\"type\":"
            "\"runHandler\",\"input\":{\"handler\":\"a\"}}}],"
            "\"finalStep\":{}}",
        "step 2: action.type");
    refuses(HANDLER(",\"name\":5,\"input\":{\"handler\":\"a\"}"),
        "action.name and .runAsUser");
    refuses(HANDLER(",\"runAsUser\":{},\"input\":{\"handler\":\"a\"}"),
        "action.name and .runAsUser");
    refuses(HANDLER(",\"ignoreStepFailure\":\"no\",\"input\":{\"handler\":"
                    "\"a\"}"),
        "ignoreStepFailure");
    refuses(HANDLER(",\"ignoreStepFailure\":1,\"input\":{\"handler\":\"a\"}"),
        "ignoreStepFailure");
    refuses(HANDLER(",\"input\":{\"handler\":\"a\",\"args\":\"x\"}"),
        "args: expected an array");
    refuses(HANDLER(",\"input\":{\"handler\":\"a\",\"args\":[1]}"),
        "args: expected texts only");
}

/* `count` times `item` between `head` and `tail`. */
static const char *repeat(
    const char *head, const char *item, size_t count, const char *tail)
{
    static char text[10000];
    size_t len = (size_t)snprintf(text, sizeof(text), "%s", head);

    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(
            text + len, sizeof(text) - len, "%s%s", i == 0 ? "" : ",", item);
    (void)snprintf(text + len, sizeof(text) - len, "%s", tail);
    return text;
}

static void there_are_32_steps_and_32_arguments_at_most(void **state)
{
    static const char step[] = "{\"action\":{\"type\":\"runHandler\","
                               "\"input\":{\"handler\":\"a\"}}}";
    static const char head[] = "{\"version\":\"1.0\",\"steps\":[";
    static const char args[] =
        "{\"version\":\"1.0\",\"steps\":[{\"action\":{\"type\":\"runHandler\","
        "\"input\":{\"handler\":\"a\",\"args\":[";
    struct jobs_document *document = NULL;
    char why[JOBS_WORDS];

    (void)state;
    assert_int_equal(
        read(repeat(head, step, 32, "]}"), why, &document), ERR_OK);
    assert_int_equal(jobs_document_count(document), 32);
    jobs_document_free(document);
    refuses(repeat(head, step, 33, "]}"), "1 to 32 with the final");
    refuses(repeat(head, step, 32, "],\"finalStep\":{}}"), "with the final");
    assert_int_equal(
        read(repeat(args, "\"x\"", 32, "]}}}]}"), why, &document), ERR_OK);
    assert_int_equal(jobs_document_step(document, 0)->arg_count, 32);
    jobs_document_free(document);
    refuses(repeat(args, "\"x\"", 33, "]}}}]}"), "at most 32 texts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_as_aws_writes_it_is_understood),
        cmocka_unit_test(what_could_leave_the_folder_is_no_handler),
        cmocka_unit_test(what_is_not_understood_refuses_the_whole),
        cmocka_unit_test(there_are_32_steps_and_32_arguments_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
