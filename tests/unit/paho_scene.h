/* paho_scene.h - one connection of Paho's, to a broker that the test plays in a
 * thread of its own. */
#ifndef PAHO_SCENE_H
#define PAHO_SCENE_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cloud/mqtt.h"
#include "cmocka_all.h"
#include "core/loop.h"

struct paho_scene {
    struct loop *loop;
    struct mqtt_room *room;
    struct mqtt *mqtt;
    int listener; /* of the broker */
    bool is_served;
    pthread_t broker;
};

/* What a broker says: yes, with nothing kept; and "x" on the topic "t". */
static const unsigned char paho_scene_connack[] = {0x20, 3, 0, 0, 0};
static const unsigned char paho_scene_publish[] = {0x30, 5, 0, 1, 't', 0, 'x'};

static inline void paho_scene_published(
    void *context, uint64_t token, bool accepted)
{
    (void)context;
    (void)token;
    (void)accepted;
}

static inline void paho_scene_subscribed(void *context, bool accepted)
{
    (void)context;
    (void)accepted;
}

static inline void paho_scene_message(
    void *context, const struct mqtt_message *message)
{
    (void)context;
    (void)message;
}

/* A listener, at a port of loopback that the kernel chooses. */
static inline int paho_scene_listen(int backlog, struct sockaddr_in *address)
{
    socklen_t size = sizeof(*address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)address, size), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &size), 0);
    return fd;
}

/* Paho connects; `serve` (NULL: nobody) is the broker and gets the context of
 * the events. */
static inline void paho_scene_start(struct paho_scene *s, void *serve(void *),
    const struct mqtt_events *events, uint16_t keep_alive_s)
{
    struct sockaddr_in address;
    struct mqtt_options options = {
        .client_id = "test",
        .version_5 = true,
        .keep_alive_s = keep_alive_s,
        .timeout_ms = 5000,
        .puback_ms = 60000,
        .will = {.topic = "will", .payload = "gone", .len = 4}
    };

    s->listener = paho_scene_listen(1, &address);
    options.port = ntohs(address.sin_port);
    s->is_served = serve != NULL;
    if (s->is_served)
        assert_int_equal(
            pthread_create(&s->broker, NULL, serve, events->context), 0);
    s->loop = loop_new();
    assert_int_equal(mqtt_room_new(s->loop, &s->room), ERR_OK);
    assert_int_equal(mqtt_start(s->room, &options, events, &s->mqtt), ERR_OK);
}

static inline void paho_scene_end(struct paho_scene *s)
{
    mqtt_free(s->mqtt);
    mqtt_room_free(s->room);
    loop_free(s->loop);
    if (s->is_served)
        pthread_join(s->broker, NULL);
    close(s->listener);
}

#endif
