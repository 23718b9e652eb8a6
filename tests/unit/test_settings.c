/* What local/settings promises. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "local/settings.h"

#define IDENTITY "[identity]\ncertificate = c.pem\nkey = file:k.pem\n"
#define CLOUD    "[cloud]\ntrust = t.pem\nendpoint = "

struct scene {
    char path[64];
    char said[2000];
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    int fd;

    if (s == NULL)
        return 1;
    (void)snprintf(s->path, sizeof(s->path), "/tmp/test_settings.XXXXXX");
    fd = mkstemp(s->path);
    *state = s;
    return fd < 0 || close(fd) != 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    int failed = unlink(s->path);

    free(s);
    return failed;
}

static void say(void *context, const char *line)
{
    struct scene *s = context;
    size_t used = strlen(s->said);

    (void)snprintf(
        s->said + used, sizeof(s->said) - used, "%s\n", line + strlen(s->path));
}

static enum err load(struct scene *s, const char *text, struct settings **out)
{
    FILE *f = fopen(s->path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    s->said[0] = '\0';
    *out = NULL;
    return settings_load(s->path, say, s, out);
}

static void the_least_file_gives_documented_values(void **state)
{
    struct settings *s;

    assert_int_equal(load(*state, CLOUD "a.example\n" IDENTITY, &s), ERR_OK);
    assert_string_equal(s->brokers->list[0].host, "a.example");
    assert_int_equal(s->brokers->list[0].port, 8883);
    assert_string_equal(s->trust, "/tmp/t.pem");
    assert_int_equal(s->keep_alive_s, 60);
    assert_int_equal(s->protocol, SETTINGS_PROTOCOL_AUTO);
    assert_int_equal(s->keep_alive_min_s, 30);
    assert_int_equal(s->puback_ms, 30000);
    assert_int_equal(s->publishes_per_s, 0);
    assert_int_equal(s->kbytes_per_s, 0);
    assert_int_equal(s->connect_timeout_ms, 20000);
    assert_false(s->websocket);
    assert_true(s->resume);
    assert_string_equal(s->certificate, "/tmp/c.pem");
    assert_string_equal(s->key, "file:/tmp/k.pem");
    assert_string_equal(s->folder, "/var/lib/nameplate");
    assert_int_equal(s->limit_messages, 100000);
    assert_int_equal(s->limit_bytes, 64 * 1024 * 1024);
    assert_string_equal(s->socket, "/run/nameplate/app.sock");
    assert_null(s->proxy);
    assert_null(s->proxy_password_file);
    assert_null(s->group);
    assert_int_equal(s->interval_ms, 60000);
    assert_null(s->description);
    assert_null(s->verifier);
    assert_null(s->wipe);
    assert_null(s->identify);
    assert_null(s->restart);
    assert_null(s->handlers);
    assert_int_equal(s->step_ms, 3600000);
    assert_int_equal(s->level, LOG_LEVEL_INFO);
    settings_free(s);
}

static void the_floor_of_the_keep_alive_is_never_above_it(void **state)
{
    struct settings *s;

    assert_int_equal(
        load(*state, CLOUD "a.example\nkeep_alive_s = 10\n" IDENTITY, &s),
        ERR_OK);
    assert_int_equal(s->keep_alive_min_s, 10);
    settings_free(s);
}

static void every_key_arrives(void **state)
{
    struct settings *s;

    assert_int_equal(
        load(*state,
            CLOUD "[::1]:443\nkeep_alive_s = 1200\n"
                  "keep_alive_min_s = 300\nprotocol = 3.1.1\n"
                  "connect_timeout_s = 120\ntransport = websocket\n"
                  "resume = no\n" IDENTITY
                  "[store]\nfolder = /s\nlimit_messages = 7\nlimit_mb = 3\n"
                  "[network]\nproxy = socks5h://me:pw@p:1\n"
                  "proxy_password_file = pw\n"
                  "[local]\nsocket = /x\ngroup = iot\n"
                  "[telemetry]\ninterval_s = 86400\n"
                  "[device]\ndescription = td.json\n"
                  "[ownership]\nverifier = /v\nwipe = /w\n"
                  "[jobs]\nhandlers = jobs\nstep_s = 30\n"
                  "[commands]\nidentify = blink\nrestart = /r\n"
                  "[log]\nlevel = debug\n",
            &s),
        ERR_OK);
    assert_string_equal(s->brokers->list[0].host, "::1");
    assert_int_equal(s->brokers->list[0].port, 443);
    assert_int_equal(s->keep_alive_s, 1200);
    assert_int_equal(s->keep_alive_min_s, 300);
    assert_int_equal(s->protocol, SETTINGS_PROTOCOL_3_1_1);
    assert_true(s->websocket);
    assert_false(s->resume);
    assert_int_equal(s->connect_timeout_ms, 120000);
    assert_string_equal(s->proxy, "socks5h://me:pw@p:1");
    assert_string_equal(s->proxy_password_file, "/tmp/pw");
    assert_string_equal(s->folder, "/s");
    assert_int_equal(s->limit_messages, 7);
    assert_int_equal(s->limit_bytes, 3 * 1024 * 1024);
    assert_string_equal(s->socket, "/x");
    assert_string_equal(s->group, "iot");
    assert_int_equal(s->interval_ms, 86400000);
    assert_string_equal(s->description, "/tmp/td.json");
    assert_string_equal(s->verifier, "/v");
    assert_string_equal(s->wipe, "/w");
    assert_string_equal(s->identify, "/tmp/blink");
    assert_string_equal(s->restart, "/r");
    assert_string_equal(s->handlers, "/tmp/jobs");
    assert_int_equal(s->step_ms, 30000);
    assert_int_equal(s->level, LOG_LEVEL_DEBUG);
    settings_free(s);
}

static void each_protocol_and_level_has_its_word(void **state)
{
    struct settings *s;

    assert_int_equal(
        load(*state,
            CLOUD "a\nprotocol = 5\n" IDENTITY "[log]\nlevel = error\n", &s),
        ERR_OK);
    assert_int_equal(s->protocol, SETTINGS_PROTOCOL_5);
    assert_int_equal(s->level, LOG_LEVEL_ERROR);
    settings_free(s);
    assert_int_equal(
        load(*state,
            CLOUD "a\nprotocol = auto\n" IDENTITY "[log]\nlevel = warning\n",
            &s),
        ERR_OK);
    assert_int_equal(s->protocol, SETTINGS_PROTOCOL_AUTO);
    assert_int_equal(s->level, LOG_LEVEL_WARNING);
    settings_free(s);
}

static void an_endpoint_is_host_and_port(void **state)
{
    static const struct {
        const char *text, *host;
        unsigned port;
    } good[] = {
        {"a-b.example.com", "a-b.example.com", 8883 },
        {"127.0.0.1:1",     "127.0.0.1",       1    },
        {"a:65535",         "a",               65535},
        {"[fe80::1]",       "fe80::1",         8883 },
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct settings *s;
        char text[300];

        (void)snprintf(text, sizeof(text), CLOUD "%s\n" IDENTITY, good[i].text);
        assert_int_equal(load(*state, text, &s), ERR_OK);
        assert_string_equal(s->brokers->list[0].host, good[i].host);
        assert_int_equal(s->brokers->list[0].port, good[i].port);
        settings_free(s);
    }
}

static void a_bad_endpoint_names_its_line(void **state)
{
    static const char *const bad[] = {"mqtts://a", "a:0", "a:65536", "a:999999",
        "a:", ":1", "a b", "a:1:2", "::1", "[::1", "[::1]1", "[a.example]",
        "[]", "a/b", "a:-1", "a:1x"};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct settings *s;
        char text[300], said[300];

        (void)snprintf(text, sizeof(text), CLOUD "%s\n" IDENTITY, bad[i]);
        (void)snprintf(said, sizeof(said),
            ":3: endpoint = '%s' in [cloud]: expected HOST or HOST:PORT, "
            "port 1 to 65535, no scheme before it; or several, divided by "
            "commas\n",
            bad[i]);
        assert_int_equal(load(scene, text, &s), ERR_INVALID);
        assert_null(s);
        assert_string_equal(scene->said, said);
    }
}

static void who_the_device_is_cannot_be_configured(void **state)
{
    static const char *const names[] = {"vendor", "model", "serial",
        "serial_number", "thing", "thing_name", "client_id", "device_id"};
    static const char *const sections[] = {
        "identity", "device", "cloud", "nameplate"};
    struct scene *scene = *state;
    struct settings *s;

    for (size_t i = 0; i < 8 * 4; i++) {
        char text[300], said[200];

        (void)snprintf(text, sizeof(text), "[%s]\n%s = x\n", sections[i / 8],
            names[i % 8]);
        (void)snprintf(said, sizeof(said),
            ":2: '%s' cannot be configured: vendor, model, serial and thing "
            "name come from the factory certificate; remove this line\n",
            names[i % 8]);
        assert_int_equal(load(scene, text, &s), ERR_INVALID);
        assert_memory_equal(scene->said, said, strlen(said));
    }
}

static void what_must_be_given_is_missed_all_at_once(void **state)
{
    struct scene *scene = *state;
    struct settings *s;

    assert_int_equal(load(scene, "", &s), ERR_INVALID);
    assert_non_null(strstr(scene->said, ": endpoint is missing in [cloud]"));
    assert_non_null(strstr(scene->said, ": trust is missing in [cloud]"));
    assert_non_null(
        strstr(scene->said, ": certificate is missing in [identity]"));
    assert_non_null(strstr(scene->said, ": key is missing in [identity]"));
}

static void a_key_store_that_is_not_built_in_is_refused_without_its_pin(
    void **state)
{
    struct scene *scene = *state;
    struct settings *s;

    assert_int_equal(load(scene,
                         CLOUD "a\n[identity]\ncertificate = c\n"
                               "key = pkcs12:token=x?pin-value=4711\n",
                         &s),
        ERR_INVALID);
    assert_string_equal(scene->said,
        ":6: key = 'pkcs12:...' in [identity]: expected file:PATH, a PEM "
        "file with the certificate's key, or pkcs11:... or tpm2:...; see "
        "docs/keys.md\n");
}

static void trust_is_renewed_by_est_alone(void **state)
{
    struct scene *scene = *state;
    struct settings *s;

    assert_int_equal(
        load(scene, IDENTITY CLOUD "a\n[enrolment]\nrenew_trust = yes\n", &s),
        ERR_INVALID);
    assert_non_null(strstr(scene->said,
        "renew_trust in [enrolment]: expected no, or method = est\n"));
    assert_int_equal(
        load(scene,
            IDENTITY CLOUD "a\n[enrolment]\nrenew_trust = yes\n"
                           "method = est\nurl = https://a\ntrust = b\n",
            &s),
        ERR_OK);
    assert_true(s->enrolment.renew_trust);
    settings_free(s);
}

static void assert_events(const struct outbox_class *c)
{
    assert_string_equal(c->name, "event");
    assert_int_equal(c->priority, 5);
    assert_int_equal(c->ttl_s, 0);
    assert_int_equal(c->share_percent, 100);
    assert_int_equal(c->when_full, OUTBOX_DROP_OLDEST);
    assert_int_equal(c->keep_every, 2);
    assert_false(c->newest_first);
    assert_int_equal(c->drain_per_s, 0);
}

/* Uncomment what the example shows as defaults: it must still be accepted,
 * and give what the least file gives. */
