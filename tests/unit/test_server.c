/* What local/server and local/peer promise to applications: a real socket and
 * a real loop; session, shadow and telemetry are fakes. */

#include "local/lines.h"
#include "local/peer.h"
#include "server_scene.h"

static void a_request_is_answered_however_its_bytes_come(void **state)
{
    static const char request[] = EMIT "{\"id\":1,\"op\":\"nothing\"}\n";
    struct scene *s = *state;
    int fd = enter(s);

    for (size_t i = 0; i + 1 < sizeof(request); i++) {
        char byte[2] = {request[i], '\0'};

        say(s, fd, byte);
        if (i % 10 == 0)
            turn(s);
    }
    turn(s);
    fake_agent_commit(s->fake, true);
    turn(s);
    assert_false(listen_to(s, fd));
    begins(s, "{\"id\":1,\"ok\":false,");
    assert_non_null(strstr(s->heard, "\n" STORED));
    close(fd);
}

static void many_lines_at_once_are_answered_in_order(void **state)
{
    struct scene *s = *state;
    int fd = enter(s);
    char line[100];

    for (int i = 0; i < 500; i++) {
        (void)snprintf(line, sizeof(line),
            "{\"id\":%d,\"op\":\"emit\",\"stream\":\"x\",\"data\":%d}\n", i, i);
        say(s, fd, line);
    }
    turn(s);
    fake_agent_commit(s->fake, true);
    turn(s);
    assert_false(listen_to(s, fd));
    for (int i = 0, at = 0; i < 500; i++) {
        int len = snprintf(
            line, sizeof(line), "{\"id\":%d,\"ok\":true,\"stored\":true}\n", i);

        assert_memory_equal(s->heard + at, line, (size_t)len);
        at += len;
    }
    close(fd);
}

static void a_line_that_is_too_long_costs_only_itself(void **state)
{
    struct scene *s = *state;
    int fd = enter(s);
    char chunk[1001];

    memset(chunk, 'x', 1000);
    chunk[1000] = '\0';
    for (int i = 0; i < 100; i++)
        say(s, fd, chunk);
    say(s, fd, "\n" EMIT);
    turn(s);
    fake_agent_commit(s->fake, true);
    turn(s);
    assert_false(listen_to(s, fd));
    begins(s, "{\"ok\":false,\"code\":\"too_large\"");
    assert_non_null(strstr(s->heard, "\n" STORED));
    close(fd);
}

/* While CONVERSATION_UNANSWERED letters are unanswered nothing more is read;
 * the twin of it: the next application is served meanwhile. */
static void who_has_much_unanswered_is_not_read(void **state)
{
    struct scene *s = *state;
    int fd = enter(s), other = enter(s);
    size_t sent = 0, heard = 0;

    for (; sent < CONVERSATION_UNANSWERED + 200; sent++) {
        if (try_to_say(fd, EMIT))
            continue;
        turn(s);
        if (!try_to_say(fd, EMIT))
            break;
    }
    assert_true(sent > CONVERSATION_UNANSWERED);
    turn(s);
    assert_int_equal(s->fake->accepted, CONVERSATION_UNANSWERED);
    say(s, other, EMIT);
    turn(s);
    assert_int_equal(s->fake->accepted, CONVERSATION_UNANSWERED + 1);
    fake_agent_commit(s->fake, true);
    turn(s);
    assert_int_equal(s->fake->accepted, sent + 1);
    fake_agent_commit(s->fake, true);
    for (int i = 0; i < 10 && heard < sent; i++) {
        turn(s);
        assert_false(listen_to(s, fd));
        heard += lines_heard(s);
    }
    assert_int_equal(heard, sent);
    close(fd);
    close(other);
}

/* Answers that nobody fetches stop the reading, too, and none is lost. */
static void who_does_not_read_answers_is_not_read(void **state)
{
    static const char request[] = "{\"op\":\"status\"}\n";
    struct scene *s = *state;
    int fd = enter(s);
    size_t asked = 0, answered = 0;

    while (asked < 100000) {
        if (!try_to_say(fd, request)) {
            turn(s);
            if (!try_to_say(fd, request))
                break;
        }
        asked++;
    }
    assert_true(asked > 1000 && asked < 100000);
    for (int i = 0; i < 1000 && answered < asked; i++) {
        assert_false(listen_to(s, fd));
        answered += lines_heard(s);
        turn(s);
    }
    assert_int_equal(answered, asked);
    close(fd);
}

/* The pause falls among those that have come already, and nothing comes after
 * them that would wake the server. */
