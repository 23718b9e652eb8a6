/* server.c */

#include "local/server.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "local/address.h"
#include "local/answer.h"
#include "local/peer.h"
#include "ports/port.h"

#define MODULE      "local"
#define GROUP_BYTES 65536 /* a group with its members */
#define RECOVERY_MS 1000  /* out of descriptors: try again after this */

struct server {
    struct loop *loop;
    struct conversation_sources sources;
    char *path;
    gid_t gid;
    struct address address;
    struct loop_watch *watch;
    struct loop_timer *recovery;
    struct peer *peers[SERVER_PEERS];
    size_t count;
};

static void on_ended(void *context, struct peer *peer)
{
    struct server *s = context;

    for (size_t i = 0; i < s->count; i++)
        if (s->peers[i] == peer) {
            s->peers[i] = s->peers[--s->count];
            break;
        }
    peer_free(peer);
}

static void on_state(void *context, bool online, bool session_present)
{
    struct server *s = context;

    (void)session_present;
    for (size_t i = 0; i < s->count; i++)
        peer_tell_online(s->peers[i], online);
}

/* One line, as far as it goes, and goodbye. */
static void send_away(int fd, enum err e, const char *words)
{
    struct answer a = answer_refusal(e, words);
    size_t len = 0;
    char *line = answer_line(&a, "", &len);

    if (line != NULL)
        (void)send(fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    free(line);
    (void)close(fd);
}

static bool is_privileged(uint32_t uid)
{
    return uid == 0 || uid == geteuid();
}

static bool may_enter(struct server *s, int fd, const struct port_peer *who)
{
    char words[200];

    if (!is_privileged(who->uid) && !port_peer_in_group(fd, s->gid)) {
        log_warning(
            MODULE, "refused uid=%u pid=%lld", who->uid, (long long)who->pid);
        (void)snprintf(words, sizeof(words),
            "uid %u may not talk to the agent; expected root, uid %u or a "
            "member of group %u ([local] group)",
            who->uid, geteuid(), s->gid);
        send_away(fd, ERR_DENIED, words);
        return false;
    }
    if (s->count >= SERVER_PEERS ||
        (!is_privileged(who->uid) &&
            s->count >= SERVER_PEERS - SERVER_RESERVED)) {
        log_warning(MODULE, "too many applications count=%zu", s->count);
        send_away(fd, ERR_AGAIN,
            "too many applications are connected; try again later");
        return false;
    }
    return true;
}

static void welcome(struct server *s, int fd)
{
    struct peer_options options = {.loop = s->loop,
        .fd = fd,
        .sources = &s->sources,
        .ended = on_ended,
        .context = s};
    struct port_peer who;

    if (port_peer(fd, &who) != ERR_OK || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        (void)close(fd);
        return;
    }
    if (!may_enter(s, fd, &who))
        return;
    options.privileged = is_privileged(who.uid);
    if (peer_start(&options, &s->peers[s->count]) != ERR_OK) {
        log_error(MODULE, "out of memory: an application was sent away");
        (void)close(fd);
        return;
    }
    s->count++;
    log_debug(MODULE, "application uid=%u pid=%lld count=%zu", who.uid,
        (long long)who.pid, s->count);
}

static void on_recovery(void *context)
{
    struct server *s = context;

    s->recovery = NULL;
    loop_watch_change(s->watch, LOOP_READABLE);
}

/* The one who knocks stays at the door, which must not keep us awake. */
static void rest(struct server *s)
{
    log_error(MODULE, "cannot accept reason=\"%s\"", strerror(errno));
    s->recovery = loop_timer_start(s->loop, RECOVERY_MS, on_recovery, s);
    if (s->recovery != NULL)
        loop_watch_change(s->watch, 0);
}

static void on_knock(void *context, unsigned events)
{
    struct server *s = context;

    (void)events;
    for (int i = 0; i < SERVER_PEERS; i++) {
        int fd = accept(s->address.fd, NULL, NULL);

        if (fd >= 0) {
            welcome(s, fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                rest(s);
            return;
        }
    }
}

static enum err find_group(const char *name, gid_t *out)
{
    struct group entry, *found = NULL;
    char names[GROUP_BYTES];

    *out = getegid();
    if (name == NULL)
        return ERR_OK;
    (void)getgrnam_r(name, &entry, names, sizeof(names), &found);
    if (found == NULL) {
        log_error(MODULE,
            "no group '%s' on this machine: make it with groupadd, or mend "
            "[local] group",
            name);
        return ERR_INVALID;
    }
    *out = entry.gr_gid;
    return ERR_OK;
}

enum err server_start(const struct server_options *options, struct server **out)
{
    struct server *s = calloc(1, sizeof(*s));
    enum err e = ERR_NO_MEMORY;

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->loop = options->loop;
    s->sources = options->sources;
    s->path = strdup(options->path);
    if (s->path == NULL)
        goto free_server;
    e = find_group(options->group, &s->gid);
    if (e != ERR_OK)
        goto free_path;
    e = address_take(s->path, s->gid, &s->address);
    if (e != ERR_OK)
        goto free_path;
    e = ERR_NO_MEMORY;
    s->watch =
        loop_watch_start(s->loop, s->address.fd, LOOP_READABLE, on_knock, s);
    if (s->watch == NULL)
        goto leave_address;
    e = session_on_state(s->sources.session, on_state, s);
    if (e != ERR_OK)
        goto stop_watch;
    log_info(MODULE, "listening path=%s gid=%u", s->path, s->gid);
    *out = s;
    return ERR_OK;

stop_watch:
    loop_watch_stop(s->watch);
leave_address:
    address_leave(s->path, &s->address);
free_path:
    free(s->path);
free_server:
    free(s);
    return e;
}

void server_stop(struct server *s)
{
    if (s == NULL)
        return;
    while (s->count > 0)
        peer_free(s->peers[--s->count]);
    loop_timer_cancel(s->recovery);
    loop_watch_stop(s->watch);
    address_leave(s->path, &s->address);
    free(s->path);
    free(s);
}
