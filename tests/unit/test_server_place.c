/* What local/server and local/address promise about the socket's place, and
 * about who comes in. */

#include <grp.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "server_scene.h"

#define DAEMON 1 /* the group "daemon", on every Debian (base-passwd) */
#define NOBODY 65534

static void stopping_hangs_up_and_removes_the_socket(void **state)
{
    struct scene *s = *state;
    int fd = enter(s);

    say(s, fd, EMIT "{\"op\":\"watch\"}\n");
    turn(s);
    server_stop(s->server);
    s->server = NULL;
    assert_true(listen_to(s, fd));
    assert_int_equal(access(s->path, F_OK), -1);
    assert_int_equal(fake_agent_watchers(s->fake), 0);
    close(fd);
}

static void the_socket_is_for_owner_and_group_in_an_open_folder(void **state)
{
    struct scene *s = *state;
    char folder[80];
    struct stat st;

    assert_int_equal(stat(s->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    assert_int_equal(st.st_gid, getegid());
    (void)snprintf(folder, sizeof(folder), "%s/run", s->folder);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
}

static enum err start_second(struct scene *s)
{
    struct server_options options = options_of(s);
    struct server *second = NULL;
    enum err e = server_start(&options, &second);

    server_stop(second);
    return e;
}

static void a_second_agent_is_refused_and_the_first_goes_on(void **state)
{
    struct scene *s = *state;

    assert_int_equal(start_second(s), ERR_EXISTS);
    close(enter(s));
}

static void a_socket_nobody_answers_is_replaced(void **state)
{
    struct scene *s = *state;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    server_stop(s->server);
    s->server = NULL;
    (void)snprintf(name.sun_path, sizeof(name.sun_path), "%s", s->path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    close(fd);
    assert_int_equal(access(s->path, F_OK), 0);
    assert_int_equal(start_second(s), ERR_OK);
}

static void what_is_no_socket_is_left_alone(void **state)
{
    struct scene *s = *state;
    FILE *f;

    server_stop(s->server);
    s->server = NULL;
    f = fopen(s->path, "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(start_second(s), ERR_EXISTS);
    assert_int_equal(access(s->path, F_OK), 0);
}

static void stopping_leaves_the_socket_of_somebody_else(void **state)
{
    struct scene *s = *state;

    assert_int_equal(unlink(s->path), 0);
    assert_int_equal(mkfifo(s->path, 0600), 0);
    server_stop(s->server);
    s->server = NULL;
    assert_int_equal(access(s->path, F_OK), 0);
}

/* Two agents that start at once must not replace each other's socket. */
static void only_one_may_take_the_place_at_a_time(void **state)
{
    struct scene *s = *state;
    char folder[80];
    int fd;

    server_stop(s->server);
    s->server = NULL;
    (void)snprintf(folder, sizeof(folder), "%s/run", s->folder);
    fd = open(folder, O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(start_second(s), ERR_AGAIN);
    close(fd);
    assert_int_equal(start_second(s), ERR_OK);
}

static void a_place_that_cannot_be_taken_is_an_error(void **state)
{
    struct scene *s = *state;
    struct server_options options = options_of(s);
    char path[200];

    (void)snprintf(path, sizeof(path), "%s/%0108d", s->folder, 0);
    options.path = path;
    assert_int_equal(server_start(&options, &s->server), ERR_TOO_BIG);
    options.path = "";
    assert_int_equal(server_start(&options, &s->server), ERR_TOO_BIG);
    (void)snprintf(path, sizeof(path), "%s/a/b/s", s->folder);
    assert_int_equal(server_start(&options, &s->server), ERR_TOO_BIG);
    options.path = path;
    assert_int_equal(server_start(&options, &s->server), ERR_NOT_FOUND);
    options.group = "no-such-group-here";
    assert_int_equal(server_start(&options, &s->server), ERR_INVALID);
}

/* Connect as another user, with one further group. */
static int knock_as(struct scene *s, uid_t uid, gid_t further)
{
    int fd = -1;

    assert_int_equal(setgroups(1, &further), 0);
    assert_int_equal(setegid(NOBODY), 0);
    assert_int_equal(seteuid(uid), 0);
    if (address_connect(s->path, &fd) == ERR_OK)
        assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
    assert_int_equal(setgroups(0, NULL), 0);
    return fd;
}

/* Start again for the group "daemon", in a folder that everybody may enter. */
static gid_t open_for_daemon(struct scene *s)
{
    struct server_options options = options_of(s);
    struct stat st;

    server_stop(s->server);
    s->server = NULL;
    assert_int_equal(chmod(s->folder, 0755), 0);
    options.group = "daemon";
    assert_int_equal(server_start(&options, &s->server), ERR_OK);
    assert_int_equal(stat(s->path, &st), 0);
    assert_int_equal(st.st_gid, DAEMON);
    return st.st_gid;
}

/* The twin of it: with the mode opened by somebody, the credentials decide. */
static void only_members_of_the_group_come_in(void **state)
{
    struct scene *s = *state;
    gid_t gid;
    int fd;

    if (geteuid() != 0)
        skip();
    gid = open_for_daemon(s);
    assert_int_equal(knock_as(s, NOBODY, NOBODY), -1);
    fd = knock_as(s, NOBODY, gid);
    turn(s);
    assert_false(listen_to(s, fd));
    begins(s, "{\"ev\":\"hello\"");
    close(fd);

    assert_int_equal(chmod(s->path, 0666), 0);
    fd = knock_as(s, NOBODY, NOBODY);
    assert_true(fd >= 0);
    turn(s);
    assert_true(listen_to(s, fd));
    begins(s, "{\"ok\":false,\"code\":\"denied\"");
    assert_non_null(strstr(s->heard, "uid 65534 may not talk to the agent"));
    close(fd);
}

static void places_are_kept_for_root_and_the_agent(void **state)
{
    struct scene *s = *state;
    int fds[SERVER_PEERS + 1];
    int count = 0;
    gid_t gid;

    if (geteuid() != 0)
        skip();
    gid = open_for_daemon(s);
    while (count < SERVER_PEERS - SERVER_RESERVED) {
        fds[count++] = knock_as(s, NOBODY, gid);
        turn(s);
    }
    fds[count] = knock_as(s, NOBODY, gid);
    turn(s);
    assert_true(listen_to(s, fds[count]));
    begins(s, "{\"ok\":false,\"code\":\"busy\"");
    close(fds[count]);
    while (count < SERVER_PEERS)
        fds[count++] = enter(s);
    fds[count] = knock(s);
    turn(s);
    assert_true(listen_to(s, fds[count]));
    begins(s, "{\"ok\":false,\"code\":\"busy\"");
    close(fds[count]);
    close(fds[--count]);
    turn(s);
    fds[count] = enter(s); /* a place is free again */
    while (count >= 0)
        close(fds[count--]);
}

/* Out of descriptors: who knocks waits, we do not spin, and it recovers. */
static void running_out_of_descriptors_is_survived(void **state)
{
    struct scene *s = *state;
    struct rlimit before, less;
    int fd = knock(s);
    clock_t spent;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    less = before;
    less.rlim_cur = (rlim_t)fd + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
    spent = clock();
    for (int i = 0; i < 20; i++)
        turn(s); /* 600 ms */
    spent = clock() - spent;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(spent < CLOCKS_PER_SEC / 5);
    hears(s, fd, "");
    for (int i = 0; i < 20; i++)
        turn(s);
    assert_false(listen_to(s, fd));
    assert_int_equal(lines_heard(s), 1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(stopping_hangs_up_and_removes_the_socket),
        TEST(the_socket_is_for_owner_and_group_in_an_open_folder),
        TEST(a_second_agent_is_refused_and_the_first_goes_on),
        TEST(a_socket_nobody_answers_is_replaced),
        TEST(what_is_no_socket_is_left_alone),
        TEST(stopping_leaves_the_socket_of_somebody_else),
        TEST(only_one_may_take_the_place_at_a_time),
        TEST(a_place_that_cannot_be_taken_is_an_error),
        TEST(only_members_of_the_group_come_in),
        TEST(places_are_kept_for_root_and_the_agent),
        TEST(running_out_of_descriptors_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
