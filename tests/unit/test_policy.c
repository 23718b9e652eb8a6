/* What a thing may do, and how large (contract sections 1, 1.1 and 4.4). */

#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "cloud-mock/lib/limits.h"
#include "cloud-mock/lib/policy.h"
#include "cloud-mock/lib/subscriptions.h"
#include "cloud-mock/lib/topic.h"

#define OWN   "acme:thermo-1:S1"
#define OTHER "acme:thermo-1:S2"

static bool may(enum policy_action action, const char *topic)
{
    return policy_allows(OWN, action, topic);
}

/* [14] and the reserved topics: P publish, S subscribe, R receive. */
static const struct {
    const char *topic, *may;
} table[] = {
    {"nameplate/" OWN "/telemetry",                                      "PSR"},
    {"nameplate/" OWN "/stream/door",                                    "PSR"},
    {"nameplate/" OWN "/#",                                              "PSR"},
    {"nameplate/" OWN,                                                   ""   },
    {"nameplate/" OWN "/",                                               ""   },
    {"nameplate/" OWN "x/telemetry",                                     ""   },
    {"nameplate/" OTHER "/telemetry",                                    ""   },
    {"nameplate/+/telemetry",                                            ""   },
    {"nameplate/#",                                                      ""   },
    {"#",                                                                ""   },
    {"+/" OWN "/telemetry",                                              ""   },
    {"+",                                                                ""   },
    {"$SYS/#",                                                           ""   },
    {"$SYS/broker/uptime",                                               ""   },
    {"$share/g/nameplate/" OWN "/telemetry",                             ""   },
    {"$nameplate/cloud/" OWN "/request",                                 ""   },
    {"$nameplate/cloud/registered",                                      ""   },
    {"$aws/events/presence/connected/" OWN,                              ""   },
    {"$aws/things/" OWN "/shadow/get",                                   "PSR"},
    {"$aws/things/" OWN "/shadow/update",                                "PSR"},
    {"$aws/things/" OWN "/shadow/delete",                                "PSR"},
    {"$aws/things/" OWN "/shadow/update/accepted",                       "SR" },
    {"$aws/things/" OWN "/shadow/update/delta",                          "SR" },
    {"$aws/things/" OWN "/shadow/update/documents",                      "SR" },
    {"$aws/things/" OWN "/shadow/delete/rejected",                       "SR" },
    {"$aws/things/" OWN "/shadow/name/lamp/update",                      "PSR"},
    {"$aws/things/" OWN "/shadow/name/lamp/get/rejected",                "SR" },
    {"$aws/things/" OWN "/shadow/name/l mp/update",                      "R"  },
    {"$aws/things/" OWN "/shadow/+/accepted",                            "SR" },
    {"$aws/things/" OWN "/shadow/#",                                     "SR" },
    {"$aws/things/" OWN "/shadow/patch",                                 "R"  },
    {"$aws/things/" OWN "/unheard/of",                                   "R"  },
    {"$aws/things/" OWN "/jobs/get",                                     "PSR"},
    {"$aws/things/" OWN "/jobs/start-next",                              "PSR"},
    {"$aws/things/" OWN "/jobs/$next/get",                               "PSR"},
    {"$aws/things/" OWN "/jobs/j1/update",                               "PSR"},
    {"$aws/things/" OWN "/jobs/no/such/api",                             "PR" },
    {"$aws/things/" OWN "/jobs/+/update",                                "SR" },
    {"$aws/things/" OWN "/jobs",                                         "R"  },
    {"$aws/things/" OWN "/jobs/notify",                                  "SR" },
    {"$aws/things/" OWN "/jobs/notify-next",                             "SR" },
    {"$aws/things/" OWN "/jobs/get/accepted",                            "SR" },
    {"$aws/things/" OWN "/jobs/start-next/rejected",                     "SR" },
    {"$aws/things/" OWN "/jobs/$next/get/accepted",                      "SR" },
    {"$aws/things/" OWN "/jobs/j1/update/rejected",                      "SR" },
    {"$aws/things/" OWN "/jobs/+/update/accepted",                       "SR" },
    {"$aws/things/" OWN "/jobs/#",                                       "SR" },
    {"$aws/things/" OTHER "/jobs/start-next",                            ""   },
    {"$aws/things/" OTHER "/jobs/start-next/accepted",                   ""   },
    {"$aws/things/" OTHER "/jobs/notify-next",                           ""   },
    {"$aws/things/" OTHER "/jobs/#",                                     ""   },
    {"$aws/things/+/jobs/notify",                                        ""   },
    {"$aws/things/" OTHER "/shadow/update",                              ""   },
    {"$aws/things/" OTHER "/shadow/update/delta",                        ""   },
    {"$aws/things/+/shadow/update/delta",                                ""   },
    {"$aws/things/#",                                                    ""   },
    {"$aws/#",                                                           ""   },
    {"$aws/certificates/create/json",                                    "P"  },
    {"$aws/certificates/create/json/accepted",                           "SR" },
    {"$aws/certificates/create-from-csr/json",                           "P"  },
    {"$aws/certificates/create-from-csr/json/rejected",                  "SR" },
    {"$aws/certificates/create-from-csr/json/+",                         "S"  },
    {"$aws/certificates/create-from-csr/+",                              ""   },
    {"$aws/certificates/#",                                              ""   },
    {"$aws/certificates/create-from-csr/cbor",                           ""   },
    {"$aws/provisioning-templates/T/provision/json",                     "P"  },
    {"$aws/provisioning-templates/T/provision/json/+",                   "S"  },
    {"$aws/provisioning-templates/+/provision/json/+",                   ""   },
    {"$aws/commands/things/" OWN "/executions/+/request/json",           "S"  },
    {"$aws/commands/things/" OWN "/executions/7/request/json",           "SR" },
    {"$aws/commands/things/" OWN "/executions/7/request/+",              ""   },
    {"$aws/commands/things/" OWN "/executions/7/response/json",          "P"  },
    {"$aws/commands/things/" OWN "/executions/+/response/json",          ""   },
    {"$aws/commands/things/" OWN "/executions/7/response/accepted/json", "SR" },
    {"$aws/commands/things/" OTHER "/executions/7/response/json",        ""   },
    {"$aws/commands/things/" OTHER "/executions/+/request/json",         ""   },
    {"$aws/commands/things/+/executions/+/request/json",                 ""   },
    {"",                                                                 ""   },
    {"/",                                                                ""   },
};

