/* What core/config promises. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "core/config.h"

static const struct config_key table[] = {
    {.section = "cloud",
     .name = "endpoint",
     .kind = CONFIG_TEXT,
     .expected = "HOST or HOST:PORT"},
    {.section = "cloud",
     .name = "keep_alive_s",
     .kind = CONFIG_NUMBER,
     .fallback = "60",
     .min = 5,
     .max = 1200},
    {.section = "cloud",
     .name = "protocol",
     .kind = CONFIG_CHOICE,
     .fallback = "auto",
     .choices = "5|3.1.1|auto"},
    {.section = "identity",
     .name = "key",
     .kind = CONFIG_URI,
     .fallback = "file:/k.pem",
     .choices = "file|tpm2"},
    {.section = "local",
     .name = "socket",
     .kind = CONFIG_PATH,
     .fallback = "/run/s.sock"},
    {.section = "local",        .name = "group",   .kind = CONFIG_TEXT,                            .fallback = ""},
    {.section = "local",
     .name = "open",
     .kind = CONFIG_YES_NO,
     .fallback = "no"},
    {.name = "serial",
     .kind = CONFIG_NEVER,
     .expected = "it comes from the certificate"     },
};
#define ROWS (sizeof(table) / sizeof(table[0]))

#define MINIMUM "[cloud]\nendpoint = a.example\n"

/* A folder to write in, and what was said about it. */
struct scene {
    char folder[64];
    char path[80];
    char said[4000];
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return 1;
    (void)snprintf(s->folder, sizeof(s->folder), "/tmp/test_config.XXXXXX");
    if (mkdtemp(s->folder) == NULL)
        return 1;
    (void)snprintf(s->path, sizeof(s->path), "%s/agent.ini", s->folder);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    char command[100];
    int failed;

    (void)snprintf(command, sizeof(command), "rm -rf '%s'", s->folder);
    failed = system(command);
    free(s);
    return failed;
}

static void write_bytes(
    struct scene *s, const char *name, const void *bytes, size_t len)
{
    char path[200];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", s->folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void write_text(struct scene *s, const char *name, const char *text)
{
    write_bytes(s, name, text, strlen(text));
}

static void make_drop_in_folder(struct scene *s)
{
    char path[200];

    (void)snprintf(path, sizeof(path), "%s.d", s->path);
    assert_int_equal(mkdir(path, 0700), 0);
}

/* Collect the lines, without the folder's name. */
static void say(void *context, const char *line)
{
    struct scene *s = context;
    size_t used = strlen(s->said), skip = strlen(s->folder) + 1;

    assert_memory_equal(line, s->folder, skip - 1);
    (void)snprintf(s->said + used, sizeof(s->said) - used, "%s\n", line + skip);
}

static enum err load(struct scene *s, struct config **out)
{
    s->said[0] = '\0';
    *out = NULL;
    return config_load(s->path, table, ROWS, say, s, out);
}

/* Load what must load. */
static struct config *loaded(struct scene *s)
{
    struct config *config;
    enum err e = load(s, &config);

