/* Whose word is the verdict when the two halves of a connection end at
 * different times.  Both halves are the test's. */

#include "cloud/connection.h"

#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "core/log.h"
#include "loop_wait.h"

#define LATE_MS 700 /* longer than the last word of a link that was up */

/* --- a link and an MQTT client that do what they are told ------------------
 */

struct link {
    struct link_events events;
};

struct mqtt {
    struct mqtt_events events;
};

static struct link the_link;
static struct mqtt the_client;

enum err link_start(struct loop *loop, const struct link_options *options,
    const struct link_events *events, struct link **out)
{
    (void)loop;
    (void)options;
    the_link.events = *events;
    *out = &the_link;
    return ERR_OK;
}

void link_stop(struct link *link)
{
    link->events.context = NULL;
}

uint16_t link_port(const struct link *link)
{
    (void)link;
    return 1;
}

struct link_route link_route(const struct link *link)
{
    (void)link;
    return (struct link_route){.broker = 0};
}

void link_settled(struct link *link, uint16_t server_keep_alive_s)
{
    (void)link;
    (void)server_keep_alive_s;
}

void link_look_again(struct link *link, bool must_probe)
{
    (void)link;
    (void)must_probe;
}

struct link_bytes link_bytes(const struct link *link)
{
    (void)link;
    return (struct link_bytes){.in = 0};
}

const unsigned char *link_first_bytes(const struct link *link, size_t *len)
{
    (void)link;
    *len = 0;
    return NULL;
}

uint32_t link_patience_ms(const struct link_options *options)
{
    (void)options;
    return 20000;
}

enum err mqtt_start(struct mqtt_room *room, const struct mqtt_options *options,
    const struct mqtt_events *events, struct mqtt **out)
{
    (void)room;
    (void)options;
    the_client.events = *events;
    *out = &the_client;
    return ERR_OK;
}

enum err mqtt_subscribe(struct mqtt *mqtt, char *const *filters, size_t count)
{
    (void)mqtt;
    (void)filters;
    (void)count;
    return ERR_OK;
}

uint16_t mqtt_server_keep_alive_s(const struct mqtt *mqtt)
{
    (void)mqtt;
    return 0;
}

void mqtt_disconnect(struct mqtt *mqtt)
{
    (void)mqtt;
}

void mqtt_close(struct mqtt *mqtt)
{
    (void)mqtt;
}

void mqtt_free(struct mqtt *mqtt)
{
    (void)mqtt;
}

/* --- a connection ----------------------------------------------------------
 */

struct world {
    struct loop *loop;
    struct connection *connection;
    int ends;
    char why[40], detail[480];
};

static void on_connected(void *context, bool session_present)
{
    (void)context;
    (void)session_present;
}

static void on_ended(void *context, const struct verdict *verdict)
{
    struct world *w = context;

    w->ends++;
    (void)snprintf(w->why, sizeof(w->why), "%s", verdict->why);
    (void)snprintf(w->detail, sizeof(w->detail), "%s", verdict->detail);
}

static int set_up(void **state)
{
    static struct world w;
    const struct connection_events events = {
        .connected = on_connected, .ended = on_ended, .context = &w};
    struct connection_options options = {.loop = NULL};

    log_set_level(LOG_LEVEL_ERROR);
    w = (struct world){.loop = loop_new()};
    *state = &w;
    options.loop = w.loop;
    return connection_start(&options, &events, &w.connection) != ERR_OK;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    connection_free(w->connection);
    loop_free(w->loop);
    return 0;
}

static void link_ends(enum link_reason reason, const char *detail)
{
    the_link.events.down(
        the_link.events.context, &(struct link_end){reason, detail});
}

static void client_ends(void)
{
    the_client.events.ended(
        the_client.events.context, &(struct mqtt_end){MQTT_LOST, 0, NULL});
}

static void a_link_that_never_was_up_has_the_last_word_however_late(
    void **state)
{
    struct world *w = *state;

    client_ends(); /* its door was shut */
    loop_wait(w->loop, LATE_MS);
    assert_int_equal(w->ends, 0);
    link_ends(LINK_CERTIFICATE, "untrusted: nobody knows the CA");
    assert_int_equal(w->ends, 1);
    assert_string_equal(w->why, "certificate");
    assert_non_null(strstr(w->detail, "nobody knows the CA"));
}

static void a_link_that_was_up_is_not_waited_for_long(void **state)
{
    struct world *w = *state;

    the_link.events.up(the_link.events.context);
    the_client.events.connected(the_client.events.context, false);
    client_ends();
    assert_int_equal(w->ends, 0); /* it may know better */
    loop_wait(w->loop, LATE_MS);
    assert_int_equal(w->ends, 1);
}

static void a_link_that_was_up_says_why_the_client_ended(void **state)
{
    struct world *w = *state;

    the_link.events.up(the_link.events.context);
    the_client.events.connected(the_client.events.context, false);
    client_ends();
    link_ends(LINK_LOST, "the server closed the connection");
    assert_int_equal(w->ends, 1);
    assert_string_equal(w->why, "lost");
    assert_non_null(strstr(w->detail, "the server closed the connection"));
}

static void a_link_that_ends_first_needs_no_word_of_the_client(void **state)
{
    struct world *w = *state;

    link_ends(LINK_TCP, "nobody answers");
    assert_int_equal(w->ends, 1);
    assert_string_equal(w->why, "tcp");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_that_never_was_up_has_the_last_word_however_late),
        TEST(a_link_that_was_up_is_not_waited_for_long),
        TEST(a_link_that_was_up_says_why_the_client_ended),
        TEST(a_link_that_ends_first_needs_no_word_of_the_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
