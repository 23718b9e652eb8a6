/* What the plugin reads: Mosquitto's log and its own options. */

#include "cmocka_all.h"

#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cloud-mock/broker/log_tail.h"
#include "cloud-mock/broker/options.h"
#include "cloud-mock/broker/packet.h"
#include "cloud-mock/broker/reason.h"
#include "folder.h"

#define ID "acme:thermo-1:S1"

static const struct {
    const char *line;
    enum presence_reason reason;
} lines[] = {
    {"17: Client " ID " disconnected.",                                         PRESENCE_CLIENT_INITIATED},
    {"17: Client " ID " closed its connection.",                                PRESENCE_CONNECTION_LOST },
    {"17: Client " ID " disconnected: Connection reset by peer.",
     PRESENCE_CONNECTION_LOST                                                                            },
    {"17: Bad socket read/write on client " ID ": Invalid arguments",
     PRESENCE_CONNECTION_LOST                                                                            },
    {"17: Client " ID " has exceeded timeout, disconnecting.",
     PRESENCE_KEEP_ALIVE_TIMEOUT                                                                         },
    {"17: Client " ID " already connected, closing old connection.",
     PRESENCE_DUPLICATE_CLIENTID                                                                         },
    {"17: Client " ID " disconnected due to malformed packet.",
     PRESENCE_CLIENT_ERROR                                                                               },
    {"17: Client " ID " disconnected due to protocol error.",
     PRESENCE_CLIENT_ERROR                                                                               },
    {"17: Client " ID " disconnected due to oversize payload.",
     PRESENCE_CLIENT_ERROR                                                                               },
    {"17: Client " ID " disconnected due to QoS too high or retain not"
     " supported.",                                                        PRESENCE_CLIENT_ERROR    },
    {"17: Client " ID " disconnected due to using not allowed feature (QoS too"
     " high, retain not supported, or bad AUTH method).",                  PRESENCE_CLIENT_ERROR    },
    {"17: Client " ID " disconnected due to out of memory.",
     PRESENCE_SERVER_ERROR                                                                               },
    {"17: Client " ID " disconnected, not authorised.",                         PRESENCE_AUTH_ERROR      },
    {"17: Client " ID " been disconnected by administrative action.",
     PRESENCE_API_INITIATED                                                                              },
    {"17: Bad socket read/write on client " ID ": The connection was refused.",
     PRESENCE_THROTTLED                                                                                  },
    {"Client " ID " disconnected.",                                             PRESENCE_CLIENT_INITIATED},
};

static void every_line_of_the_broker_has_its_reason(void **state)
{
    enum presence_reason reason;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        reason = PRESENCE_FORBIDDEN_ACCESS;
        if (!reason_read(lines[i].line, strlen(lines[i].line), ID, &reason) ||
            reason != lines[i].reason)
            fail_msg("%s: %s", lines[i].line, presence_reason_name(reason));
    }
}

static void other_lines_say_nothing(void **state)
{
    static const char *const others[] = {"", "\n\n", "17: Client ",
        "17: Client " ID, "17: Client " ID "9 disconnected.",
        "17: Client x" ID " disconnected.",
        "17: Client " ID " disconnected. and more",
        "17: x Client " ID " disconnected.",
        "17: New client connected from 127.0.0.1:1 as " ID " (p2, c1, k60).",
        "17: Client other has exceeded timeout, disconnecting."};
    enum presence_reason reason;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (reason_read(others[i], strlen(others[i]), ID, &reason))
            fail_msg("%s", others[i]);
}

/* Another client's id can look like words of the broker; but the line about
 * this client is written last. */
static void the_last_line_about_a_client_counts(void **state)
{
    static const char log[] =
        "ut off\n"
        "17: Client " ID " disconnected due to x disconnected, not"
        " authorised.\n"
        "17: Client " ID " has exceeded timeout, disconnecting.\n"
        "17: Client other disconnected.\n";
    enum presence_reason reason;

    (void)state;
    assert_true(reason_read(log, strlen(log), ID, &reason));
    assert_int_equal(reason, PRESENCE_KEEP_ALIVE_TIMEOUT);
}