    if (e != ERR_OK)
        fail_msg("%s: %s", err_name(e), s->said);
    return config;
}

static void refused(struct scene *s, const char *text, const char *said)
{
    struct config *config;

    write_text(s, "agent.ini", text);
    assert_int_equal(load(s, &config), ERR_INVALID);
    assert_null(config);
    assert_string_equal(s->said, said);
}

static void what_is_not_given_has_its_fallback(void **state)
{
    struct config *c;

    write_text(*state, "agent.ini", MINIMUM);
    c = loaded(*state);
    assert_string_equal(config_text(c, "cloud", "endpoint"), "a.example");
    assert_int_equal(config_number(c, "cloud", "keep_alive_s"), 60);
    assert_string_equal(config_text(c, "cloud", "protocol"), "auto");
    assert_string_equal(config_text(c, "local", "socket"), "/run/s.sock");
    assert_null(config_text(c, "local", "group"));
    assert_false(config_yes(c, "local", "open"));
    assert_null(config_where(c, "cloud", "protocol"));
    config_free(c);
}

static void comments_spaces_and_line_ends_do_not_matter(void **state)
{
    struct scene *s = *state;
    struct config *c;

    write_text(s, "agent.ini",
        "\xef\xbb\xbf; a byte order mark stands before this\r\n"
        "# a comment\r\n\r\n"
        "   [cloud]   # which one\r\n"
        "\tendpoint=a.example:443 ; where\r\n"
        "\t\tkeep_alive_s\t=\t1200\r\n"
        "protocol : 3.1.1\r\n"
        "[local]\n"
        "open = yes");
    c = loaded(s);
    assert_string_equal(config_text(c, "cloud", "endpoint"), "a.example:443");
    assert_int_equal(config_number(c, "cloud", "keep_alive_s"), 1200);
    assert_string_equal(config_text(c, "cloud", "protocol"), "3.1.1");
    assert_true(config_yes(c, "local", "open"));
    config_free(c);
}

static void a_value_tells_where_it_stands(void **state)
{
    struct scene *s = *state;
    struct config *c;
    const char *where;

    write_text(s, "agent.ini", "\n" MINIMUM);
    c = loaded(s);
    where = config_where(c, "cloud", "endpoint");
    assert_string_equal(where + strlen(s->folder), "/agent.ini:3");
    config_free(c);
}

static void a_path_is_taken_from_the_folder_of_its_file(void **state)
{
    struct scene *s = *state;
    struct config *c;
    char expected[200];

    make_drop_in_folder(s);
    write_text(s, "agent.ini",
        MINIMUM "[local]\nsocket = run/s\n"
                "[identity]\nkey = file:certs/k.pem\n");
    c = loaded(s);
    (void)snprintf(expected, sizeof(expected), "%s/run/s", s->folder);
    assert_string_equal(config_text(c, "local", "socket"), expected);
    (void)snprintf(
        expected, sizeof(expected), "file:%s/certs/k.pem", s->folder);
    assert_string_equal(config_text(c, "identity", "key"), expected);
    config_free(c);

    write_text(s, "agent.ini.d/1.ini",
        "[local]\nsocket = x\n[identity]\nkey = tpm2:0x81000001\n");
    c = loaded(s);
    (void)snprintf(expected, sizeof(expected), "%s/agent.ini.d/x", s->folder);
    assert_string_equal(config_text(c, "local", "socket"), expected);
    assert_string_equal(config_text(c, "identity", "key"), "tpm2:0x81000001");
    config_free(c);
}

static void drop_ins_replace_values_in_the_order_of_their_names(void **state)
{
    struct scene *s = *state;
    struct config *c;

    make_drop_in_folder(s);
    write_text(s, "agent.ini", MINIMUM "[local]\ngroup = iot\n");
    write_text(s, "agent.ini.d/20-b.ini", "[cloud]\nkeep_alive_s = 20\n");
    write_text(s, "agent.ini.d/10-a.ini",
        "[cloud]\nkeep_alive_s = 10\n[local]\ngroup =\n");
    write_text(s, "agent.ini.d/.hidden.ini", "nonsense");
    write_text(s, "agent.ini.d/30-c.ini.bak", "nonsense");
    write_text(s, "agent.ini.d/.ini", "nonsense");
    c = loaded(s);
    assert_int_equal(config_number(c, "cloud", "keep_alive_s"), 20);
    assert_null(config_text(c, "local", "group"));
    config_free(c);
}

static void a_fault_in_a_drop_in_names_the_drop_in(void **state)
{
    struct scene *s = *state;

    make_drop_in_folder(s);
    write_text(s, "agent.ini.d/10-a.ini", "\n[cloud]\nkeep_alive_s = 1\n");
    refused(s, MINIMUM,
        "agent.ini.d/10-a.ini:3: keep_alive_s = '1' in [cloud]: "
        "expected a whole number from 5 to 1200\n");
}

static void unknown_names_are_refused_and_the_near_one_is_told(void **state)
{
    refused(*state, MINIMUM "protocl = 5\n",
        "agent.ini:3: unknown key 'protocl' in [cloud]; "
        "did you mean 'protocol'?\n");
    refused(*state, MINIMUM "xyz = 5\n",
        "agent.ini:3: unknown key 'xyz' in [cloud]\n");
    refused(*state, MINIMUM "socket = /s\n",
        "agent.ini:3: unknown key 'socket' in [cloud]; "
        "it belongs in [local]\n");
    refused(*state, MINIMUM "[clod]\na = 1\nb = 2\n",
        "agent.ini:4: unknown section [clod]; did you mean [cloud]?\n");
    refused(*state, MINIMUM "[nothing]\na = 1\n",
        "agent.ini:4: unknown section [nothing]\n");
    refused(*state, "endpoint = a\n" MINIMUM,
        "agent.ini:1: 'endpoint' stands before the first [section]\n");
    refused(*state, MINIMUM "Endpoint = a\n",
        "agent.ini:3: unknown key 'Endpoint' in [cloud]; "
        "did you mean 'endpoint'?\n");
}

static void a_key_that_must_not_be_says_why_in_any_section(void **state)
{
    refused(*state, MINIMUM "serial = 1\n[other]\nserial = 2\n",
        "agent.ini:3: 'serial' cannot be configured: "
        "it comes from the certificate\n"
        "agent.ini:5: 'serial' cannot be configured: "
        "it comes from the certificate\n");
}

static void a_bad_value_says_what_was_expected(void **state)
{
    static const char *const bad[] = {"4", "1201", "60s", "", "6 0", "0x40",
        "+60", "1e2", "-", "6.0", "99999999999999999999"};
    char text[200], said[200];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)snprintf(
            text, sizeof(text), MINIMUM "keep_alive_s = %s\n", bad[i]);
        (void)snprintf(said, sizeof(said),
            "agent.ini:3: keep_alive_s = '%s' in [cloud]: "
            "expected a whole number from 5 to 1200\n",
            bad[i]);
        refused(*state, text, said);
    }
    refused(*state, MINIMUM "protocol = 3.1\n",
        "agent.ini:3: protocol = '3.1' in [cloud]: "
        "expected one of 5|3.1.1|auto\n");
    refused(*state, MINIMUM "protocol = 5|auto\n",
        "agent.ini:3: protocol = '5|auto' in [cloud]: "
        "expected one of 5|3.1.1|auto\n");
    refused(*state, MINIMUM "[local]\nopen = true\nsocket =\n",
        "agent.ini:4: open = 'true' in [local]: expected yes or no\n"
        "agent.ini:5: socket = '' in [local]: "
        "expected the path of a file or folder\n");
    refused(*state, "[cloud]\nendpoint =\n",
        "agent.ini:2: endpoint = '' in [cloud]: expected HOST or HOST:PORT\n");
    refused(*state, MINIMUM "[identity]\nkey = /k.pem\n",
        "agent.ini:4: key = '/k.pem' in [identity]: "
        "expected SCHEME:..., SCHEME one of file|tpm2\n");
    /* Such a URI may hold a PIN. */
    refused(*state, MINIMUM "[identity]\nkey = pkcs11:x?pin-value=4711\n",
        "agent.ini:4: key = 'pkcs11:...' in [identity]: "
        "expected SCHEME:..., SCHEME one of file|tpm2\n");
    refused(*state, MINIMUM "[identity]\nkey = x;pin-value=4711\n",
        "agent.ini:4: key = 'x;...' in [identity]: "
        "expected SCHEME:..., SCHEME one of file|tpm2\n");
    refused(*state, MINIMUM "[identity]\nkey = file:\n",
        "agent.ini:4: key = 'file:' in [identity]: "
        "expected SCHEME:..., SCHEME one of file|tpm2\n");
}

