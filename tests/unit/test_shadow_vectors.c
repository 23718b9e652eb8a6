/* The Shadow service meets the test vectors of the contract (section 13). */

#include "shadow_service.h"

static void v1_a_shadow_that_is_not_there_is_said_to_be_missing(void **state)
{
    ask(*state, "get", "",
        "get/rejected {\"code\":404,\"message\":\"No shadow exists with name: "
        "'" THING "'\"," AT "}\n");
    ask(*state, "name/lamp/get", "{\"clientToken\":\"c1\"}",
        "name/lamp/get/rejected {\"code\":404,\"message\":\"No shadow exists "
        "with name: 'lamp'\"," AT ",\"clientToken\":\"c1\"}\n");
    ask(*state, "delete", "",
        "delete/rejected {\"code\":404,\"message\":\"No shadow exists with "
        "name: '" THING "'\"," AT "}\n");
}

static void v2_the_first_report_makes_version_1_and_no_delta(void **state)
{
    ask(*state, "update",
        "{\"state\":{\"reported\":{\"led\":\"on\"}},\"clientToken\":\"c\"}",
        "update/documents {\"previous\":{\"version\":0},"
        "\"current\":{\"state\":{\"reported\":{\"led\":\"on\"}},"
        "\"metadata\":{\"reported\":{\"led\":" STAMP "}},\"version\":1}," AT
        ",\"clientToken\":\"c\"}\n"
        "update/accepted {\"state\":{\"reported\":{\"led\":\"on\"}},"
        "\"metadata\":{\"reported\":{\"led\":" STAMP "}},\"version\":1," AT
        ",\"clientToken\":\"c\"}\n");
}

static void v3_the_delta_is_what_is_missing_or_different(void **state)
{
    tell(*state, "update",
        "{\"state\":{\"reported\":{\"b\":{\"c\":2,\"d\":3}}}}");
    ask(*state, "update", "{\"state\":{\"desired\":{\"a\":1,\"b\":{\"c\":2}}}}",
        "update/delta {\"version\":2,\"state\":{\"a\":1},"
        "\"metadata\":{\"a\":" STAMP "}," AT "}\n"
        "update/documents {\"previous\":{\"state\":{\"reported\":{\"b\":{\"c\":"
        "2,\"d\":3}}},\"metadata\":{\"reported\":{\"b\":{\"c\":" STAMP
        ",\"d\":" STAMP "}}},\"version\":1},\"current\":{\"state\":{"
        "\"reported\":{\"b\":{\"c\":2,\"d\":3}},\"desired\":{\"a\":1,\"b\":{"
        "\"c\":2}}},\"metadata\":{\"reported\":{\"b\":{\"c\":" STAMP
        ",\"d\":" STAMP "}},\"desired\":{\"a\":" STAMP ",\"b\":{\"c\":" STAMP
        "}}},\"version\":2}," AT "}\n"
        "update/accepted {\"state\":{\"desired\":{\"a\":1,\"b\":{\"c\":2}}},"
        "\"metadata\":{\"desired\":{\"a\":" STAMP ",\"b\":{\"c\":" STAMP
        "}}},\"version\":2," AT "}\n");
}