static void a_thing_reaches_its_own_topics_and_no_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *topic = table[i].topic, *expected = table[i].may;

        if (may(POLICY_PUBLISH, topic) != (strchr(expected, 'P') != NULL) ||
            may(POLICY_SUBSCRIBE, topic) != (strchr(expected, 'S') != NULL) ||
            may(POLICY_RECEIVE, topic) != (strchr(expected, 'R') != NULL))
            fail_msg("%s: expected \"%s\"", topic, expected);
    }
}

static void a_topic_has_at_most_256_bytes_and_7_slashes(void **state)
{
    char topic[300];

    (void)state;
    memset(topic, 'a', sizeof(topic));
    topic[256] = '\0';
    assert_int_equal(limits_topic(topic), VERDICT_ALLOW);
    topic[256] = 'a';
    topic[257] = '\0';
    assert_int_equal(limits_topic(topic), VERDICT_REFUSE);
    assert_int_equal(limits_topic("1/2/3/4/5/6/7/8"), VERDICT_ALLOW);
    assert_int_equal(limits_topic("1/2/3/4/5/6/7/8/"), VERDICT_REFUSE);
}

static void basic_ingest_and_shares_have_levels_that_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(
        limits_topic("$aws/rules/r/1/2/3/4/5/6/7/8"), VERDICT_ALLOW);
    assert_int_equal(
        limits_topic("$aws/rules/r/1/2/3/4/5/6/7/8/9"), VERDICT_REFUSE);
    assert_int_equal(limits_topic("$share/g/1/2/3/4/5/6/7/8"), VERDICT_ALLOW);
    assert_int_equal(
        limits_topic("$share/g/1/2/3/4/5/6/7/8/9"), VERDICT_REFUSE);
    assert_int_equal(
        limits_topic("$aws/commands/things/t/executions/1/response/a/json"),
        VERDICT_ALLOW);
    assert_int_equal(
        limits_topic("$aws/commands/things/t/executions/1/response/a/json/"),
        VERDICT_REFUSE);
}

static void a_payload_has_at_most_128_kilobytes(void **state)
{
    (void)state;
    assert_int_equal(limits_payload(131072), VERDICT_ALLOW);
    assert_int_equal(limits_payload(131073), VERDICT_CLOSE_TOO_BIG);
}

static void subscribe_many(struct subscriptions *subscriptions, int count)
{
    char filter[20];

    for (int i = 0; i < count; i++) {
        (void)snprintf(filter, sizeof(filter), "f/%d", i);
        assert_true(subscriptions_add(subscriptions, OWN, filter));
    }
}

static void a_connection_has_at_most_50_subscriptions(void **state)
{
    struct subscriptions *subscriptions = subscriptions_new();

    (void)state;
    subscribe_many(subscriptions, 50);
    assert_false(subscriptions_add(subscriptions, OWN, "one/more"));
    assert_true(subscriptions_add(subscriptions, OWN, "f/7")); /* again */
    assert_true(subscriptions_add(subscriptions, OTHER, "one/more"));
    subscriptions_remove(subscriptions, OWN, "f/7");
    subscriptions_remove(subscriptions, OWN, "f/7");
    subscriptions_remove(subscriptions, "nobody", "f/7");
    assert_true(subscriptions_add(subscriptions, OWN, "one/more"));
    assert_false(subscriptions_add(subscriptions, OWN, "f/7"));
    subscriptions_free(subscriptions);
}

static void a_new_connection_begins_without_any(void **state)
{
    struct subscriptions *subscriptions = subscriptions_new();

    (void)state;
    subscribe_many(subscriptions, 50);
    subscriptions_forget(subscriptions, OWN);
    subscriptions_forget(subscriptions, "nobody");
    subscribe_many(subscriptions, 50);
    subscriptions_free(subscriptions);
}