static void what_must_be_given_is_missed(void **state)
{
    refused(*state, "[cloud]\n",
        "agent.ini: endpoint is missing in [cloud]: "
        "expected HOST or HOST:PORT\n");
}

static void a_key_twice_in_one_file_is_refused(void **state)
{
    struct scene *s = *state;
    char said[300];

    (void)snprintf(said, sizeof(said),
        "agent.ini:3: endpoint in [cloud] stands here again; "
        "it is at %s:2 already\n",
        s->path);
    refused(s, MINIMUM "endpoint = b.example\n", said);
}

static void every_fault_is_told_at_once(void **state)
{
    refused(*state,
        "nonsense\n"
        "[cloud\n"
        "keep_alive_s = 1\n" /* nobody knows in which section */
        "[local] x\n"
        "[cloud]\n"
        "= 5\n"
        "protocol = 4\n"
        "endpoint = a.example # ours\n"
        "[]\n",
        "agent.ini:1: expected 'key = value' or '[section]'\n"
        "agent.ini:2: expected '[section]'\n"
        "agent.ini:4: expected '[section]'\n"
        "agent.ini:6: expected 'key = value' or '[section]'\n"
        "agent.ini:7: protocol = '4' in [cloud]: "
        "expected one of 5|3.1.1|auto\n"
        "agent.ini:8: a comment after a value begins with ';', "
        "not with '#'\n"
        "agent.ini:9: expected '[section]'\n"
        "agent.ini: endpoint is missing in [cloud]: "
        "expected HOST or HOST:PORT\n");
}

