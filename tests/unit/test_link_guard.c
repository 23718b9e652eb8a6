/* The loopback door opens for this process and for nobody else. */

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cloud/link_guard.h"
#include "cmocka_all.h"

static int knock(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        _exit(2);
    return fd;
}

static void wait_for_knock(int listener)
{
    struct pollfd p = {.fd = listener, .events = POLLIN};

    assert_int_equal(poll(&p, 1, 5000), 1);
}

static void our_own_socket_is_let_in(void **state)
{
    int listener, own, in = -1;
    uint16_t port;

    (void)state;
    assert_int_equal(link_guard_listen(&listener, &port), ERR_OK);
    assert_int_equal(link_guard_accept(listener, &in), ERR_AGAIN);
    own = knock(port);
    wait_for_knock(listener);
    assert_int_equal(link_guard_accept(listener, &in), ERR_OK);
    assert_int_equal(write(own, "x", 1), 1);
    close(own);
    close(in);
    close(listener);
}

/* The child's socket differs from ours in nothing but whose it is. */
static void another_process_is_sent_away(void **state)
{
    int listener, in = -1, status;
    uint16_t port;
    pid_t child;
    char byte;

    (void)state;
    assert_int_equal(link_guard_listen(&listener, &port), ERR_OK);
    child = fork();
    if (child == 0) {
        int fd = knock(port);

        /* Sent away: the read ends at once. */
        _exit(read(fd, &byte, 1) <= 0 ? 0 : 1);
    }
    wait_for_knock(listener);
    assert_int_equal(link_guard_accept(listener, &in), ERR_AGAIN);
    assert_int_equal(in, -1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    /* ... and the door is still there for us. */
    int own = knock(port);
    wait_for_knock(listener);
    assert_int_equal(link_guard_accept(listener, &in), ERR_OK);
    close(own);
    close(in);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_socket_is_let_in),
        cmocka_unit_test(another_process_is_sent_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
