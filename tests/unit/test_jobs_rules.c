/* What the Jobs service refuses, and with which code (contract sections 3.2,
 * 3.3 and 3.6). */

#include "jobs_service.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
    const char *tail, *payload, *code;
} bad[] = {
    {"job1/update", "",                                              "InvalidJson"     },
    {"job1/update", "{",                                             "InvalidJson"     },
    {"job1/update", "{\"status\":\"FAILED\"} x",                     "InvalidJson"     },
    {"job1/update", "{\"status\":\"\xff\"}",                         "InvalidJson"     },
    {"job1/update", "{\"status\":\"FAILED\",\"status\":\"X\"}",      "InvalidJson"     },
    {"get",         "nonsense",                                      "InvalidJson"     },
    {"start-next",  "\xff",                                          "InvalidJson"     },
    {"job1/get",    "{]",                                            "InvalidJson"     },
    {"get",         "[]",                                            "InvalidRequest"  },
    {"get",         "null",                                          "InvalidRequest"  },
    {"get",         "{\"clientToken\":1}",                           "InvalidRequest"  },
    {"get",         "{\"a\":[[[[[[[[[[1]]]]]]]]]]}",                 "InvalidRequest"  },
    {"start-next",  "\"\"",                                          "InvalidRequest"  },
    {"start-next",  "{\"statusDetails\":[]}",                        "InvalidRequest"  },
    {"start-next",  "{\"stepTimeoutInMinutes\":-1}",                 "InvalidRequest"  },
    {"job1/get",    "{\"executionNumber\":0}",                       "InvalidRequest"  },
    {"job1/get",    "{\"executionNumber\":\"1\"}",                   "InvalidRequest"  },
    {"job1/get",    "{\"includeJobDocument\":1}",                    "InvalidRequest"  },
    {"job1/update", "{}",                                            "InvalidRequest"  },
    {"job1/update", "{\"status\":1}",                                "InvalidRequest"  },
    {"job1/update", "{\"status\":\"\"}",                             "InvalidRequest"  },
    {"job1/update", "{\"status\":\"succeeded\"}",                    "InvalidRequest"  },
    {"job1/update", "{\"status\":\"QUEUED\"}",                       "InvalidRequest"  },
    {"job1/update", "{\"status\":\"TIMED_OUT\"}",                    "InvalidRequest"  },
    {"job1/update", "{\"status\":\"CANCELED\"}",                     "InvalidRequest"  },
    {"job1/update", "{\"status\":\"REMOVED\"}",                      "InvalidRequest"  },
    {"job1/update", "{\"statusDetails\":{}}",                        "InvalidRequest"  },
    {"job2/update", "{\"status\":\"FAILED\"}",                       "ResourceNotFound"},
    {"job2/get",    "",                                              "ResourceNotFound"},
    {"job1/get",    "{\"executionNumber\":2}",                       "ResourceNotFound"},
    {"job1/update", "{\"status\":\"FAILED\",\"executionNumber\":2}",
     "ResourceNotFound"                                                                },
};

static void what_is_refused_has_its_code_and_changes_nothing(void **state)
{
    create(*state, "job1");
    for (size_t i = 0; i < COUNT(bad); i++)
        refuses(*state, bad[i].tail, bad[i].payload, bad[i].code);
    the_state_is(*state, "job1", "QUEUED {} 1");
}

