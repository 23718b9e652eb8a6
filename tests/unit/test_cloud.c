/* What the cloud allows whom, and what a privileged client can ask.  Bracketed
 * numbers are the contract's test vectors. */

#include "cloud_site.h"

/* --- what is allowed
 * ----------------------------------------------------------- */

#define OWN   "nameplate/" THING "/x"
#define OTHER "nameplate/acme:thermo-1:S2/x"
#define DEEP  "nameplate/" THING "/1/2/3/4/5/6/7"

static const struct {
    struct cloud_access access;
    enum verdict strict, relaxed;
} verdicts[] = {
    {{THING, CLOUD_PUBLISH, OWN, 1, 1, false, 4, false},        VERDICT_ALLOW,
     VERDICT_ALLOW                                                                            },
    {{THING, CLOUD_PUBLISH, OTHER, 1, 1, false, 4, false},
     VERDICT_CLOSE_UNAUTHORISED,                                                VERDICT_REFUSE},
    {{THING, CLOUD_PUBLISH, OTHER, 1, 1, false, 5, false},      VERDICT_REFUSE,
     VERDICT_REFUSE                                                                           },
    {{THING, CLOUD_PUBLISH, OTHER, 1, 0, false, 5, false},
     VERDICT_CLOSE_UNAUTHORISED,                                                VERDICT_REFUSE},
    {{THING, CLOUD_PUBLISH, OWN, 131072, 1, true, 5, false},    VERDICT_ALLOW,
     VERDICT_ALLOW                                                                            },
    {{THING, CLOUD_PUBLISH, OWN, 131073, 1, false, 5, false},
     VERDICT_CLOSE_TOO_BIG,                                                     VERDICT_ALLOW },
    {{THING, CLOUD_PUBLISH, DEEP, 1, 1, false, 5, false},       VERDICT_REFUSE,
     VERDICT_ALLOW                                                                            },
    {{THING, CLOUD_SUBSCRIBE, DEEP, 0, 1, false, 5, false},     VERDICT_REFUSE,
     VERDICT_ALLOW                                                                            },
    {{THING, CLOUD_SUBSCRIBE, OTHER, 0, 1, false, 5, false},    VERDICT_REFUSE,
     VERDICT_REFUSE                                                                           },
    {{THING, CLOUD_UNSUBSCRIBE, OTHER, 0, 1, false, 5, false},  VERDICT_ALLOW,
     VERDICT_ALLOW                                                                            },
    {{THING, CLOUD_PUBLISH, "$aws/things/" THING "/shadow/update", 1, 1, true,
         5, false},
     VERDICT_REFUSE,                                                            VERDICT_ALLOW },
    {{THING, CLOUD_RECEIVE, OWN, 1, 1, false, 5, false},        VERDICT_ALLOW,
     VERDICT_ALLOW                                                                            },
    {{THING, CLOUD_RECEIVE, OTHER, 1, 1, false, 5, false},      VERDICT_REFUSE,
     VERDICT_REFUSE                                                                           },
    {{"boss", CLOUD_SUBSCRIBE, "#", 0, 1, false, 5, false},     VERDICT_ALLOW,
     VERDICT_ALLOW                                                                            },
    {{"boss", CLOUD_PUBLISH, OTHER, 999999, 1, true, 4, false}, VERDICT_ALLOW,
     VERDICT_ALLOW                                                                            },
};

/* [14] [25] */
static void limits_can_be_relaxed_and_policy_cannot(void **state)
{
    struct site *site = *state;
    const size_t count = sizeof(verdicts) / sizeof(verdicts[0]);

    for (size_t i = 0; i < count; i++)
        if (cloud_may(site->cloud, &verdicts[i].access) != verdicts[i].strict)
            fail_msg("strict %zu", i);
    answers(site, "{\"op\":\"test-strict\",\"on\":false}", "{\"ok\":true}");
    for (size_t i = 0; i < count; i++)
        if (cloud_may(site->cloud, &verdicts[i].access) != verdicts[i].relaxed)
            fail_msg("relaxed %zu", i);
}

static void a_connection_has_50_subscriptions_and_the_next_one_again(
    void **state)
{
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);
    char topic[100];
    struct cloud_access access = {
        THING, CLOUD_SUBSCRIBE, topic, 0, 1, false, 5, false};

    for (int round = 0; round < 2; round++) {
        assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
        for (int i = 0; i < 51; i++) {
            (void)snprintf(topic, sizeof(topic), "nameplate/" THING "/%d",
                i + 100 * round);
            assert_int_equal(cloud_may(site->cloud, &access),
                i < 50 ? VERDICT_ALLOW : VERDICT_CLOSE_ERROR);
        }
        access.action = CLOUD_UNSUBSCRIBE;
        (void)snprintf(
            topic, sizeof(topic), "nameplate/" THING "/%d", 7 + 100 * round);
        assert_int_equal(cloud_may(site->cloud, &access), VERDICT_ALLOW);
        access.action = CLOUD_SUBSCRIBE;
        assert_int_equal(cloud_may(site->cloud, &access), VERDICT_ALLOW);
    }
    bytes_free(&der);
}

/* --- what a privileged client asks
 * ---------------------------------------------- */

static void certificate_of(struct site *site, char id[65])
{
    static const char key[] = "\"certificateId\":\"";
    const char *found;

    ask(site, "{\"op\":\"thing\",\"thing\":\"" THING "\"}");
    found = strstr(site->world.said, key);
    assert_non_null(found);
    (void)snprintf(id, 65, "%s", found + strlen(key));
}

