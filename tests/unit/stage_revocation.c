/* stage_revocation URL FILE [TRUST]: keeps a revocation list fresh, as the
 * agent does, with mbedTLS alone as its judge.
 *
 * Commands on standard input, a line each; each is answered by "done":
 *   ask        ask now
 *   status     say how it stands, in a line that begins with "status"
 *   distrust   refuse whatever comes from now on
 * On standard output also "use LEN" and "refuse LEN", as the judge says. */

#define _GNU_SOURCE /* timegm */

#include <fcntl.h>
#include <inttypes.h>
#include <mbedtls/x509_crl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cloud/http.h"
#include "cloud/revocation.h"

#define DAY_MS  86400000
#define IDLE_MS 5

struct stage {
    struct loop *loop;
    struct revocation *revocation;
    bool distrusts;
    char input[100];
    size_t len;
};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    (void)putchar('\n');
    (void)fflush(stdout);
}

static int64_t seconds(const mbedtls_x509_time *t)
{
    struct tm tm = {.tm_year = t->year - 1900,
        .tm_mon = t->mon - 1,
        .tm_mday = t->day,
        .tm_hour = t->hour,
        .tm_min = t->min,
        .tm_sec = t->sec};

    return t->year == 0 ? 0 : timegm(&tm);
}

/* The clock that goes on in sleep, while the loop's timers do not (--wrap). */
static int64_t slept_ms;

int64_t __real_port_monotonic_ms(void);
int64_t __wrap_port_monotonic_ms(void);

int64_t __wrap_port_monotonic_ms(void)
{
    return __real_port_monotonic_ms() + slept_ms;
}

static enum err use(
    void *context, const void *bytes, size_t len, struct revocation_dates *out)
{
    const struct stage *s = context;
    mbedtls_x509_crl crl;
    enum err e = ERR_INVALID;

    mbedtls_x509_crl_init(&crl);
    /* PEM is counted with its NUL. */
    if (!s->distrusts &&
        (mbedtls_x509_crl_parse_der(&crl, bytes, len) == 0 ||
            mbedtls_x509_crl_parse(&crl, bytes, len + 1) == 0)) {
        out->this_update_s = seconds(&crl.this_update);
        out->next_update_s = seconds(&crl.next_update);
        e = ERR_OK;
    }
    mbedtls_x509_crl_free(&crl);
    say("%s %zu", e == ERR_OK ? "use" : "refuse", len);
    return e;
}

static void say_status(struct stage *s)
{
    struct revocation_status st = revocation_status(s->revocation);

    say("status this=%" PRId64 " next=%" PRId64 " succeeded=%" PRId64
        " failed=%" PRId64 " wait=%" PRIu64 " why=%s detail=%s",
        st.dates.this_update_s, st.dates.next_update_s, st.succeeded_s,
        st.failed_s, st.next_ms, st.why, st.detail);
}

static void obey(struct stage *s, const char *command)
{
    if (strcmp(command, "ask") == 0)
        revocation_ask(s->revocation);
    else if (strcmp(command, "sleep") == 0)
        slept_ms += 2 * DAY_MS;
    else if (strcmp(command, "look") == 0)
        revocation_look(s->revocation);
    else if (strcmp(command, "status") == 0)
        say_status(s);
    else if (strcmp(command, "distrust") == 0)
        s->distrusts = true;
    say("done");
}

static void on_input(void *context, unsigned events)
{
    struct stage *s = context;
    char c;

    (void)events;
    if (read(STDIN_FILENO, &c, 1) != 1) {
        loop_stop(s->loop);
        return;
    }
    if (c != '\n' && s->len < sizeof(s->input) - 1) {
        s->input[s->len++] = c;
        return;
    }
    s->input[s->len] = '\0';
    s->len = 0;
    obey(s, s->input);
}

static void on_idle(void *context)
{
    struct stage *s = context;

    if (http_threads() == 0 ||
        loop_timer_start(s->loop, IDLE_MS, on_idle, s) == NULL)
        loop_stop(s->loop);
}

int main(int argc, char **argv)
{
    struct stage s = {.loop = loop_new()};
    const struct trust_options anchors = {.anchors = argc > 3 ? argv[3] : NULL};
    struct trust *trust = NULL;
    struct loop_watch *input;
    struct revocation_options options = {
        .loop = s.loop, .interval_ms = DAY_MS, .use = use, .context = &s};

    if (argc < 3 || (argc > 3 && trust_load(&anchors, &trust) != ERR_OK))
        return 64;
    options.url = argv[1];
    options.path = argv[2];
    options.trust = trust;
    if (revocation_start(&options, &s.revocation) != ERR_OK)
        return 71;
    (void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    input = loop_watch_start(s.loop, STDIN_FILENO, LOOP_READABLE, on_input, &s);
    loop_run(s.loop);
    loop_watch_stop(input);
    revocation_free(s.revocation);
    on_idle(&s);
    loop_run(s.loop);
    trust_free(trust);
    loop_free(s.loop);
    return 0;
}