static void append(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    (void)fclose(file);
}

static void assert_new(struct log_tail *tail, const char *expected)
{
    size_t len;
    const char *bytes = log_tail_read(tail, &len);

    assert_int_equal(len, strlen(expected));
    assert_memory_equal(bytes, expected, len);
}

static void the_tail_is_what_was_written_since_the_last_look(void **state)
{
    struct folder folder = {{0}};
    struct log_tail *tail;
    char path[500];

    (void)state;
    assert_int_equal(folder_make(&folder), 0);
    (void)snprintf(path, sizeof(path), "%s/log", folder.path);
    append(path, "old\n");
    tail = log_tail_new(path);
    assert_new(tail, "");
    append(path, "new\n");
    assert_new(tail, "new\n");
    assert_new(tail, "");
    assert_int_equal(truncate(path, 0), 0);
    append(path, "s\n");
    assert_new(tail, "s\n");
    assert_int_equal(unlink(path), 0); /* rotated, and told of by SIGHUP */
    append(path, "other\n");
    assert_new(tail, "");
    log_tail_reopen(tail);
    assert_new(tail, "other\n");
    log_tail_free(tail);
    folder_remove(&folder);
}

static void of_a_lot_the_tail_is_the_end(void **state)
{
    struct folder folder = {{0}};
    struct log_tail *tail;
    char path[500];
    size_t len;

    (void)state;
    assert_int_equal(folder_make(&folder), 0);
    (void)snprintf(path, sizeof(path), "%s/log", folder.path);
    tail = log_tail_new(path); /* not there yet */
    for (int i = 0; i < LOG_TAIL_MAX / 8; i++)
        append(path, "1234567890\n");
    append(path, "the end\n");
    const char *bytes = log_tail_read(tail, &len);
    assert_int_equal(len, LOG_TAIL_MAX);
    assert_memory_equal(bytes + len - 8, "the end\n", 8);
    log_tail_free(tail);
    folder_remove(&folder);
}

static void a_file_that_grew_too_long_is_emptied(void **state)
{
    struct folder folder = {{0}};
    struct log_tail *tail;
    struct stat about;
    char path[500];

    (void)state;
    assert_int_equal(folder_make(&folder), 0);
    (void)snprintf(path, sizeof(path), "%s/log", folder.path);
    append(path, "old\n");
    tail = log_tail_new(path);
    append(path, "new\n");
    log_tail_trim(tail);
    assert_new(tail, "new\n");
    assert_int_equal(truncate(path, LOG_TAIL_FILE_MAX), 0);
    log_tail_trim(tail);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_size, LOG_TAIL_FILE_MAX);
    append(path, "end\n");
    log_tail_trim(tail);
    assert_new(tail, "");
    append(path, "first\n");
    assert_new(tail, "first\n");
    log_tail_free(tail);
    folder_remove(&folder);
}

static void what_cannot_be_emptied_is_read_on(void **state)
{
    struct folder folder = {{0}};
    struct log_tail *tail = log_tail_new("/nowhere/at/all");
    char path[500];

    (void)state;
    log_tail_trim(tail);
    log_tail_free(tail);
    assert_int_equal(folder_make(&folder), 0);
    (void)snprintf(path, sizeof(path), "%s/log", folder.path);
    append(path, "");
    assert_int_equal(truncate(path, LOG_TAIL_FILE_MAX), 0);
    tail = log_tail_new(path);
    append(path, "new\n");
    assert_int_equal(unlink(path), 0);
    for (int i = 0; i < 2; i++)
        log_tail_trim(tail);
    assert_new(tail, "new\n");
    log_tail_free(tail);
    folder_remove(&folder);
}

static void a_log_that_is_not_there_has_no_tail(void **state)
{
    struct log_tail *tail = log_tail_new("/nowhere/at/all");

    (void)state;
    assert_new(tail, "");
    assert_new(tail, "");
    log_tail_free(tail);
    log_tail_free(NULL);
}

