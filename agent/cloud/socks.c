/* socks.c */

#include "cloud/socks.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    VERSION = 5,
    LOGIN_VERSION = 1,
    CONNECT = 1,
    NO_LOGIN = 0,
    PASSWORD = 2,
    NOTHING_SUITS = 0xff,
    IPV4 = 1,
    NAME = 3,
    IPV6 = 4,
    REPLY_BYTES = 5, /* enough to know how long the rest is */
};

static enum err refuse(struct socks *s, const char *words, unsigned code)
{
    (void)snprintf(s->why, sizeof(s->why), "%s (SOCKS5: %u)", words, code);
    s->want = s->out_len = 0;
    return ERR_DENIED;
}

static void expect(struct socks *s, enum socks_step step, size_t want)
{
    s->step = step;
    s->want = want;
}

static void say(struct socks *s, const void *bytes, size_t len)
{
    memcpy(s->out + s->out_len, bytes, len);
    s->out_len += len;
}

static void say_byte(struct socks *s, size_t byte)
{
    s->out[s->out_len++] = (unsigned char)byte;
}

static void say_text(struct socks *s, const char *text)
{
    say_byte(s, strlen(text));
    say(s, text, strlen(text));
}

static void ask_for_connection(struct socks *s)
{
    const char *host = s->to->host;
    unsigned char address[16];

    say(s, (unsigned char[]){VERSION, CONNECT, 0}, 3);
    if (inet_pton(AF_INET, host, address) == 1) {
        say_byte(s, IPV4);
        say(s, address, 4);
    } else if (inet_pton(AF_INET6, host, address) == 1) {
        say_byte(s, IPV6);
        say(s, address, 16);
    } else {
        say_byte(s, NAME);
        say_text(s, host);
    }
    say_byte(s, s->to->port >> 8);
    say_byte(s, s->to->port & 0xff);
    expect(s, SOCKS_REPLY, REPLY_BYTES);
}

static void log_in(struct socks *s)
{
    say_byte(s, LOGIN_VERSION);
    say_text(s, s->proxy->user);
    say_text(s, s->proxy->password);
    expect(s, SOCKS_LOGIN, 2);
}

void socks_begin(
    struct socks *s, const struct proxy *proxy, const struct broker *to)
{
    bool has_user = proxy->user[0] != '\0';

    *s = (struct socks){.proxy = proxy, .to = to};
    say_byte(s, VERSION);
    say_byte(s, has_user ? 2 : 1);
    say_byte(s, NO_LOGIN);
    if (has_user)
        say_byte(s, PASSWORD);
    expect(s, SOCKS_METHOD, 2);
}

static enum err hear_method(struct socks *s)
{
    bool has_user = s->proxy->user[0] != '\0';

    if (s->in[1] == NO_LOGIN)
        ask_for_connection(s);
    else if (s->in[1] == PASSWORD && has_user)
        log_in(s);
    else if (s->in[1] == NOTHING_SUITS)
        return refuse(s,
            has_user ? "it takes no user and password"
                     : "it wants a user and a password, or lets nobody in",
            s->in[1]);
    else
        return refuse(s, "it wants what was not offered", s->in[1]);
    return ERR_OK;
}

static enum err hear_login(struct socks *s)
{
    if (s->in[0] != LOGIN_VERSION || s->in[1] != 0)
        return refuse(s, "it does not accept this user and password", s->in[1]);
    ask_for_connection(s);
    return ERR_OK;
}

static const char *reply_words(unsigned code)
{
    static const char *const words[] = {"", "it failed",
        "its rules do not allow that server", "it has no way to that network",
        "it finds no such host, or no way to it",
        "the server refused its connection", "the way was too long",
        "it does not connect for others", "it does not take such an address"};

    return code < sizeof(words) / sizeof(words[0]) ? words[code] : "it refuses";
}

static enum err hear_reply(struct socks *s)
{
    size_t whole = 4 + 2; /* with the port */

    if (s->in[1] != 0)
        return refuse(s, reply_words(s->in[1]), s->in[1]);
    switch (s->in[3]) {
    case IPV4:
        whole += 4;
        break;
    case IPV6:
        whole += 16;
        break;
    case NAME:
        whole += 1 + (size_t)s->in[4];
        break;
    default:
        return refuse(s, "it answers with an unknown address", s->in[3]);
    }
    expect(s, SOCKS_BOUND, whole - REPLY_BYTES);
    return ERR_OK;
}

static enum err hear_all(struct socks *s)
{
    switch (s->step) {
    case SOCKS_METHOD:
        return hear_method(s);
    case SOCKS_LOGIN:
        return hear_login(s);
    case SOCKS_REPLY:
        return hear_reply(s);
    case SOCKS_BOUND:
        expect(s, SOCKS_OPEN, 0);
        break;
    case SOCKS_OPEN:
        break;
    }
    return ERR_OK;
}

enum err socks_hear(struct socks *s, const unsigned char *bytes, size_t len)
{
    size_t room = sizeof(s->in) - s->have;
    size_t kept =
        len < room ? len : room; /* what it is bound to is no matter */

    if (s->have == 0 && len > 0 && s->step != SOCKS_LOGIN &&
        s->step != SOCKS_BOUND && bytes[0] != VERSION)
        return refuse(s, "it does not speak SOCKS5", bytes[0]);
    memcpy(s->in + s->have, bytes, kept);
    s->have += kept;
    s->want -= len < s->want ? len : s->want;
    s->out_len = 0;
    if (s->want > 0)
        return ERR_OK;
    s->have = 0;
    return hear_all(s);
}
