/* proxy.c */

#include "cloud/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/file.h"

#define FILE_BYTES 1024

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 3986 section 2.1; what would end a line or a text is refused. */
static enum err unescape(
    const char *text, size_t len, char out[PROXY_SECRET + 1])
{
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)text[i];

        if (c == '%') {
            int high = i + 2 < len ? hex(text[i + 1]) : -1;
            int low = high >= 0 ? hex(text[i + 2]) : -1;

            if (low < 0)
                return ERR_INVALID;
            c = high * 16 + low;
            i += 2;
        }
        if (c < ' ' || c == 127 || used == PROXY_SECRET)
            return ERR_INVALID;
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return ERR_OK;
}

static enum err read_user(const char *text, size_t len, struct proxy *out)
{
    const char *colon = memchr(text, ':', len);
    size_t user = colon != NULL ? (size_t)(colon - text) : len;
    enum err e = unescape(text, user, out->user);

    if (e == ERR_OK && colon != NULL)
        e = unescape(colon + 1, len - user - 1, out->password);
    if (out->user[0] == '\0')
        return ERR_INVALID;
    /* RFC 7617 section 2 */
    if (out->kind == PROXY_HTTP && strchr(out->user, ':') != NULL)
        return ERR_INVALID;
    return e;
}

static const struct {
    enum proxy_kind kind;
    const char *scheme;
} schemes[] = {
    {PROXY_HTTP,   "http://"   },
    {PROXY_SOCKS5, "socks5h://"},
};
#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

enum err proxy_parse(const char *text, struct proxy *out)
{
    struct proxy proxy = {.kind = PROXY_HTTP};
    const char *rest = NULL, *at;
    enum err e = ERR_OK;

    for (size_t i = 0; i < SCHEMES && rest == NULL; i++)
        if (strncasecmp(text, schemes[i].scheme, strlen(schemes[i].scheme)) ==
            0) {
            proxy.kind = schemes[i].kind;
            rest = text + strlen(schemes[i].scheme);
        }
    if (rest == NULL)
        return ERR_INVALID;
    at = strrchr(rest, '@');
    if (at != NULL) {
        e = read_user(rest, (size_t)(at - rest), &proxy);
        rest = at + 1;
    }
    if (e == ERR_OK)
        e = broker_parse(rest, strlen(rest), 0, &proxy.place);
    if (e == ERR_OK)
        *out = proxy;
    proxy_wipe(&proxy);
    return e;
}

enum err proxy_read_password(struct proxy *proxy, const char *path)
{
    char *bytes = NULL;
    size_t len;
    enum err e = file_read(path, FILE_BYTES, &bytes, &len);
    size_t line;

    if (e != ERR_OK)
        return e;
    line = strcspn(bytes, "\r\n");
    if (line == 0 || line > PROXY_SECRET || strlen(bytes) != len)
        e = ERR_INVALID;
    else
        (void)snprintf(
            proxy->password, sizeof(proxy->password), "%.*s", (int)line, bytes);
    explicit_bzero(bytes, len);
    free(bytes);
    return e;
}

void proxy_print(const struct proxy *proxy, char out[PROXY_TEXT])
{
    const char *scheme =
        proxy->kind == PROXY_HTTP ? schemes[0].scheme : schemes[1].scheme;
    size_t len = strlen(scheme);

    memcpy(out, scheme, len + 1);
    broker_print(&proxy->place, 0, out + len);
}

void proxy_wipe(struct proxy *proxy)
{
    explicit_bzero(proxy, sizeof(*proxy));
}

size_t proxy_connect(
    const struct broker *to, const char *basic, char out[PROXY_REQUEST])
{
    char place[BROKERS_PLACE];

    broker_print(to, 0, place);
    return (size_t)snprintf(out, PROXY_REQUEST,
        "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", place, place,
        basic != NULL ? "Proxy-Authorization: Basic " : "",
        basic != NULL ? basic : "", basic != NULL ? "\r\n" : "");
}

bool proxy_refuses(
    const struct head *answer, bool had_user, char *why, size_t why_size)
{
    if (answer->status >= 200 && answer->status < 300)
        return false;
    if (answer->status == 407)
        (void)snprintf(why, why_size, "%s (407)",
            had_user ? "it does not accept this user and password"
                     : "it wants a user and a password");
    else
        (void)snprintf(why, why_size, "it answers with status %d %.*s",
            answer->status,
            (int)(answer->reason.len < 80 ? answer->reason.len : 80),
            answer->reason.bytes);
    return true;
}
