/* The parts of HTTP that need no server: the library we build, URLs, limits,
 * and what happens when this machine is out of something. */

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cloud/http_inside.h"
#include "cmocka_all.h"
#include "loop_wait.h"
#include "ports/port.h"

/* --- what this machine can be out of ------------------------------------- */

static bool no_memory, no_thread;

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*run)(void *), void *context);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*run)(void *), void *context);

void *__wrap_realloc(void *old, size_t size)
{
    return no_memory ? NULL : __real_realloc(old, size);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*run)(void *), void *context)
{
    return no_thread ? EAGAIN
                     : __real_pthread_create(thread, attributes, run, context);
}

/* --- the library --------------------------------------------------------- */

static void the_library_speaks_http_and_websocket_over_our_tls(void **state)
{
    static const char *const spoken[] = {"http", "https", "ws", "wss", NULL};
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    size_t i;

    (void)state;
    for (i = 0; info->protocols[i] != NULL && spoken[i] != NULL; i++)
        assert_string_equal(info->protocols[i], spoken[i]);
    assert_null(info->protocols[i]);
    assert_null(spoken[i]);
    assert_non_null(strstr(info->ssl_version, "mbedTLS/3.6"));
    assert_true(info->version_num >= 0x080e00);
    assert_int_equal(info->features &
            (CURL_VERSION_LIBZ | CURL_VERSION_BROTLI | CURL_VERSION_HTTP2 |
                CURL_VERSION_IDN | CURL_VERSION_PSL | CURL_VERSION_NTLM |
                CURL_VERSION_SPNEGO | CURL_VERSION_ALTSVC | CURL_VERSION_HSTS |
                CURL_VERSION_MULTI_SSL | CURL_VERSION_UNIX_SOCKETS),
        0);
    assert_true(info->features & CURL_VERSION_ASYNCHDNS);
    assert_null(info->cainfo); /* nobody is believed without being asked for */
    assert_null(info->capath);
}

/* --- URLs ---------------------------------------------------------------- */

static void a_url_is_taken_apart_as_the_table_says(void **state)
{
    static const struct {
        const char *url;
        bool is_https;
        const char *host, *port; /* NULL: refused */
    } rows[] = {
        {"http://a.example",              false, "a.example",   "80"  },
        {"https://a.example/x?y#z",       true,  "a.example",   "443" },
        {"HTTPS://a.example:8443/",       true,  "a.example",   "8443"},
        {"https://192.0.2.1:1/",          true,  "192.0.2.1",   "1"   },
        {"https://[2001:db8::1]/",        true,  "2001:db8::1", "443" },
        {"https://0xC0000201/",           true,  "192.0.2.1",   "443" },
        {"https://user@a.example/",       true,  NULL,          NULL  },
        {"https://user:secret@a.example", true,  NULL,          NULL  },
        {"https://a.example:99999/",      true,  NULL,          NULL  },
        {"https://a b/",                  true,  NULL,          NULL  },
        {"https://[::1",                  true,  NULL,          NULL  },
        {"a.example",                     true,  NULL,          NULL  },
        {"",                              true,  NULL,          NULL  },
        {"file:///etc/passwd",            true,  NULL,          NULL  },
        {"ftp://a.example/",              true,  NULL,          NULL  },
        {"ws://a.example/",               true,  NULL,          NULL  },
        {"wss://a.example/",              true,  NULL,          NULL  },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_place place;
        enum err e = http_place_of(rows[i].url, &place);

        if ((e == ERR_OK) != (rows[i].host != NULL))
            fail_msg("%s: %s", rows[i].url, err_name(e));
        if (e != ERR_OK)
            continue;
        assert_string_equal(place.host, rows[i].host);
        assert_string_equal(place.port, rows[i].port);
        assert_int_equal(place.is_https, rows[i].is_https);
    }
}

static void a_host_name_too_long_for_us_is_refused(void **state)
{
    struct http_place place;
    char url[400] = "https://";

    (void)state;
    memset(url + 8, 'a', 255);
    assert_int_equal(http_place_of(url, &place), ERR_OK);
    memset(url + 8, 'a', 256);
    assert_int_equal(http_place_of(url, &place), ERR_INVALID);
}

static void a_url_loses_its_user_and_nothing_else(void **state)
{
    static const char *const rows[][2] = {
        {"https://u:p@a.example:1/x?y", "https://a.example:1/x?y"},
        {"https://u@a.example/",        "https://a.example/"     },
        {"http://a.example/%20",        "http://a.example/%20"   },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *bare = http_without_user(rows[i][0]);

        assert_string_equal(bare, rows[i][1]);
        free(bare);
    }
    assert_null(http_without_user("https://a b/"));
}