static void a_shadow_topic_tells_thing_name_and_operation(void **state)
{
    struct topic_shadow t;

    (void)state;
    assert_true(topic_read_shadow("$aws/things/a:b:c/shadow/get", &t));
    assert_string_equal(t.thing, "a:b:c");
    assert_string_equal(t.name, "");
    assert_int_equal(t.operation, TOPIC_SHADOW_GET);
    assert_true(topic_read_shadow("$aws/things/x/shadow/name/$n/delete", &t));
    assert_string_equal(t.name, "$n");
    assert_int_equal(t.operation, TOPIC_SHADOW_DELETE);
}

static void what_only_looks_like_a_shadow_topic_is_none(void **state)
{
    static const char *const topics[] = {"", "$aws", "$aws/things",
        "$aws/things/x", "$aws/things/x/shadow", "$aws/things/x/shadow/",
        "$aws/things//shadow/get", "$aws/things/x/shadow/get/accepted",
        "$aws/things/x/shadow/name/get", "$aws/things/x/shadow/name//get",
        "$aws/things/x/shadow/name/n", "$aws/things/x/jobs/get",
        "aws/things/x/shadow/get", "$aws/things/x y/shadow/get",
        "$aws/things/x/shadow/name/n/update/x"};
    char topic[300];
    struct topic_shadow t;

    (void)state;
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        if (topic_read_shadow(topics[i], &t))
            fail_msg("%s", topics[i]);
    (void)snprintf(topic, sizeof(topic), "$aws/things/%0129d/shadow/get", 0);
    assert_false(topic_read_shadow(topic, &t));
    (void)snprintf(
        topic, sizeof(topic), "$aws/things/x/shadow/name/%065d/get", 0);
    assert_false(topic_read_shadow(topic, &t));
    (void)snprintf(
        topic, sizeof(topic), "$aws/things/x/shadow/name/%064d/get", 0);
    assert_true(topic_read_shadow(topic, &t));
}

static void a_jobs_topic_tells_thing_job_and_operation(void **state)
{
    static const struct {
        const char *tail, *job;
        enum topic_jobs_operation operation;
    } rows[] = {
        {"get",            "",        TOPIC_JOBS_PENDING   },
        {"start-next",     "",        TOPIC_JOBS_START_NEXT},
        {"job-1_Z/get",    "job-1_Z", TOPIC_JOBS_DESCRIBE  },
        {"$next/get",      "$next",   TOPIC_JOBS_DESCRIBE  },
        {"j/update",       "j",       TOPIC_JOBS_UPDATE    },
        {"get/get",        "get",     TOPIC_JOBS_DESCRIBE  },
        {"j/get/accepted", "",        TOPIC_JOBS_UNKNOWN   },
        {"start-next/",    "",        TOPIC_JOBS_UNKNOWN   },
        {"a:b/get",        "",        TOPIC_JOBS_UNKNOWN   },
        {"",               "",        TOPIC_JOBS_UNKNOWN   },
    };
    char topic[300];
    struct topic_jobs t;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)snprintf(
            topic, sizeof(topic), "$aws/things/" OWN "/jobs/%s", rows[i].tail);
        if (!topic_read_jobs(topic, &t) || t.operation != rows[i].operation ||
            strcmp(t.thing, OWN) != 0)
            fail_msg("%s", topic);
        if (t.operation != TOPIC_JOBS_UNKNOWN)
            assert_string_equal(t.job, rows[i].job);
    }
    (void)snprintf(topic, sizeof(topic), "$aws/things/x/jobs/%064d/get", 0);
    assert_true(topic_read_jobs(topic, &t));
    assert_int_equal(t.operation, TOPIC_JOBS_DESCRIBE);
    (void)snprintf(topic, sizeof(topic), "$aws/things/x/jobs/%065d/get", 0);
    assert_true(topic_read_jobs(topic, &t));
    assert_int_equal(t.operation, TOPIC_JOBS_UNKNOWN);
    assert_false(topic_read_jobs("$aws/things/x/jobs", &t));
    assert_false(topic_read_jobs("$aws/things//jobs/get", &t));
    assert_false(topic_read_jobs("$aws/things/x y/jobs/get", &t));
    assert_false(topic_read_jobs("$aws/things/x/shadow/get", &t));
    assert_false(topic_read_jobs("aws/things/x/jobs/get", &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thing_reaches_its_own_topics_and_no_others),
        cmocka_unit_test(a_topic_has_at_most_256_bytes_and_7_slashes),
        cmocka_unit_test(basic_ingest_and_shares_have_levels_that_do_not_count),
        cmocka_unit_test(a_payload_has_at_most_128_kilobytes),
        cmocka_unit_test(a_connection_has_at_most_50_subscriptions),
        cmocka_unit_test(a_new_connection_begins_without_any),
        cmocka_unit_test(a_shadow_topic_tells_thing_name_and_operation),
        cmocka_unit_test(what_only_looks_like_a_shadow_topic_is_none),
        cmocka_unit_test(a_jobs_topic_tells_thing_job_and_operation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