static void the_example_holds_every_key_with_its_default(void **state)
{
    FILE *f = fopen(NAMEPLATE_SOURCE_DIR "/agent/nameplate.example.ini", "r");
    char line[200], text[16000] = "";
    unsigned keys = 0;
    struct settings *s;

    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        const char *start = line;

        if (line[0] == ';' && (line[1] == '[' || islower(line[1])))
            start = line + 1;
        keys += start[0] >= 'a' && start[0] <= 'z';
        (void)snprintf(
            text + strlen(text), sizeof(text) - strlen(text), "%s", start);
    }
    assert_int_equal(fclose(f), 0);
    assert_int_equal(keys, 63);
    if (load(*state, text, &s) != ERR_OK)
        fail_msg("%s", ((struct scene *)*state)->said);
    assert_string_equal(s->brokers->list[0].host, "broker.example.com");
    assert_int_equal(s->enrolment.method, SETTINGS_METHOD_NONE);
    assert_string_equal(s->enrolment.key, "file");
    assert_int_equal(s->enrolment.renew_at_percent, 66);
    assert_false(s->enrolment.renew_trust);
    assert_int_equal(s->keep_alive_s, 60);
    assert_int_equal(s->keep_alive_min_s, 30);
    assert_int_equal(s->connect_timeout_ms, 20000);
    assert_string_equal(s->folder, "/var/lib/nameplate");
    assert_int_equal(s->limit_messages, 100000);
    assert_int_equal(s->limit_bytes, 64 * 1024 * 1024);
    assert_string_equal(s->socket, SETTINGS_SOCKET);
    assert_null(s->group);
    assert_null(s->description);
    assert_int_equal(s->interval_ms, 60000);
    assert_int_equal(s->commits_per_s, 100);
    assert_int_equal(s->day_bytes, 4096LL * 1024 * 1024);
    assert_events(&s->classes[0]);
    settings_free(s);
}