/* Each stands in {"status":"IN_PROGRESS",...}; a leading '!': refused. */
static const char *const members[] = {
    "\"expectedVersion\":1",
    "\"expectedVersion\":\"2\"",
    "\"expectedVersion\":3.0",
    "!\"expectedVersion\":0",
    "!\"expectedVersion\":-1",
    "!\"expectedVersion\":\"\"",
    "!\"expectedVersion\":\"0\"",
    "!\"expectedVersion\":\" 4\"",
    "!\"expectedVersion\":\"4x\"",
    "!\"expectedVersion\":\"-4\"",
    "!\"expectedVersion\":\"99999999999999999999\"",
    "!\"expectedVersion\":1.5",
    "!\"expectedVersion\":null",
    "\"executionNumber\":1",
    "!\"executionNumber\":null",
    "\"stepTimeoutInMinutes\":1",
    "\"stepTimeoutInMinutes\":10080",
    "\"stepTimeoutInMinutes\":-1",
    "!\"stepTimeoutInMinutes\":0",
    "!\"stepTimeoutInMinutes\":-2",
    "!\"stepTimeoutInMinutes\":10081",
    "!\"stepTimeoutInMinutes\":1.5",
    "!\"stepTimeoutInMinutes\":\"5\"",
    "\"includeJobExecutionState\":false",
    "!\"includeJobExecutionState\":\"true\"",
    "!\"includeJobDocument\":null",
    "\"somethingNew\":[{}]",
    "\"statusDetails\":{}",
    "\"statusDetails\":{\"a:_-Z9\":\"\xc3\xa4 \xf0\x9f\x98\x80\"}",
    "!\"statusDetails\":null",
    "!\"statusDetails\":\"a\"",
    "!\"statusDetails\":{\"a\":1}",
    "!\"statusDetails\":{\"a\":{\"b\":\"c\"}}",
    "!\"statusDetails\":{\"a\":null}",
    "!\"statusDetails\":{\"a\":\"\"}",
    "!\"statusDetails\":{\"\":\"a\"}",
    "!\"statusDetails\":{\"a b\":\"c\"}",
    "!\"statusDetails\":{\"a.b\":\"c\"}",
    "!\"statusDetails\":{\"a\":\"b\\nc\"}",
    "!\"statusDetails\":{\"a\":\"\\u007f\"}",
};

static void each_member_of_an_update_has_its_limits(void **state)
{
    create(*state, "job1");
    for (size_t i = 0; i < COUNT(members); i++) {
        const bool wrong = members[i][0] == '!';
        char payload[200];

        (void)snprintf(payload, sizeof(payload),
            "{\"status\":\"IN_PROGRESS\",%s}", members[i] + wrong);
        if (wrong)
            refuses(*state, "job1/update", payload, "InvalidRequest");
        else
            tell(*state, "job1/update", payload);
    }
}

/* statusDetails of so many pairs, with a key and a value of such lengths. */
static void with_details(int pairs, int key, const char *character, int value,
    char *payload, size_t size)
{
    size_t at = (size_t)snprintf(
        payload, size, "{\"status\":\"IN_PROGRESS\",\"statusDetails\":{");

    for (int i = 0; i < pairs; i++) {
        at += (size_t)snprintf(payload + at, size - at, "%s\"%0*d\":\"",
            i == 0 ? "" : ",", key, i);
        for (int c = 0; c < value; c++)
            at += (size_t)snprintf(payload + at, size - at, "%s", character);
        at += (size_t)snprintf(payload + at, size - at, "\"");
    }
    (void)snprintf(payload + at, size - at, "}}");
}

static void details_are_ten_pairs_of_128_and_1024_characters(void **state)
{
    char *payload = malloc(100000);

    assert_non_null(payload);
    create(*state, "job1");
    with_details(10, 128, "\xf0\x9f\x98\x80", 1024, payload, 100000);
    tell(*state, "job1/update", payload);
    with_details(11, 2, "a", 1, payload, 100000);
    refuses(*state, "job1/update", payload, "InvalidRequest");
    with_details(1, 129, "a", 1, payload, 100000);
    refuses(*state, "job1/update", payload, "InvalidRequest");
    with_details(1, 1, "a", 1025, payload, 100000);
    refuses(*state, "job1/update", payload, "InvalidRequest");
    free(payload);
}

static void a_payload_beyond_the_brokers_limit_is_refused(void **state)
{
    const size_t len = 128 * 1024 + 1;
    char *payload = malloc(len);

    assert_non_null(payload);
    memset(payload, ' ', len);
    payload[0] = '{';
    payload[len - 1] = '}';
    ask_bytes(*state, "get", payload, len);
    assert_said(*state,
        "> get/rejected {\"code\":\"InvalidRequest\",\"message\":\"The payload "
        "must be a JSON object of at most 128 KB\"," AT "}\n");
    ask_bytes(*state, "get", "{\"clientToken\":\"a\0b\"}", 21);
    assert_non_null(
        strstr(((struct service *)*state)->world.said, "InvalidJson"));
    free(payload);
}