static void control_characters_are_refused(void **state)
{
    static const char text[] = "[cloud]\nendpoint = a\0b\nprotocol = \x1b[1m\n";
    struct scene *s = *state;
    struct config *c;

    write_bytes(s, "agent.ini", text, sizeof(text) - 1);
    assert_int_equal(load(s, &c), ERR_INVALID);
    assert_string_equal(s->said,
        "agent.ini:2: a control character; expected text\n"
        "agent.ini:3: a control character; expected text\n"
        "agent.ini: endpoint is missing in [cloud]: "
        "expected HOST or HOST:PORT\n");
}

/* The library's buffer has 200 bytes where Debian builds it; a line is never
 * read in part. */
static void a_line_is_read_whole_or_refused(void **state)
{
    for (size_t len = 100; len <= 400; len++) {
        struct scene *s = *state;
        struct config *c;
        char text[500] = "[cloud]\nendpoint = ";
        char *value = text + strlen(text);

        memset(value, 'x', len);
        value[len] = '\0';
        write_text(s, "agent.ini", text);
        if (load(s, &c) == ERR_OK) {
            assert_string_equal(config_text(c, "cloud", "endpoint"), value);
            config_free(c);
        } else {
            assert_true(len > 150);
            assert_non_null(strstr(s->said, "agent.ini:2: a line of "));
        }
    }
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
    struct scene *s = *state;
    struct config *c;
    static char long_text[1024 * 1024 + 2];

    assert_int_equal(load(s, &c), ERR_NOT_FOUND);
    assert_non_null(strstr(s->said,
        "agent.ini: cannot be opened: No such file or directory; expected"));

    memset(long_text, '\n', sizeof(long_text) - 1);
    write_text(s, "agent.ini", long_text);
    assert_int_equal(load(s, &c), ERR_TOO_BIG);
    assert_string_equal(
        s->said, "agent.ini: is too long; expected at most 1048576 bytes\n");

    assert_int_equal(unlink(s->path), 0);
    assert_int_equal(mkfifo(s->path, 0600), 0);
    assert_int_equal(load(s, &c), ERR_IO);
    assert_string_equal(
        s->said, "agent.ini: is not a file; expected an INI file\n");
}

static void a_drop_in_that_cannot_be_read_is_told(void **state)
{
    struct scene *s = *state;
    struct config *c;
    char path[200];

    make_drop_in_folder(s);
    write_text(s, "agent.ini", MINIMUM);
    (void)snprintf(path, sizeof(path), "%s.d/1.ini", s->path);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_int_equal(load(s, &c), ERR_NOT_FOUND);
    assert_non_null(strstr(s->said, "agent.ini.d/1.ini: cannot be opened: "));

    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof(path), "%s.d", s->path);
    assert_int_equal(rmdir(path), 0);
    write_text(s, "agent.ini.d", "a file");
    assert_int_equal(load(s, &c), ERR_IO);
    assert_string_equal(s->said,
        "agent.ini.d: cannot be read: Not a directory; "
        "expected a folder of *.ini\n");
}

/* Root reads everything, so the child gives that up first. */
static void a_file_that_may_not_be_read_is_denied(void **state)
{
    struct scene *s = *state;
    struct config *c;
    uid_t me = geteuid();

    write_text(s, "agent.ini", MINIMUM);
    assert_int_equal(chmod(s->path, 0), 0);
    assert_int_equal(chmod(s->folder, 0755), 0);
    if (me == 0)
        assert_int_equal(seteuid(65534), 0);
    assert_int_equal(load(s, &c), ERR_DENIED);
    assert_int_equal(seteuid(me), 0);
    assert_non_null(strstr(s->said,
        "agent.ini: cannot be opened: Permission denied; expected an INI file "
        "that uid "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(what_is_not_given_has_its_fallback),
        TEST(comments_spaces_and_line_ends_do_not_matter),
        TEST(a_value_tells_where_it_stands),
        TEST(a_path_is_taken_from_the_folder_of_its_file),
        TEST(drop_ins_replace_values_in_the_order_of_their_names),
        TEST(a_fault_in_a_drop_in_names_the_drop_in),
        TEST(unknown_names_are_refused_and_the_near_one_is_told),
        TEST(a_key_that_must_not_be_says_why_in_any_section),
        TEST(a_bad_value_says_what_was_expected),
        TEST(what_must_be_given_is_missed),
        TEST(a_key_twice_in_one_file_is_refused),
        TEST(every_fault_is_told_at_once),
        TEST(control_characters_are_refused),
        TEST(a_line_is_read_whole_or_refused),
        TEST(a_file_that_cannot_be_read_is_told),
        TEST(a_drop_in_that_cannot_be_read_is_told),
        TEST(a_file_that_may_not_be_read_is_denied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