static void the_built_in_classes_have_the_outboxs_own_defaults(void **state)
{
    struct settings *s;

    assert_int_equal(load(*state, CLOUD "a.example\n" IDENTITY, &s), ERR_OK);
    assert_int_equal(s->class_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct outbox_class *c = &s->classes[i];
        const struct outbox_class own = outbox_class_default(c->name);

        assert_int_equal(c->priority, own.priority);
        assert_int_equal(c->ttl_s, own.ttl_s);
        assert_int_equal(c->share_percent, own.share_percent);
        assert_int_equal(c->when_full, own.when_full);
        assert_int_equal(c->keep_every, own.keep_every);
        assert_int_equal(c->newest_first, own.newest_first);
        assert_int_equal(c->drain_per_s, own.drain_per_s);
        assert_int_equal(c->budget_percent, own.budget_percent);
    }
    settings_free(s);
}

static void a_class_of_ones_own_has_every_rule(void **state)
{
    struct settings *s;
    const struct outbox_class *c;

    assert_int_equal(
        load(*state,
            CLOUD "a.example\n" IDENTITY
                  "[store]\ncommits_per_s = 7\nwrite_mb_per_day = 2\n"
                  "[class.bulk-2]\npriority = 2\nttl_s = 3600\n"
                  "share_percent = 30\nwhen_full = thin_out\n"
                  "keep_every = 4\norder = newest_first\ndrain_per_s = 50\n"
                  "[class.telemetry]\nwhen_full = drop_newest\n"
                  "[class.alarm]\npriority = 8\n",
            &s),
        ERR_OK);
    assert_int_equal(s->commits_per_s, 7);
    assert_int_equal(s->day_bytes, 2 * 1024 * 1024);
    assert_int_equal(s->class_count, 5);
    assert_events(&s->classes[0]);
    assert_int_equal(s->classes[1].when_full, OUTBOX_DROP_NEWEST);
    c = &s->classes[3];
    assert_string_equal(c->name, "bulk-2");
    assert_int_equal(c->priority, 2);
    assert_int_equal(c->ttl_s, 3600);
    assert_int_equal(c->share_percent, 30);
    assert_int_equal(c->when_full, OUTBOX_THIN_OUT);
    assert_int_equal(c->keep_every, 4);
    assert_true(c->newest_first);
    assert_int_equal(c->drain_per_s, 50);
    assert_string_equal(s->classes[4].name, "alarm");
    assert_int_equal(s->classes[4].share_percent, 100);
    settings_free(s);
}

