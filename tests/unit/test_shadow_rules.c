/* The Shadow service keeps to what AWS documents beside the vectors (contract
 * section 2), and makes the faults that tests order. */

#include "cloud-mock/lib/store_sql.h"
#include "folder.h"
#include "shadow_service.h"

static void metadata_keeps_the_time_of_what_did_not_change(void **state)
{
    struct service *service = *state;

    tell(service, "update",
        "{\"state\":{\"reported\":{\"a\":{\"x\":1,\"y\":1},\"b\":1}}}");
    service->world.now_ms += 10000;
    tell(service, "update",
        "{\"state\":{\"reported\":{\"a\":{\"y\":1},\"c\":1}}}");
    service->world.now_ms -= 10000;
    the_shadow_is(service,
        "\"state\":{\"reported\":{\"b\":1,\"a\":{\"x\":1,\"y\":1},\"c\":1}},"
        "\"metadata\":{\"reported\":{\"b\":" STAMP ",\"a\":{\"x\":" STAMP
        ",\"y\":{\"timestamp\":1591142757}},\"c\":{\"timestamp\":"
        "1591142757}}},\"version\":2");
}

static void a_scalar_that_becomes_an_object_gets_its_metadata(void **state)
{
    tell(*state, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    tell(*state, "update", "{\"state\":{\"reported\":{\"a\":{\"b\":1}}}}");
    the_shadow_is(*state,
        "\"state\":{\"reported\":{\"a\":{\"b\":1}}},"
        "\"metadata\":{\"reported\":{\"a\":{\"b\":" STAMP "}}},\"version\":2");
    tell(*state, "update", "{\"state\":{\"reported\":{\"a\":[{\"c\":1}]}}}");
    the_shadow_is(*state,
        "\"state\":{\"reported\":{\"a\":[{\"c\":1}]}},"
        "\"metadata\":{\"reported\":{\"a\":[{\"c\":" STAMP "}]}},"
        "\"version\":3");
}

static void what_is_empty_does_not_stand(void **state)
{
    tell(*state, "update",
        "{\"state\":{\"desired\":{\"a\":{},\"b\":{\"c\":null}},"
        "\"reported\":{\"d\":{\"e\":1}}}}");
    the_shadow_is(*state,
        "\"state\":{\"reported\":{\"d\":{\"e\":1}}},"
        "\"metadata\":{\"reported\":{\"d\":{\"e\":" STAMP "}}},\"version\":1");
    ask(*state, "update", "{\"state\":{\"reported\":{\"d\":{\"e\":null}}}}",
        "update/documents {\"previous\":{\"state\":{\"reported\":{\"d\":{\"e\":"
        "1}}},\"metadata\":{\"reported\":{\"d\":{\"e\":" STAMP
        "}}},\"version\":1},\"current\":{\"state\":{},\"metadata\":{},"
        "\"version\":2}," AT "}\n"
        "update/accepted {\"state\":{\"reported\":{\"d\":{\"e\":null}}},"
        "\"metadata\":{},\"version\":2," AT "}\n");
}

static void an_update_that_changes_nothing_is_a_new_version(void **state)
{
    tell(*state, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    tell(*state, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    tell(*state, "update", "{\"state\":{}}");
    the_shadow_is(*state,
        "\"state\":{\"reported\":{\"a\":1}},"
        "\"metadata\":{\"reported\":{\"a\":" STAMP "}},\"version\":3");
}

static void a_null_state_clears_both_sections(void **state)
{
    tell(*state, "update",
        "{\"state\":{\"desired\":{\"a\":1},\"reported\":{\"b\":2}}}");
    tell(*state, "update", "{\"state\":null}");
    assert_non_null(strstr(((struct service *)*state)->world.said,
        "update/accepted {\"state\":null,\"metadata\":{},\"version\":2,"));
    the_shadow_is(*state, "\"state\":{},\"metadata\":{},\"version\":2");
}

static void a_delta_sent_by_a_client_is_dropped_silently(void **state)
{
    tell(*state, "update",
        "{\"state\":{\"delta\":{\"a\":1},\"reported\":{\"b\":1}}}");
    assert_non_null(strstr(((struct service *)*state)->world.said,
        "update/accepted {\"state\":{\"reported\":{\"b\":1}},"));
}

static void a_version_for_a_shadow_that_is_not_there_must_be_1(void **state)
{
    rejects(*state, "{\"state\":{\"reported\":{\"a\":1}},\"version\":5}",
        "\"code\":400,\"message\":\"Invalid version\"");
    tell(
        *state, "update", "{\"state\":{\"reported\":{\"a\":1}},\"version\":1}");
}

static void only_an_unknown_thing_is_not_found(void **state)
{
    struct service *service = *state;
    struct topic_shadow topic;

    assert_true(topic_read_shadow("$aws/things/a:b:c/shadow/get", &topic));
    world_forget(&service->world);
    shadows_request(service->shadows, &topic, "", 0);
    assert_string_equal(service->world.said,
        "$aws/things/a:b:c/shadow/get/rejected {\"code\":404,"
        "\"message\":\"Thing not found\"," AT "}\n");
}

static void every_malformed_request_has_its_own_words(void **state)
{
    static const struct {
        const char *payload, *error;
    } table[] = {
        {"",                                           "\"code\":400,\"message\":\"Invalid JSON\""                },
        {"{",                                          "\"code\":400,\"message\":\"Invalid JSON\""                },
        {"{}x",                                        "\"code\":400,\"message\":\"Invalid JSON\""                },
        {"{\"state\":{},\"state\":{}}",
         "\"code\":400,\"message\":\"Invalid JSON\""                                                              },
        {"[]",                                         "\"code\":400,\"message\":\"Missing required node: state\""},
        {"{}",                                         "\"code\":400,\"message\":\"Missing required node: state\""},
        {"{\"state\":1}",
         "\"code\":400,\"message\":\"State node must be an object\""                                              },
        {"{\"state\":[]}",
         "\"code\":400,\"message\":\"State node must be an object\""                                              },
        {"{\"state\":{\"desired\":[]}}",
         "\"code\":400,\"message\":\"Desired node must be an object\""                                            },
        {"{\"state\":{\"reported\":\"x\"}}",
         "\"code\":400,\"message\":\"Reported node must be an object\""                                           },
        {"{\"state\":{\"wanted\":{}}}",
         "\"code\":400,\"message\":\"State contains an invalid node\""                                            },
        {"{\"state\":{},\"version\":\"1\"}",
         "\"code\":400,\"message\":\"Invalid version\""                                                           },
        {"{\"state\":{},\"version\":1.5}",
         "\"code\":400,\"message\":\"Invalid version\""                                                           },
        {"{\"state\":{},\"version\":-1}",
         "\"code\":400,\"message\":\"Invalid version\""                                                           },
        {"{\"state\":{\"desired\":{\"a\":\"\xff\"}}}",
         "\"code\":415,\"message\":\"Unsupported documented encoding; "
            "supported encoding is UTF-8\""                                                                       },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        rejects(*state, table[i].payload, table[i].error);
    ask_bytes(*state, "update", "{\"state\":{}}\0", 13);
    assert_said(*state,
        "update/rejected {\"code\":415,\"message\":\"Unsupported documented "
        "encoding; supported encoding is UTF-8\"," AT "}\n");
}

static void nesting_beyond_all_measure_is_refused_before_it_is_read(
    void **state)
{
    char body[20000];

    memset(body, '[', sizeof(body) - 1);
    body[sizeof(body) - 1] = '\0';
    rejects(*state, body,
        "\"code\":400,\"message\":\"JSON contains too many levels of nesting; "
        "maximum is 6\"");
}

static void a_get_wants_nothing_or_an_object(void **state)
{
    tell(*state, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    ask(*state, "get", "[]",
        "get/rejected {\"code\":400,\"message\":\"Invalid JSON\"," AT "}\n");
    ask(*state, "get", "{\"clientToken\":[]}",
        "get/rejected {\"code\":400,\"message\":\"Invalid clientToken\"," AT
        "}\n");
}

static void a_delete_does_not_look_at_its_content(void **state)
{
    tell(*state, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    ask(*state, "delete", "{not JSON",
        "delete/accepted {\"version\":1," AT "}\n");
}

static void a_restart_keeps_shadows_and_deleted_versions(void **state)
{
    struct service *service = malloc(sizeof(*service));
    struct folder folder = {{0}};
    char database[500];

    (void)state;
    assert_non_null(service);
    assert_int_equal(folder_make(&folder), 0);
    (void)snprintf(database, sizeof(database), "%s/cloud.db", folder.path);
    world_begin(&service->world);
    service_open(service, database);
    register_thing(service, THING);
    tell(service, "update", "{\"state\":{\"desired\":{\"a\":1}}}");
    tell(service, "name/gone/update", "{\"state\":{\"desired\":{\"a\":1}}}");
    tell(service, "name/gone/delete", "");
    service_close(service);

    service_open(service, database);
    the_shadow_is(service,
        "\"state\":{\"desired\":{\"a\":1},\"delta\":{\"a\":1}},"
        "\"metadata\":{\"desired\":{\"a\":" STAMP "}},\"version\":1");
    tell(service, "name/gone/update", "{\"state\":{\"desired\":{\"a\":1}}}");
    assert_non_null(strstr(service->world.said, "\"version\":2"));
    service_close(service);
    folder_remove(&folder);
    free(service);
}

static void a_store_that_fails_is_an_internal_failure(void **state)
{
    static const char error[] =
        "{\"code\":500,\"message\":\"Internal service failure\"," AT "}\n";
    struct service *service = *state;
    char expected[200];

    tell(service, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    assert_int_equal(sqlite3_exec(service->store->db, "PRAGMA query_only=1",
                         NULL, NULL, NULL),
        SQLITE_OK);
    (void)snprintf(expected, sizeof(expected), "update/rejected %s", error);
    ask(service, "update", "{\"state\":{\"reported\":{\"a\":2}}}", expected);
    (void)snprintf(expected, sizeof(expected), "delete/rejected %s", error);
    ask(service, "delete", "", expected);
    the_shadow_is(service,
        "\"state\":{\"reported\":{\"a\":1}},"
        "\"metadata\":{\"reported\":{\"a\":" STAMP "}},\"version\":1");
    assert_int_equal(sqlite3_exec(service->store->db,
                         "PRAGMA query_only=0;"
                         "DROP TABLE shadow",
                         NULL, NULL, NULL),
        SQLITE_OK);
    (void)snprintf(expected, sizeof(expected), "get/rejected %s", error);
    ask(service, "get", "", expected);
}

/* --- faults that tests order
 * -------------------------------------------------- */

static void an_ordered_error_comes_once(void **state)
{
    struct service *service = *state;

    sender_faults(service->sender)->shadow_code = 409;
    rejects(service, "{\"state\":{\"reported\":{\"a\":1}}}",
        "\"code\":409,\"message\":\"Version conflict\"");
    tell(service, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    sender_faults(service->sender)->shadow_code = 500;
    rejects(service, "{\"state\":{\"reported\":{\"a\":1}}}",
        "\"code\":500,\"message\":\"Internal service failure\"");
}

static void answers_can_be_late_lost_or_doubled(void **state)
{
    struct service *service = *state;
    struct sender_faults *faults = sender_faults(service->sender);

    faults->delay_ms = 300;
    tell(service, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    assert_string_equal(service->world.said, "");
    service->world.now_ms += 299;
    sender_tick(service->sender);
    assert_string_equal(service->world.said, "");
    service->world.now_ms += 1;
    sender_tick(service->sender);
    assert_non_null(strstr(service->world.said, "update/accepted"));
    faults->delay_ms = 0;
    faults->drop = 1;
    tell(service, "get", "");
    assert_string_equal(service->world.said, "");
    faults->duplicate = 1;
    tell(service, "get", "");
    assert_non_null(
        strstr(strstr(service->world.said, "accepted") + 1, "accepted"));
    tell(service, "get", "");
    assert_null(
        strstr(strstr(service->world.said, "accepted") + 1, "accepted"));
}

static void the_services_clock_can_be_wrong(void **state)
{
    struct service *service = *state;

    sender_faults(service->sender)->clock_ms = -1000000000;
    tell(service, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    assert_non_null(strstr(service->world.said, "\"timestamp\":1590142747}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(metadata_keeps_the_time_of_what_did_not_change),
        SERVICE_TEST(a_scalar_that_becomes_an_object_gets_its_metadata),
        SERVICE_TEST(what_is_empty_does_not_stand),
        SERVICE_TEST(an_update_that_changes_nothing_is_a_new_version),
        SERVICE_TEST(a_null_state_clears_both_sections),
        SERVICE_TEST(a_delta_sent_by_a_client_is_dropped_silently),
        SERVICE_TEST(a_version_for_a_shadow_that_is_not_there_must_be_1),
        SERVICE_TEST(only_an_unknown_thing_is_not_found),
        SERVICE_TEST(every_malformed_request_has_its_own_words),
        SERVICE_TEST(nesting_beyond_all_measure_is_refused_before_it_is_read),
        SERVICE_TEST(a_get_wants_nothing_or_an_object),
        SERVICE_TEST(a_delete_does_not_look_at_its_content),
        cmocka_unit_test(a_restart_keeps_shadows_and_deleted_versions),
        SERVICE_TEST(a_store_that_fails_is_an_internal_failure),
        SERVICE_TEST(an_ordered_error_comes_once),
        SERVICE_TEST(answers_can_be_late_lost_or_doubled),
        SERVICE_TEST(the_services_clock_can_be_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