static void v4_the_delta_ends_when_the_device_reports(void **state)
{
    struct service *service = *state;

    tell(service, "update", "{\"state\":{\"desired\":{\"a\":1,\"b\":2}}}");
    tell(service, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    assert_non_null(strstr(service->world.said,
        "update/delta {\"version\":2,\"state\":{\"b\":2}"));
    tell(service, "update", "{\"state\":{\"reported\":{\"b\":2.0}}}");
    assert_null(strstr(service->world.said, "delta"));
}

static void v5_arrays_are_compared_and_replaced_whole(void **state)
{
    struct service *service = *state;

    tell(service, "update", "{\"state\":{\"reported\":{\"list\":[1]}}}");
    tell(service, "update", "{\"state\":{\"desired\":{\"list\":[1,2]}}}");
    assert_non_null(strstr(service->world.said,
        "update/delta {\"version\":2,\"state\":{\"list\":[1,2]},"
        "\"metadata\":{\"list\":[" STAMP "," STAMP "]}"));
    tell(service, "update", "{\"state\":{\"desired\":{\"list\":[9]}}}");
    the_shadow_is(service,
        "\"state\":{\"reported\":{\"list\":[1]},\"desired\":{\"list\":[9]},"
        "\"delta\":{\"list\":[9]}},\"metadata\":{\"reported\":{\"list\":[" STAMP
        "]},\"desired\":{\"list\":[" STAMP "]}},\"version\":3");
}

static void v6_null_in_an_array_is_refused(void **state)
{
    rejects(*state, "{\"state\":{\"desired\":{\"x\":[null]}}}",
        "\"code\":400,\"message\":\"State contains an invalid node\"");
    rejects(*state, "{\"state\":{\"desired\":{\"x\":[1,{\"y\":[null]}]}}}",
        "\"code\":400,\"message\":\"State contains an invalid node\"");
}

static void v7_an_old_version_conflicts_and_changes_nothing(void **state)
{
    tell(*state, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    tell(
        *state, "update", "{\"state\":{\"reported\":{\"a\":2}},\"version\":1}");
    ask(*state, "update",
        "{\"state\":{\"reported\":{\"a\":3}},\"version\":1,"
        "\"clientToken\":\"mine\"}",
        "update/rejected {\"code\":409,\"message\":\"Version conflict\"," AT
        ",\"clientToken\":\"mine\"}\n");
    the_shadow_is(*state,
        "\"state\":{\"reported\":{\"a\":2}},"
        "\"metadata\":{\"reported\":{\"a\":" STAMP "}},\"version\":2");
}

static void v8_a_token_has_at_most_64_bytes(void **state)
{
    char body[200], token[66];

    memset(token, 't', 65);
    token[65] = '\0';
    (void)snprintf(body, sizeof(body),
        "{\"state\":{\"reported\":{\"a\":1}},\"clientToken\":\"%s\"}", token);
    rejects(*state, body, "\"code\":400,\"message\":\"Invalid clientToken\"");
    (void)snprintf(body, sizeof(body),
        "{\"state\":{\"reported\":{\"a\":1}},\"clientToken\":\"%s\"}",
        token + 1);
    tell(*state, "update", body);
    rejects(*state, "{\"state\":{},\"clientToken\":7}",
        "\"code\":400,\"message\":\"Invalid clientToken\"");
}

/* A request whose state, {"reported":{"a":"xxx..."}}, has `len` bytes. */
static void make_update(char *body, size_t size, size_t len)
{
    size_t fill = len - strlen("{\"reported\":{\"a\":\"\"}}");

    (void)snprintf(body, size, "{\"state\":{\"reported\":{\"a\":\"%0*d\"}}}",
        (int)fill, 0);
}

static void v9_a_state_has_at_most_8_kilobytes(void **state)
{
    struct service *service = *state;
    char body[9000];

    make_update(body, sizeof(body), 8193);
    rejects(service, body,
        "\"code\":413,\"message\":\"The payload exceeds the maximum size "
        "allowed\"");
    make_update(body, sizeof(body), 8192);
    tell(service, "update", body);
    /* What only grows too large by merging is refused as well. */
    rejects(service, "{\"state\":{\"desired\":{\"b\":1}}}",
        "\"code\":413,\"message\":\"The payload exceeds the maximum size "
        "allowed\"");
    ask_bytes(service, "get", "", 0);
    assert_non_null(strstr(service->world.said, "\"version\":1,"));
    assert_null(strstr(service->world.said, "desired"));
}

static void v10_a_section_has_at_most_6_levels(void **state)
{
    rejects(*state,
        "{\"state\":{\"desired\":{\"1\":{\"2\":{\"3\":{\"4\":{\"5\":{\"6\":{"
        "\"7\":1}}}}}}}}}",
        "\"code\":400,\"message\":\"JSON contains too many levels of nesting; "
        "maximum is 6\"");
    tell(*state, "update",
        "{\"state\":{\"desired\":{\"1\":{\"2\":{\"3\":{\"4\":{\"5\":{\"6\":1}}}"
        "}}}}}");
}

static void v11_null_removes_a_section_and_with_it_the_delta(void **state)
{
    tell(*state, "update",
        "{\"state\":{\"desired\":{\"a\":1},\"reported\":{\"b\":2}}}");
    ask(*state, "update", "{\"state\":{\"desired\":null}}",
        "update/documents {\"previous\":{\"state\":{\"desired\":{\"a\":1},"
        "\"reported\":{\"b\":2}},\"metadata\":{\"desired\":{\"a\":" STAMP "},"
        "\"reported\":{\"b\":" STAMP "}},\"version\":1},"
        "\"current\":{\"state\":{\"reported\":{\"b\":2}},"
        "\"metadata\":{\"reported\":{\"b\":" STAMP "}},\"version\":2}," AT "}\n"
        "update/accepted {\"state\":{\"desired\":null},\"metadata\":{},"
        "\"version\":2," AT "}\n");
    the_shadow_is(*state,
        "\"state\":{\"reported\":{\"b\":2}},"
        "\"metadata\":{\"reported\":{\"b\":" STAMP "}},\"version\":2");
}

static void v12_the_version_goes_on_after_a_deletion(void **state)
{
    struct service *service = *state;

    tell(service, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    tell(service, "update", "{\"state\":{\"reported\":{\"a\":2}}}");
    ask(service, "delete", "{\"clientToken\":\"d\"}",
        "delete/accepted {\"version\":2," AT ",\"clientToken\":\"d\"}\n");
    ask(service, "get", "",
        "get/rejected {\"code\":404,\"message\":\"No shadow exists with name: "
        "'" THING "'\"," AT "}\n");
    tell(service, "update", "{\"state\":{\"reported\":{\"b\":1}}}");
    the_shadow_is(service,
        "\"state\":{\"reported\":{\"b\":1}},"
        "\"metadata\":{\"reported\":{\"b\":" STAMP "}},\"version\":3");
}

static void v12_but_begins_anew_48_hours_later(void **state)
{
    struct service *service = *state;

    tell(service, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    tell(service, "delete", "");
    service->world.now_ms += 48LL * 3600 * 1000 - 1;
    tell(service, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    assert_non_null(strstr(service->world.said, "\"version\":2"));
    tell(service, "delete", "");
    service->world.now_ms += 48LL * 3600 * 1000;
    tell(service, "update", "{\"state\":{\"reported\":{\"a\":1}}}");
    assert_non_null(strstr(service->world.said, "\"version\":1"));
}

static void v13_named_and_classic_shadows_are_apart(void **state)
{
    tell(*state, "name/lamp/update", "{\"state\":{\"desired\":{\"a\":1}}}");
    tell(*state, "name/lamp/update", "{\"state\":{\"desired\":{\"a\":2}}}");
    tell(*state, "update", "{\"state\":{\"reported\":{\"z\":1}}}");
    the_shadow_is(*state,
        "\"state\":{\"reported\":{\"z\":1}},"
        "\"metadata\":{\"reported\":{\"z\":" STAMP "}},\"version\":1");
    ask(*state, "name/lamp/get", "",
        "name/lamp/get/accepted {\"state\":{\"desired\":{\"a\":2},\"delta\":{"
        "\"a\":2}},\"metadata\":{\"desired\":{\"a\":" STAMP
        "}},\"version\":2," AT "}\n");
    tell(*state, "name/lamp/delete", "");
    ask_bytes(*state, "get", "", 0);
    assert_non_null(strstr(((struct service *)*state)->world.said, "accepted"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(v1_a_shadow_that_is_not_there_is_said_to_be_missing),
        SERVICE_TEST(v2_the_first_report_makes_version_1_and_no_delta),
        SERVICE_TEST(v3_the_delta_is_what_is_missing_or_different),
        SERVICE_TEST(v4_the_delta_ends_when_the_device_reports),
        SERVICE_TEST(v5_arrays_are_compared_and_replaced_whole),
        SERVICE_TEST(v6_null_in_an_array_is_refused),
        SERVICE_TEST(v7_an_old_version_conflicts_and_changes_nothing),
        SERVICE_TEST(v8_a_token_has_at_most_64_bytes),
        SERVICE_TEST(v9_a_state_has_at_most_8_kilobytes),
        SERVICE_TEST(v10_a_section_has_at_most_6_levels),
        SERVICE_TEST(v11_null_removes_a_section_and_with_it_the_delta),
        SERVICE_TEST(v12_the_version_goes_on_after_a_deletion),
        SERVICE_TEST(v12_but_begins_anew_48_hours_later),
        SERVICE_TEST(v13_named_and_classic_shadows_are_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