static void a_class_that_cannot_be_is_refused_with_words(void **state)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"[class.Bulk]\npriority = 2\n",
         ":8: [class.Bulk]: expected [class.NAME]"                                               },
        {"[class.bulk]\npriority = 0\n",                          "a whole number from 1 to 9"   },
        {"[class.bulk]\nwhen_full = burn\n",                      "drop_oldest"                  },
        {"[class.bulk]\npriorty = 2\n",                           "did you mean 'priority'?"     },
        {"[class.critical]\norder = newest_first\n",              "oldest_first"                 },
        {"[class.]\npriority = 2\n",                              "unknown section [class.]"     },
        {"[class.a]\nttl_s = 1\n[class.b]\nttl_s = 1\n"
         "[class.c]\nttl_s = 1\n[class.d]\nttl_s = 1\n"
         "[class.e]\nttl_s = 1\n[class.f]\nttl_s = 1\n"
         "[class.g]\nttl_s = 1\n[class.h]\nttl_s = 1\n"
         "[class.i]\nttl_s = 1\n[class.j]\nttl_s = 1\n", "[class.j]: expected at most 9"},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[600];
        struct settings *s;

        (void)snprintf(text, sizeof(text), "%s%s", CLOUD "a.example\n" IDENTITY,
            rows[i].text);
        assert_int_equal(load(scene, text, &s), ERR_INVALID);
        if (strstr(scene->said, rows[i].said) == NULL)
            fail_msg("%s was said of %s", scene->said, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(the_least_file_gives_documented_values),
        TEST(the_floor_of_the_keep_alive_is_never_above_it),
        TEST(every_key_arrives),
        TEST(each_protocol_and_level_has_its_word),
        TEST(an_endpoint_is_host_and_port),
        TEST(a_bad_endpoint_names_its_line),
        TEST(who_the_device_is_cannot_be_configured),
        TEST(what_must_be_given_is_missed_all_at_once),
        TEST(a_key_store_that_is_not_built_in_is_refused_without_its_pin),
        TEST(trust_is_renewed_by_est_alone),
        TEST(the_example_holds_every_key_with_its_default),
        TEST(the_built_in_classes_have_the_outboxs_own_defaults),
        TEST(a_class_of_ones_own_has_every_rule),
        TEST(a_class_that_cannot_be_is_refused_with_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