#define CAME   "17: New client connected from 127.0.0.1:9 as "
#define DETAIL " (p2, c1, k60, u'" ID "').\n"
#define WILL   "17: Will message specified (4 bytes) (r0, q1).\n"

/* "client topic;" for every will in the log. */
static const char *wills_in(const char *log, char *found, size_t size)
{
    struct text rest = {log, strlen(log)};
    struct packet_will will;

    found[0] = '\0';
    while (packet_next_will(&rest, &will)) {
        size_t len = strlen(found);

        (void)snprintf(found + len, size - len, "%.*s %.*s;",
            (int)will.client.len, will.client.p, (int)will.topic.len,
            will.topic.p);
    }
    assert_int_equal(rest.len, 0);
    return found;
}

static void a_will_is_read_with_its_client(void **state)
{
    static const struct {
        const char *log, *wills;
    } table[] = {
        {CAME ID DETAIL WILL "17: \ta/b\n",                    ID " a/b;"          },
        {"cut off\n" CAME ID DETAIL WILL "17: \ta\n" CAME "b" DETAIL WILL
         "18: \tc as d (p\n17: x\n",                  ID " a;b c as d (p;"},
        {CAME ID DETAIL "17: No will message specified.\n" CAME "b" DETAIL WILL
                        "17: \tc",                    "b c;"              },
        {CAME ID DETAIL "17: \ta/b\n",                         ""                  },
        {WILL "17: \ta/b\n",                                   ""                  },
        {CAME ID DETAIL WILL,                                  ""                  },
        {CAME ID "\n" WILL "17: \ta/b\n",                      ""                  },
        {"17: New client connected from\n" WILL "17: \ta/b\n", ""                  },
        {"",                                                   ""                  },
    };
    char found[200];

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_string_equal(
            wills_in(table[i].log, found, sizeof(found)), table[i].wills);
}

static void a_filter_goes_on_where_no_subscribe_began(void **state)
{
    static const struct {
        const char *log;
        bool goes_on;
    } table[] = {
        {"17: Received SUBSCRIBE from " ID "\n17: \ta/b (QoS 1)\n",  false},
        {"17: x 1 a\n17: \tb (QoS 0)\n",                             true },
        {"17: Received SUBSCRIBE from " ID "9\n17: \ta/b (QoS 1)\n", true },
        {"17: \ta (QoS 1)\n17: Received SUBSCRIBE from " ID
         "\n17: \tb (QoS 1)\n",                             false},
        {"17: nothing of the kind\n",                                false},
        {"",                                                         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct text log = {table[i].log, strlen(table[i].log)};

        if (packet_goes_on(log, ID) != table[i].goes_on)
            fail_msg("%s", table[i].log);
    }
}

static struct mosquitto_opt complete[] = {
    {(char *)"database",  (char *)"d" },
    {(char *)"log_file",  (char *)"l" },
    {(char *)"socket",    (char *)"s" },
    {(char *)"authority", (char *)"a" },
    {(char *)"authority", (char *)"b" },
    {(char *)"strict",    (char *)"no"},
};

static void options_are_read_and_have_defaults(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(options_read(complete, 6, &options), ERR_OK);
    assert_string_equal(options.database, "d");
    assert_string_equal(options.log_file, "l");
    assert_string_equal(options.socket, "s");
    assert_int_equal(options.authority_count, 2);
    assert_string_equal(options.authorities[1], "b");
    assert_false(options.strict);
    assert_false(options.drop_first); /* as strict */
    assert_false(options.rates);
    assert_false(options.sni_required);
    options_free(&options);
    assert_int_equal(options_read(complete, 5, &options), ERR_OK);
    assert_true(options.strict);
    assert_true(options.drop_first);
    assert_true(options.rates);
    assert_true(options.sni_required);
    options_free(&options);
}

static void what_follows_strict_can_be_set_apart(void **state)
{
    static const struct {
        const char *name, *value;
        bool drop_first, rates, sni_required;
    } table[] = {
        {"jitp_drop_first", "no",  false, true,  true },
        {"rates",           "no",  true,  false, true },
        {"sni",             "any", true,  true,  false},
    };
    struct mosquitto_opt given[5];
    struct options options;

    (void)state;
    memcpy(given, complete, 4 * sizeof(given[0]));
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        given[4] = (struct mosquitto_opt){
            (char *)table[i].name, (char *)table[i].value};
        assert_int_equal(options_read(given, 5, &options), ERR_OK);
        assert_true(options.strict);
        assert_int_equal(options.drop_first, table[i].drop_first);
        assert_int_equal(options.rates, table[i].rates);
        assert_int_equal(options.sni_required, table[i].sni_required);
        options_free(&options);
    }
}