static void a_token_is_echoed_unless_it_is_too_long(void **state)
{
    ask(*state, "get",
        "{\"clientToken\":\"1234567890123456789012345678901234567890123456789"
        "012345678901234\"}",
        "> get/accepted {\"inProgressJobs\":[],\"queuedJobs\":[]," AT
        ",\"clientToken\":\"12345678901234567890123456789012345678901234567890"
        "12345678901234\"}\n");
    ask(*state, "get",
        "{\"clientToken\":\"1234567890123456789012345678901234567890123456789"
        "0123456789012345\"}",
        "> get/rejected {\"code\":\"InvalidRequest\",\"message\":\"clientToken "
        "must be a string of at most 64 bytes\"," AT "}\n");
    ask(*state, "j/update", "{\"clientToken\":\"t\",\"status\":\"X\"}",
        "> j/update/rejected {\"code\":\"InvalidRequest\",\"message\":\"status "
        "must be IN_PROGRESS, SUCCEEDED, FAILED or REJECTED\",\"clientToken\":"
        "\"t\"," AT "}\n");
}

static void a_topic_that_is_no_api_is_invalid(void **state)
{
    static const char *const tails[] = {"", "get/", "get/accepted", "gets",
        "start-next/get/x", "job1", "job1/", "/get", "job1/delete", "j:1/get",
        "$next/update", "$other/get", "job 1/get", "notify", "$next"};

    for (size_t i = 0; i < COUNT(tails); i++)
        refuses(*state, tails[i], "{}", "InvalidTopic");
    ask(*state, "job1", "{\"clientToken\":\"t\"}",
        "> job1/rejected {\"code\":\"InvalidTopic\",\"message\":\"The topic "
        "does not map to an API of Jobs\",\"clientToken\":\"t\"," AT "}\n");
    refuses(*state, "job1", "\xff", "InvalidTopic");
    refuses(*state, "job1", "[]", "InvalidTopic");
}

static void another_things_job_is_not_there(void **state)
{
    static const char *const things[] = {OTHER};
    const struct jobs_admin admin = admin_of(*state);
    struct json *document = json_new_object();
    const struct jobs_order order = {"job1", document, things, 1};

    assert_int_equal(jobs_admin_create(&admin, &order), ERR_OK);
    json_free(document);
    refuses(*state, "job1/get", "", "ResourceNotFound");
    refuses(*state, "job1/update", "{\"status\":\"SUCCEEDED\"}",
        "ResourceNotFound");
    ask(*state, "start-next", "", "> start-next/accepted {" AT "}\n");
}

static void a_thing_that_is_unknown_has_no_jobs(void **state)
{
    struct service *service = *state;
    const char *text = "$aws/things/nobody/jobs/get";
    const struct cloud_message message = {"boss", text, "", 0};
    struct topic_jobs topic;

    assert_true(topic_read_jobs(text, &topic));
    world_forget(&service->world);
    jobs_request(service->jobs, &topic, &message);
    assert_string_equal(service->world.said,
        "boss $aws/things/nobody/jobs/get/rejected {\"code\":"
        "\"ResourceNotFound\",\"message\":\"The thing has no such job "
        "execution\"," AT "}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(what_is_refused_has_its_code_and_changes_nothing),
        SERVICE_TEST(each_member_of_an_update_has_its_limits),
        SERVICE_TEST(details_are_ten_pairs_of_128_and_1024_characters),
        SERVICE_TEST(a_payload_beyond_the_brokers_limit_is_refused),
        SERVICE_TEST(a_token_is_echoed_unless_it_is_too_long),
        SERVICE_TEST(a_topic_that_is_no_api_is_invalid),
        SERVICE_TEST(another_things_job_is_not_there),
        SERVICE_TEST(a_thing_that_is_unknown_has_no_jobs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
