/* verb_watch.c - when the agent restarts, the watch goes on; what was told
 * already is not told again. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "local/address.h"
#include "local/assign.h"
#include "local/call.h"
#include "local/speak.h"
#include "local/verbs.h"

#define AGAIN_S 1 /* between looks whether the agent is back */

static const struct page page = {
    .name = "watch",
    .arguments = "",
    .summary = "print each setting that the cloud wants changed",
    .help = "  A line 'KEY = VALUE' for each wish, at once and whenever one\n"
            "  changes, until it is stopped. Apply it, then report it. With\n"
            "  --json every event is printed whole, also online and offline.\n"
            "\n"
            "  Example: nameplate watch | while read -r key _ value; do\n"
            "             set-it \"$key\" \"$value\" && nameplate report "
            "\"$key=$value\"\n"
            "           done\n",
};

static void print_line(const char *text)
{
    (void)puts(text);
}

/* Takes `event`; *told is what was told last. */
static int print_event(
    const struct options *o, struct json *event, struct json **told)
{
    const char *name = json_text(json_get(event, "ev"));
    struct json *wanted;
    enum err e;

    if (o->json || name == NULL || strcmp(name, "desired") != 0) {
        int status = o->json && name != NULL ? speak_json(o, event) : EX_OK;

        json_free(event);
        return status;
    }
    wanted = json_detach(event, "state");
    json_free(event);
    e = assign_changes(wanted, *told, print_line);
    json_free(*told);
    *told = wanted;
    return e == ERR_OK ? speak_end(o) : speak_no_memory(o);
}

/* Until the agent says something.  False: nobody reads what we print. */
static bool wait_for_event(const struct call *call)
{
    struct pollfd fds[2] = {
        {.fd = call_descriptor(call), .events = POLLIN},
        {.fd = STDOUT_FILENO,         .events = 0     },
    };

    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return fds[1].revents == 0;
}

/* One connection's life: EX_UNAVAILABLE when the agent is gone. */
static int follow(
    const struct options *o, struct call *call, struct json **told)
{
    int status;
    struct json *event = call_ask(call, call_request("watch"), &status);

    if (event == NULL)
        return status;
    json_free(event);
    while (status == EX_OK) {
        enum err e = call_next(call, 0, &event);

        if (e == ERR_OK)
            status = print_event(o, event, told);
        else if (e != ERR_AGAIN)
            return EX_UNAVAILABLE;
        else if (!wait_for_event(call))
            return EX_IOERR;
    }
    return status;
}

/* Wait until somebody answers at the socket again. */
static void wait_for_agent(const struct options *o)
{
    const struct timespec pause = {AGAIN_S, 0};
    int fd;

    (void)fprintf(stderr,
        "nameplate: watch: the agent is gone; waiting for it to come back\n");
    for (;;) {
        (void)nanosleep(&pause, NULL);
        if (address_connect(o->socket, &fd) == ERR_OK) {
            (void)close(fd);
            return;
        }
    }
}

int verb_watch(int argc, char **argv)
{
    struct options o;
    struct call *call;
    struct json *told = NULL;
    int status = options_read(&page, argc, argv, &o);

    if (status != OPTIONS_GO)
        return status;
    call = call_open(&o, &status);
    while (call != NULL) {
        status = follow(&o, call, &told);
        call_close(call);
        call = NULL;
        if (status == EX_UNAVAILABLE) {
            wait_for_agent(&o);
            call = call_open(&o, &status);
        }
    }
    json_free(told);
    return status;
}