/* [23] */
static void a_revoked_certificate_is_kicked_and_refused(void **state)
{
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);
    char id[65], request[300];

    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    certificate_of(site, id);
    (void)snprintf(request, sizeof(request),
        "{\"id\":4,\"op\":\"set-certificate-status\",\"certificateId\":\"%s\","
        "\"status\":\"REVOKED\"}",
        id);
    answers(site, request, "{\"id\":4,\"ok\":true}");
    cloud_tick(site->cloud);
    assert_string_equal(site->world.kicked, THING " ");
    cloud_disconnect(site->cloud, THING, site, PRESENCE_API_INITIATED);
    assert_int_equal(connects(site, &der, THING), CLOUD_REFUSE);
    *strstr(request, "REVOKED") = '\0';
    (void)snprintf(request + strlen(request), sizeof(request) - strlen(request),
        "ACTIVE\"}");
    answers(site, request, "{\"id\":4,\"ok\":true}");
    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    bytes_free(&der);
}

static void a_thing_is_told_with_its_presence(void **state)
{
    struct site *site = *state;

    (void)tries(site, &site->acme, &genuine, THING);
    ask(site, "{\"id\":\"a\",\"op\":\"thing\",\"thing\":\"" THING "\"}");
    assert_true(said(site, "response {\"id\":\"a\",\"thing\":{\"thingName\":"));
    assert_true(said(site,
        "\"presence\":{\"connected\":true,\"since\":"
        "1591142747000,\"sessionIdentifier\":"));
    assert_false(said(site, "disconnectReason"));
    cloud_disconnect(site->cloud, THING, site, PRESENCE_CONNECTION_LOST);
    ask(site, "{\"op\":\"things\"}");
    assert_true(said(site, "\"presence\":{\"connected\":false,"));
    assert_true(said(site, "\"disconnectReason\":\"CONNECTION_LOST\"}"));
}

static void a_shadow_can_be_asked_for(void **state)
{
    struct site *site = *state;
    const struct cloud_message update = {THING,
        "$aws/things/" THING "/shadow/name/lamp/update",
        "{\"state\":{\"desired\":{\"a\":1}}}", 29};

    (void)tries(site, &site->acme, &genuine, THING);
    cloud_message(site->cloud, &update);
    answers(site,
        "{\"op\":\"shadow\",\"thing\":\"" THING "\",\"name\":\"lamp\"}",
        "{\"shadow\":{\"state\":{\"desired\":{\"a\":1},\"delta\":{\"a\":1}},"
        "\"metadata\":{\"desired\":{\"a\":{\"timestamp\":1591142747}}},"
        "\"version\":1,\"timestamp\":1591142747}}");
    answers(site, "{\"op\":\"shadow\",\"thing\":\"" THING "\"}",
        "{\"error\":\"not_found\",\"message\":\"the thing has no such "
        "shadow\"}");
}

static void nonsense_is_answered_with_what_was_expected(void **state)
{
    static const struct {
        const char *request, *answer;
    } table[] = {
        {"",                                      "{\"error\":\"invalid\",\"message\":\"expected a JSON object\"}"},
        {"[1]",
         "{\"error\":\"invalid\",\"message\":\"expected a JSON object\"}"                                         },
        {"{\"id\":1}",
         "{\"id\":1,\"error\":\"invalid\",\"message\":\"\\\"op\\\" is "
            "missing; expected a string\"}"                                                                       },
        {"{\"op\":\"kikc\"}",
         "{\"error\":\"unsupported\",\"message\":\"unknown op \\\"kikc\\\"; "
            "did you mean \\\"kick\\\"?\"}"                                                                       },
        {"{\"op\":\"dance\"}",
         "{\"error\":\"unsupported\",\"message\":\"unknown op "
            "\\\"dance\\\"\"}"                                                                                    },
        {"{\"op\":\"test-drop\",\"count\":1001}",
         "{\"error\":\"invalid\",\"message\":\"\\\"count\\\" is wrong; "
            "expected a whole number, at most 1000\"}"                                                            },
        {"{\"op\":\"kick\",\"thing\":\"x\"}",
         "{\"error\":\"not_found\",\"message\":\"it is not connected\"}"                                          },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        answers(*state, table[i].request, table[i].answer);
}

static void only_a_privileged_client_on_its_own_topic_is_answered(void **state)
{
    static const struct cloud_message messages[] = {
        {THING,  "$nameplate/cloud/" THING "/request", "{}", 2},
        {"boss", "$nameplate/cloud/other/request",     "{}", 2},
        {"boss", "$nameplate/cloud/boss/response",     "{}", 2},
        {"boss", "nameplate/cloud/boss/request",       "{}", 2},
    };
    struct site *site = *state;

    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
        cloud_message(site->cloud, &messages[i]);
    assert_string_equal(site->world.said, "");
    answers(site, "{\"op\":\"things\"}", "{\"things\":[]}"); /* the twin */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(limits_can_be_relaxed_and_policy_cannot),
        SITE_TEST(a_connection_has_50_subscriptions_and_the_next_one_again),
        SITE_TEST(a_revoked_certificate_is_kicked_and_refused),
        SITE_TEST(a_thing_is_told_with_its_presence),
        SITE_TEST(a_shadow_can_be_asked_for),
        SITE_TEST(nonsense_is_answered_with_what_was_expected),
        SITE_TEST(only_a_privileged_client_on_its_own_topic_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