static void all_questions_that_come_in_one_piece_are_answered(void **state)
{
    static const char question[] = "{\"op\":\"status\"}\n";
    enum { ASKED = 2000, LEN = sizeof(question) - 1 };
    static char all[ASKED * LEN + 1];
    struct scene *s = *state;
    int fd = enter(s);
    size_t answered = 0;

    for (size_t i = 0; i < ASKED; i++)
        memcpy(all + i * LEN, question, LEN);
    assert_true(try_to_say(fd, all));
    for (int i = 0; i < 100 && answered < ASKED; i++) {
        turn(s);
        assert_false(listen_to(s, fd));
        answered += lines_heard(s);
    }
    assert_int_equal(answered, ASKED);
    close(fd);
}

static void watch_from(struct scene *s, int fd)
{
    say(s, fd, "{\"op\":\"watch\"}\n");
    turn(s);
    hears(s, fd, "{\"ok\":true}\n{\"ev\":\"online\",\"online\":true}\n");
}

/* The twin of it: a watcher that reads hears every change and stays. */
static void a_watcher_that_does_not_read_is_disconnected(void **state)
{
    struct scene *s = *state;
    int deaf = enter(s), fd = enter(s);
    static char settings[8000] = "{\"text\":\"";
    size_t len = strlen(settings);

    memset(settings + len, 'x', 7500);
    (void)snprintf(settings + len + 7500, 10, "\"}");
    watch_from(s, deaf);
    watch_from(s, fd);
    for (int i = 0; i < 100; i++) {
        fake_agent_desire(s->fake, settings, i);
        turn(s);
        assert_false(listen_to(s, fd));
        assert_int_equal(lines_heard(s), 1);
    }
    assert_int_equal(fake_agent_watchers(s->fake), 1);
    assert_true(listen_to(s, deaf));
    assert_true(lines_heard(s) < 100);
    close(deaf);
    close(fd);
}

static void watchers_hear_when_we_go_offline(void **state)
{
    struct scene *s = *state;
    int watcher = enter(s), other = enter(s);

    watch_from(s, watcher);
    fake_agent_set_online(s->fake, false);
    turn(s);
    hears(s, watcher, "{\"ev\":\"online\",\"online\":false}\n");
    hears(s, other, "");
    close(watcher);
    close(other);
}

/* With AddressSanitizer: answers to who is gone touch nothing. */
static void an_application_may_hang_up_at_any_moment(void **state)
{
    struct scene *s = *state;
    int fd = enter(s), half = enter(s), fresh;

    say(s, fd, EMIT "{\"op\":\"watch\"}\n");
    say(s, half, "{\"op\":\"st");
    fresh = knock(s);
    close(fresh);
    turn(s);
    assert_int_equal(s->fake->accepted, 1);
    close(fd);
    close(half);
    turn(s);
    assert_int_equal(fake_agent_watchers(s->fake), 0);
    fake_agent_desire(s->fake, "{}", 1);
    fake_agent_commit(s->fake, true);
    turn(s);
    close(enter(s));
}

/* Three lines of Python: connect, send, and end without reading anything. */
static void what_was_said_counts_though_nobody_waits_for_the_answer(
    void **state)
{
    struct scene *s = *state;

    for (size_t i = 1; i <= 20; i++) {
        int fd = knock(s);

        say(s, fd, EMIT);
        if (i % 2 == 0)
            turn(s);
        close(fd);
        turn(s);
        assert_int_equal(s->fake->accepted, i);
    }
}

/* ... and leaves its place to others. */
static void who_hung_up_too_early_is_forgotten_in_the_end(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < SERVER_PEERS; i++) {
        int fd = knock(s);

        say(s, fd, EMIT);
        close(fd);
        turn(s);
        fake_agent_commit(s->fake, true);
    }
    turn(s);
    close(enter(s));
}

/* printf '...' | some-client: it says no more, and hears all answers. */
static void who_only_stops_talking_gets_its_answers(void **state)
{
    struct scene *s = *state;
    int fd = enter(s);

    say(s, fd, EMIT EMIT "{\"id\":1,\"op\":\"watch\"}"); /* no last newline */
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    turn(s);
    hears(
        s, fd, "{\"id\":1,\"ok\":true}\n{\"ev\":\"online\",\"online\":true}\n");
    fake_agent_commit(s->fake, true);
    turn(s);
    assert_true(listen_to(s, fd));
    assert_string_equal(s->heard, STORED STORED);
    assert_int_equal(fake_agent_watchers(s->fake), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_request_is_answered_however_its_bytes_come),
        TEST(many_lines_at_once_are_answered_in_order),
        TEST(a_line_that_is_too_long_costs_only_itself),
        TEST(who_has_much_unanswered_is_not_read),
        TEST(all_questions_that_come_in_one_piece_are_answered),
        TEST(who_does_not_read_answers_is_not_read),
        TEST(a_watcher_that_does_not_read_is_disconnected),
        TEST(watchers_hear_when_we_go_offline),
        TEST(an_application_may_hang_up_at_any_moment),
        TEST(what_was_said_counts_though_nobody_waits_for_the_answer),
        TEST(who_hung_up_too_early_is_forgotten_in_the_end),
        TEST(who_only_stops_talking_gets_its_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
