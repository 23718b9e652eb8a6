/* link_proxy.c - how a link gets through its proxy.  What the proxy sends is
 * read no further than it must be: behind its last word only the server
 * speaks, and a TLS server says nothing before it was spoken to. */

#include <errno.h>
#include <mbedtls/base64.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cloud/link_inside.h"
#include "cloud/socks.h"

#define BASIC_BYTES (((2 * PROXY_SECRET + 1) / 3 + 1) * 4 + 1)

/* At most `len` bytes, at least one.  ERR_NOT_FOUND: the proxy hung up. */
static enum err hear(struct link *link, void *bytes, size_t len, size_t *got)
{
    for (;;) {
        ssize_t n = recv(link->socket, bytes, len, 0);
        enum err e;

        if (n > 0) {
            *got = (size_t)n;
            link_count_in(link, (size_t)n);
            return ERR_OK;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return ERR_NOT_FOUND;
        e = link_wait_for_socket(link, POLLIN);
        if (e != ERR_OK)
            return e;
    }
}

static enum err say(struct link *link, const void *bytes, size_t len)
{
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(
            link->socket, (const char *)bytes + sent, len - sent, MSG_NOSIGNAL);
        enum err e = ERR_OK;

        if (n >= 0) {
            sent += (size_t)n;
            link_count_out(link, (size_t)n);
        } else if (errno == EAGAIN || errno == EINTR)
            e = link_wait_for_socket(link, POLLOUT);
        else
            e = ERR_NOT_FOUND;
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* --- HTTP CONNECT -------------------------------------------------------- */

static size_t basic_of(const struct proxy *proxy, char out[BASIC_BYTES])
{
    char both[2 * PROXY_SECRET + 2];
    size_t len = 0;
    int n = snprintf(both, sizeof(both), "%s:%s", proxy->user, proxy->password);

    if (mbedtls_base64_encode((unsigned char *)out, BASIC_BYTES, &len,
            (const unsigned char *)both, (size_t)n) != 0)
        len = 0;
    explicit_bzero(both, sizeof(both));
    return len;
}

static enum err ask_for_tunnel(struct link *link)
{
    const struct proxy *proxy = link->options.proxy;
    char request[PROXY_REQUEST], basic[BASIC_BYTES];
    bool has_user = proxy->user[0] != '\0';
    size_t len;
    enum err e;

    if (has_user && basic_of(proxy, basic) == 0)
        return ERR_TOO_BIG;
    len = proxy_connect(link_broker(link), has_user ? basic : NULL, request);
    e = say(link, request, len);
    explicit_bzero(request, sizeof(request));
    explicit_bzero(basic, sizeof(basic));
    return e;
}

static enum err hear_answer(
    struct link *link, char bytes[HEAD_MOST], struct head *head)
{
    size_t len = 0, got;

    for (;;) {
        enum err e = hear(link, bytes + len, HEAD_MOST - len, &got);

        if (e != ERR_OK)
            return e;
        len += got;
        e = head_parse(bytes, len, head);
        if (e == ERR_OK && head->status < 300 && head->len < len)
            return ERR_INVALID;
        if (e != ERR_AGAIN)
            return e;
    }
}

static enum err tunnel(struct link *link, char *why, size_t why_size)
{
    char bytes[HEAD_MOST];
    struct head head;
    enum err e = ask_for_tunnel(link);

    if (e == ERR_OK)
        e = hear_answer(link, bytes, &head);
    if (e == ERR_INVALID || e == ERR_TOO_BIG)
        (void)snprintf(why, why_size, "it does not answer as an HTTP proxy");
    if (e == ERR_OK &&
        proxy_refuses(
            &head, link->options.proxy->user[0] != '\0', why, why_size))
        return ERR_INVALID;
    return e;
}

/* --- SOCKS5 -------------------------------------------------------------- */

static enum err socks(struct link *link, char *why, size_t why_size)
{
    struct socks s;
    unsigned char bytes[sizeof(s.in)];
    size_t got;
    enum err e = ERR_OK;

    socks_begin(&s, link->options.proxy, link_broker(link));
    while (e == ERR_OK && s.step != SOCKS_OPEN) {
        e = say(link, s.out, s.out_len);
        s.out_len = 0;
        if (e == ERR_OK)
            e = hear(link, bytes, s.want, &got);
        if (e == ERR_OK && socks_hear(&s, bytes, got) != ERR_OK) {
            (void)snprintf(why, why_size, "%s", s.why);
            e = ERR_INVALID;
        }
    }
    explicit_bzero(&s, sizeof(s));
    return e;
}

enum err link_pass_proxy(struct link *link)
{
    const struct proxy *proxy = link->options.proxy;
    char why[200] = "", name[PROXY_TEXT];
    enum err e = proxy->kind == PROXY_HTTP ? tunnel(link, why, sizeof(why))
                                           : socks(link, why, sizeof(why));

    if (e == ERR_OK || e == ERR_DENIED)
        return e;
    if (e == ERR_AGAIN)
        (void)snprintf(why, sizeof(why), "it does not answer in time");
    else if (e == ERR_NOT_FOUND)
        (void)snprintf(why, sizeof(why), "it hung up");
    proxy_print(proxy, name);
    link_because(link, LINK_PROXY, "the proxy %s, asked for %s port %u: %s",
        name, link_broker(link)->host, link_broker(link)->port,
        why[0] != '\0' ? why : err_name(e));
    return ERR_INVALID;
}
