/* What the plugin reads: Mosquitto's log and its own options. */

#include "cmocka_all.h"

#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/broker/log_tail.h"
#include "cloud-mock/broker/options.h"
#include "cloud-mock/broker/reason.h"
#include "folder.h"

#define ID "acme:thermo-1:S1"

static const struct {
    const char *line;
    enum presence_reason reason;
} lines[] = {
    {"17: Client " ID " disconnected.",                               PRESENCE_CLIENT_INITIATED},
    {"17: Client " ID " closed its connection.",                      PRESENCE_CONNECTION_LOST },
    {"17: Client " ID " disconnected: Connection reset by peer.",
     PRESENCE_CONNECTION_LOST                                                                  },
    {"17: Bad socket read/write on client " ID ": Invalid arguments",
     PRESENCE_CONNECTION_LOST                                                                  },
    {"17: Client " ID " has exceeded timeout, disconnecting.",
     PRESENCE_KEEP_ALIVE_TIMEOUT                                                               },
    {"17: Client " ID " already connected, closing old connection.",
     PRESENCE_DUPLICATE_CLIENTID                                                               },
    {"17: Client " ID " disconnected due to malformed packet.",
     PRESENCE_CLIENT_ERROR                                                                     },
    {"17: Client " ID " disconnected due to protocol error.",
     PRESENCE_CLIENT_ERROR                                                                     },
    {"17: Client " ID " disconnected due to oversize payload.",
     PRESENCE_CLIENT_ERROR                                                                     },
    {"17: Client " ID " disconnected due to QoS too high or retain not"
     " supported.",                                              PRESENCE_CLIENT_ERROR    },
    {"17: Client " ID " disconnected due to using not allowed feature (QoS too"
     " high, retain not supported, or bad AUTH method).",        PRESENCE_CLIENT_ERROR    },
    {"17: Client " ID " disconnected due to out of memory.",
     PRESENCE_SERVER_ERROR                                                                     },
    {"17: Client " ID " disconnected, not authorised.",               PRESENCE_AUTH_ERROR      },
    {"17: Client " ID " been disconnected by administrative action.",
     PRESENCE_API_INITIATED                                                                    },
    {"Client " ID " disconnected.",                                   PRESENCE_CLIENT_INITIATED},
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

static void a_log_that_is_not_there_has_no_tail(void **state)
{
    struct log_tail *tail = log_tail_new("/nowhere/at/all");

    (void)state;
    assert_new(tail, "");
    assert_new(tail, "");
    log_tail_free(tail);
    log_tail_free(NULL);
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
    options_free(&options);
    assert_int_equal(options_read(complete, 5, &options), ERR_OK);
    assert_true(options.strict);
    assert_true(options.drop_first);
    options_free(&options);
}

static void a_missing_unknown_or_wrong_option_is_refused(void **state)
{
    static const struct mosquitto_opt wrong[] = {
        {(char *)"strickt",         (char *)"yes"},
        {(char *)"strict",          (char *)"yep"},
        {(char *)"jitp_drop_first", (char *)""   },
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
    given[4] = (struct mosquitto_opt){(char *)"jitp_drop_first", (char *)"no"};
    assert_int_equal(options_read(given, 5, &options), ERR_OK);
    assert_true(options.strict);
    assert_false(options.drop_first);
    options_free(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_the_broker_has_its_reason),
        cmocka_unit_test(other_lines_say_nothing),
        cmocka_unit_test(the_last_line_about_a_client_counts),
        cmocka_unit_test(the_tail_is_what_was_written_since_the_last_look),
        cmocka_unit_test(of_a_lot_the_tail_is_the_end),
        cmocka_unit_test(a_log_that_is_not_there_has_no_tail),
        cmocka_unit_test(options_are_read_and_have_defaults),
        cmocka_unit_test(a_missing_unknown_or_wrong_option_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
