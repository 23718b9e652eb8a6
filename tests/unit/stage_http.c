/* stage_http NAME=VALUE...: one HTTP request of the agent, told in words.
 *
 *   url= trust= chain= key= user= password= proxy= header= (may come again)
 *   post=BODY limit= timeout= connect= stall= redirects=   as http_options
 *   cancel=MS     cancel it then; only "cancelled" is said
 *   times=N       ask N times, one after the other
 * On standard output: "KEY VALUE" lines, the last one is the body. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/http.h"
#include "core/loop.h"
#include "identity/chain.h"
#include "ports/port.h"

#define HEADERS 8
#define IDLE_MS 5

struct stage {
    struct loop *loop;
    struct http *http;
    struct http_options options;
    const char *headers[HEADERS + 1];
    const char *trust_path, *chain_path, *key_uri;
    struct trust *trust;
    unsigned long cancel_ms, times;
    uint64_t began_ms;
};

static void say(const char *key, const char *value)
{
    if (value != NULL)
        (void)printf("%s %s\n", key, value);
}

/* Wait for the threads: what they borrow is freed after. */
static void on_idle(void *context)
{
    struct stage *s = context;

    if (http_threads() == 0 ||
        loop_timer_start(s->loop, IDLE_MS, on_idle, s) == NULL)
        loop_stop(s->loop);
}

static void ask(struct stage *s);

static void on_ended(void *context, const struct http_end *end)
{
    struct stage *s = context;

    s->http = NULL;
    (void)printf("ms %llu\nreason %s\nstatus %d\nin %llu\nout %llu\nlen %zu\n",
        (unsigned long long)(loop_now_ms(s->loop) - s->began_ms),
        http_reason_name(end->reason), end->status,
        (unsigned long long)end->bytes.in, (unsigned long long)end->bytes.out,
        end->len);
    say("detail", end->detail);
    say("etag", end->etag);
    say("last_modified", end->last_modified);
    say("retry_after", end->retry_after);
    say("content_type", end->content_type);
    say("body", end->body);
    if (--s->times > 0)
        ask(s);
    else
        on_idle(s);
}

static void on_cancel(void *context)
{
    struct stage *s = context;

    http_cancel(s->http);
    s->http = NULL;
    (void)printf("cancelled\n");
    (void)fflush(stdout);
    on_idle(s);
}

static void ask(struct stage *s)
{
    const struct http_events events = {on_ended, s};
    enum err e = http_start(s->loop, &s->options, &events, &s->http);

    if (e == ERR_OK)
        return;
    (void)printf("error %s\n", err_name(e));
    on_idle(s);
}

static unsigned long number(const char *text)
{
    return strtoul(text, NULL, 10);
}

static void add_header(struct stage *s, const char *line)
{
    size_t i = 0;

    while (i < HEADERS - 1 && s->headers[i] != NULL)
        i++;
    s->headers[i] = line;
    s->options.headers = s->headers;
}

static void take_number(struct stage *s, const char *name, unsigned long value)
{
    struct http_options *o = &s->options;

    if (strcmp(name, "limit") == 0)
        o->limit_bytes = value;
    else if (strcmp(name, "timeout") == 0)
        o->timeout_ms = (uint32_t)value;
    else if (strcmp(name, "connect") == 0)
        o->connect_ms = (uint32_t)value;
    else if (strcmp(name, "stall") == 0)
        o->stall_ms = (uint32_t)value;
    else if (strcmp(name, "redirects") == 0)
        o->redirects = (unsigned)value;
    else if (strcmp(name, "cancel") == 0)
        s->cancel_ms = value;
    else if (strcmp(name, "times") == 0)
        s->times = value;
    else
        exit(64);
}

static void take(struct stage *s, const char *name, const char *value)
{
    struct http_options *o = &s->options;
    const struct {
        const char *name;
        const char **place;
    } texts[] = {
        {"url",      &o->url       },
        {"user",     &o->user      },
        {"password", &o->password  },
        {"proxy",    &o->proxy     },
        {"trust",    &s->trust_path},
        {"chain",    &s->chain_path},
        {"key",      &s->key_uri   },
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(texts[i].name, name) == 0) {
            *texts[i].place = value;
            return;
        }
    if (strcmp(name, "header") == 0) {
        add_header(s, value);
    } else if (strcmp(name, "post") == 0) {
        o->method = HTTP_POST;
        o->body = value;
        o->body_len = strlen(value);
    } else {
        take_number(s, name, number(value));
    }
}

static void open_identity(struct stage *s)
{
    const struct trust_options anchors = {.anchors = s->trust_path};

    if (s->trust_path != NULL && trust_load(&anchors, &s->trust) != ERR_OK)
        exit(66);
    if (s->chain_path != NULL &&
        chain_read_own(s->chain_path, &s->options.chain) != ERR_OK)
        exit(66);
    if (s->key_uri != NULL && key_open(s->key_uri, &s->options.key) != ERR_OK)
        exit(66);
    s->options.trust = s->trust;
}

int main(int argc, char **argv)
{
    struct stage s = {
        .loop = loop_new(),
        .options = {.limit_bytes = 100000,
                    .timeout_ms = 10000,
                    .connect_ms = 5000,
                    .stall_ms = 5000},
        .times = 1
    };

    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');

        if (equals == NULL)
            return 64;
        *equals = '\0';
        take(&s, argv[i], equals + 1);
    }
    open_identity(&s);
    s.began_ms = loop_now_ms(s.loop);
    ask(&s);
    if (s.cancel_ms > 0 &&
        loop_timer_start(s.loop, s.cancel_ms, on_cancel, &s) == NULL)
        return 71;
    loop_run(s.loop);
    trust_free(s.trust);
    chain_free(s.options.chain);
    key_free(s.options.key);
    loop_free(s.loop);
    return 0;
}