/* --- what a peer says ---------------------------------------------------- */

static size_t hear(struct http_answer *answer, const char *text)
{
    char line[400];

    (void)snprintf(line, sizeof(line), "%s", text);
    return http_answer_on_header(line, 1, strlen(line), answer);
}

static void headers_are_heard_as_the_table_says(void **state)
{
    static const struct {
        const char *line, *value; /* NULL: absent */
    } rows[] = {
        {"ETag: \"x\"\r\n",   "\"x\""},
        {"etag:\"x\"\r\n",    "\"x\""},
        {"ETAG: \t x y \r\n", "x y"  },
        {"ETag:\r\n",         ""     },
        {"ETag:",             ""     },
        {"ETag: a\rB: c\r\n", NULL   },
        {"ETag: a\001\r\n",   NULL   },
        {"ETag",              NULL   },
        {"ETags: x\r\n",      NULL   },
        {"X-ETag: x\r\n",     NULL   },
        {"\r\n",              NULL   },
        {"",                  NULL   },
    };
    struct http_answer answer = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        http_answer_begin(&answer, 10);
        assert_int_equal(hear(&answer, rows[i].line), strlen(rows[i].line));
        assert_int_equal(
            answer.headers[HTTP_ETAG].is_there, rows[i].value != NULL);
        if (rows[i].value != NULL)
            assert_string_equal(answer.headers[HTTP_ETAG].value, rows[i].value);
    }
    http_answer_free(&answer);
}

static void a_header_too_long_for_us_counts_as_absent(void **state)
{
    struct http_answer answer = {0};
    char line[400] = "ETag: ";

    (void)state;
    http_answer_begin(&answer, 10);
    memset(line + 6, 'x', 255);
    (void)hear(&answer, line);
    assert_true(answer.headers[HTTP_ETAG].is_there);
    memset(line + 6, 'x', 256);
    (void)hear(&answer, line);
    assert_false(answer.headers[HTTP_ETAG].is_there);
    http_answer_free(&answer);
}

static void the_headers_of_an_interim_answer_are_forgotten(void **state)
{
    struct http_answer answer = {0};

    (void)state;
    http_answer_begin(&answer, 10);
    (void)hear(&answer, "ETag: x\r\n");
    (void)hear(&answer, "HTTP/1.1 200 OK\r\n");
    assert_false(answer.headers[HTTP_ETAG].is_there);
    http_answer_free(&answer);
}

static void a_body_grows_up_to_its_limit_and_no_further(void **state)
{
    struct http_answer answer = {0};
    char bytes[1000];

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    http_answer_begin(&answer, 10000);
    for (int i = 0; i < 10; i++)
        assert_int_equal(http_answer_on_body(bytes, 1, 1000, &answer), 1000);
    assert_int_equal(answer.len, 10000);
    assert_int_equal(strlen(answer.body), 10000);
    assert_int_equal(
        http_answer_on_body(bytes, 1, 1, &answer), CURL_WRITEFUNC_ERROR);
    assert_true(answer.is_too_big);
    http_answer_free(&answer);
}

static void a_body_without_memory_is_told_apart_from_one_too_big(void **state)
{
    struct http_answer answer = {0};
    char byte = 'x';

    (void)state;
    http_answer_begin(&answer, 10);
    no_memory = true;
    assert_int_equal(
        http_answer_on_body(&byte, 1, 1, &answer), CURL_WRITEFUNC_ERROR);
    no_memory = false;
    assert_true(answer.is_out_of_memory);
    assert_false(answer.is_too_big);
    assert_int_equal(answer.len, 0);
    http_answer_free(&answer);
}

/* --- this machine -------------------------------------------------------- */

struct scene {
    struct loop *loop;
    struct http *http;
    int ended;
    enum http_reason reason;
};

static void on_ended(void *context, const struct http_end *end)
{
    struct scene *s = context;

    s->http = NULL;
    s->ended++;
    s->reason = end->reason;
}

/* Port 1 of this machine: nobody answers there. */
static enum err ask(struct scene *s)
{
    const struct http_options options = {.url = "http://127.0.0.1:1/",
        .limit_bytes = 10,
        .timeout_ms = 5000,
        .connect_ms = 5000,
        .stall_ms = 5000};

    return http_start(
        s->loop, &options, &(struct http_events){on_ended, s}, &s->http);
}