static void options_of_enrolment_are_read(void **state)
{
    static const struct mosquitto_opt more[] = {
        {(char *)"registration",       (char *)"jitr"},
        {(char *)"operational",        (char *)"op"  },
        {(char *)"operational_life_s", (char *)"60"  },
        {(char *)"claim_authority",    (char *)"c"   },
        {(char *)"claim_authority",    (char *)"e"   },
        {(char *)"claims_take_over",   (char *)"yes" },
    };
    struct mosquitto_opt given[10];
    struct options options;

    (void)state;
    memcpy(given, complete, 4 * sizeof(given[0]));
    memcpy(given + 4, more, sizeof(more));
    assert_int_equal(options_read(given, 4, &options), ERR_OK);
    assert_false(options.pending);
    assert_null(options.operational);
    assert_int_equal(options.claim_count, 0);
    assert_false(options.claims_take_over);
    options_free(&options);
    assert_int_equal(options_read(given, 10, &options), ERR_OK);
    assert_true(options.pending);
    assert_string_equal(options.operational, "op");
    assert_int_equal(options.operational_life_s, 60);
    assert_int_equal(options.claim_count, 2);
    assert_string_equal(options.claims[1], "e");
    assert_true(options.claims_take_over);
    options_free(&options);
}

static void a_missing_unknown_or_wrong_option_is_refused(void **state)
{
    static const struct mosquitto_opt wrong[] = {
        {(char *)"strickt",            (char *)"yes"        },
        {(char *)"strict",             (char *)"yep"        },
        {(char *)"jitp_drop_first",    (char *)""           },
        {(char *)"rates",              (char *)"on"         },
        {(char *)"sni",                (char *)"yes"        },
        {(char *)"registration",       (char *)"yes"        },
        {(char *)"operational_life_s", (char *)"0"          },
        {(char *)"operational_life_s", (char *)"1d"         },
        {(char *)"operational_life_s", (char *)"99999999999"},
        {(char *)"claims_take_over",   (char *)"1"          },
    };
    struct mosquitto_opt given[5];
    struct options options;

    (void)state;
    for (size_t missing = 0; missing < 4; missing++) {
        size_t count = 0;

        for (size_t i = 0; i < 4; i++)
            if (i != missing)
                given[count++] = complete[i];
        assert_int_equal(options_read(given, count, &options), ERR_INVALID);
    }
    memcpy(given, complete, 4 * sizeof(given[0]));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        given[4] = wrong[i];
        assert_int_equal(options_read(given, 5, &options), ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_the_broker_has_its_reason),
        cmocka_unit_test(other_lines_say_nothing),
        cmocka_unit_test(the_last_line_about_a_client_counts),
        cmocka_unit_test(the_tail_is_what_was_written_since_the_last_look),
        cmocka_unit_test(of_a_lot_the_tail_is_the_end),
        cmocka_unit_test(a_file_that_grew_too_long_is_emptied),
        cmocka_unit_test(what_cannot_be_emptied_is_read_on),
        cmocka_unit_test(a_log_that_is_not_there_has_no_tail),
        cmocka_unit_test(a_will_is_read_with_its_client),
        cmocka_unit_test(a_filter_goes_on_where_no_subscribe_began),
        cmocka_unit_test(options_are_read_and_have_defaults),
        cmocka_unit_test(options_of_enrolment_are_read),
        cmocka_unit_test(what_follows_strict_can_be_set_apart),
        cmocka_unit_test(a_missing_unknown_or_wrong_option_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