static void the_end_comes_once_and_from_the_loop(void **state)
{
    struct scene s = {.loop = loop_new()};

    (void)state;
    assert_int_equal(ask(&s), ERR_OK);
    assert_non_null(s.http);
    assert_int_equal(http_threads(), 1);
    usleep(100000); /* long enough for the thread to be done */
    assert_int_equal(s.ended, 0);
    loop_wait(s.loop, 100);
    assert_int_equal(s.ended, 1);
    assert_int_equal(s.reason, HTTP_TCP);
    assert_int_equal(http_threads(), 0);
    loop_free(s.loop);
}

static void a_cancelled_request_never_ends(void **state)
{
    struct scene s = {.loop = loop_new()};

    (void)state;
    assert_int_equal(ask(&s), ERR_OK);
    http_cancel(s.http);
    http_cancel(NULL);
    loop_wait(s.loop, 200);
    /* ... also when the end was on its way already. */
    assert_int_equal(ask(&s), ERR_OK);
    usleep(100000);
    http_cancel(s.http);
    loop_wait(s.loop, 200);
    assert_int_equal(s.ended, 0);
    assert_int_equal(http_threads(), 0);
    loop_free(s.loop);
}

static void without_a_descriptor_nothing_happens(void **state)
{
    struct scene s = {.loop = loop_new()};
    struct rlimit before, none;

    (void)state;
    assert_int_equal(ask(&s), ERR_OK); /* libcurl is up */
    loop_wait(s.loop, 100);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    s.http = NULL;
    assert_int_equal(ask(&s), ERR_IO);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_null(s.http);
    loop_wait(s.loop, 50);
    assert_int_equal(s.ended, 1);
    assert_int_equal(http_threads(), 0);
    loop_free(s.loop);
}

static void without_a_thread_nothing_happens(void **state)
{
    struct scene s = {.loop = loop_new()};

    (void)state;
    no_thread = true;
    assert_int_equal(ask(&s), ERR_IO);
    no_thread = false;
    assert_null(s.http);
    assert_int_equal(http_threads(), 0);
    loop_wait(s.loop, 50);
    assert_int_equal(s.ended, 0);
    loop_free(s.loop);
}

static void every_reason_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = HTTP_ANSWERED; i <= HTTP_LOCAL; i++)
        for (int j = HTTP_ANSWERED; j < i; j++)
            assert_string_not_equal(http_reason_name((enum http_reason)i),
                http_reason_name((enum http_reason)j));
    assert_string_equal(http_reason_name((enum http_reason)99), "unknown");
}

static void the_kernel_counts_the_bytes_of_a_connection(void **state)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), theirs;
    uint64_t in = 7, out = 7;
    char bytes[100] = {0};

    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    (void)getsockname(listener, (struct sockaddr *)&address, &len);
    assert_int_equal(connect(ours, (struct sockaddr *)&address, len), 0);
    theirs = accept(listener, NULL, NULL);
    assert_int_equal(write(ours, bytes, 100), 100);
    assert_int_equal(write(theirs, bytes, 30), 30);
    assert_int_equal(read(ours, bytes, 100), 30);
    port_tcp_bytes(ours, &in, &out);
    assert_int_equal(in, 30);
    assert_int_equal(out, 100);
    close(theirs);
    close(ours);
    close(listener);
    port_tcp_bytes(-1, &in, &out); /* cannot tell: unchanged */
    assert_int_equal(in, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_speaks_http_and_websocket_over_our_tls),
        cmocka_unit_test(a_url_is_taken_apart_as_the_table_says),
        cmocka_unit_test(a_host_name_too_long_for_us_is_refused),
        cmocka_unit_test(a_url_loses_its_user_and_nothing_else),
        cmocka_unit_test(headers_are_heard_as_the_table_says),
        cmocka_unit_test(a_header_too_long_for_us_counts_as_absent),
        cmocka_unit_test(the_headers_of_an_interim_answer_are_forgotten),
        cmocka_unit_test(a_body_grows_up_to_its_limit_and_no_further),
        cmocka_unit_test(a_body_without_memory_is_told_apart_from_one_too_big),
        cmocka_unit_test(the_end_comes_once_and_from_the_loop),
        cmocka_unit_test(a_cancelled_request_never_ends),
        cmocka_unit_test(without_a_descriptor_nothing_happens),
        cmocka_unit_test(without_a_thread_nothing_happens),
        cmocka_unit_test(every_reason_has_a_name_of_its_own),
        cmocka_unit_test(the_kernel_counts_the_bytes_of_a_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
