/* paho_openssl.c - the peer: QoS 1 by Paho over OpenSSL, and nothing kept.
 *
 * paho_openssl PORT CA CHAIN KEY ID TOPIC BYTES
 *
 * Connects to localhost and says "connected".  For each line on stdin, a
 * number, publishes as many messages of BYTES bytes with at most WINDOW
 * unanswered, and says "done" after the last PUBACK. */

#include <MQTTAsync.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 100 /* as the agent's MQTT_WINDOW */

static sem_t connected, window;

static void on_connected(void *context, MQTTAsync_successData5 *data)
{
    (void)context;
    (void)data;
    sem_post(&connected);
}

static void on_puback(void *context, MQTTAsync_successData5 *data)
{
    (void)context;
    (void)data;
    sem_post(&window);
}

static void on_failure(void *context, MQTTAsync_failureData5 *data)
{
    fprintf(stderr, "paho_openssl: %s failed code=%d %s\n",
        (const char *)context, data->code,
        data->message != NULL ? data->message : "");
    exit(1);
}

static void start(MQTTAsync client, char **argv)
{
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_SSLOptions ssl = MQTTAsync_SSLOptions_initializer;

    ssl.trustStore = argv[2];
    ssl.keyStore = argv[3];
    ssl.privateKey = argv[4];
    ssl.enableServerCertAuth = 1;
    ssl.verify = 1;
    connect.ssl = &ssl;
    connect.keepAliveInterval = 60;
    connect.maxInflight = WINDOW;
    connect.onSuccess5 = on_connected;
    connect.onFailure5 = on_failure;
    connect.context = (void *)(size_t) "connect";
    if (MQTTAsync_connect(client, &connect) != MQTTASYNC_SUCCESS)
        exit(1);
    sem_wait(&connected);
    puts("connected");
}

static void publish(MQTTAsync client, const char *topic, char *bytes, int len)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    MQTTAsync_message message = MQTTAsync_message_initializer;

    message.payload = bytes;
    message.payloadlen = len;
    message.qos = 1;
    options.onSuccess5 = on_puback;
    options.onFailure5 = on_failure;
    options.context = (void *)(size_t) "publish";
    sem_wait(&window);
    if (MQTTAsync_sendMessage(client, topic, &message, &options) !=
        MQTTASYNC_SUCCESS)
        exit(1);
}

int main(int argc, char **argv)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    MQTTAsync client;
    char uri[64], line[16], *bytes;
    int len;

    if (argc != 8)
        return 64;
    len = atoi(argv[7]);
    bytes = malloc((size_t)len);
    memset(bytes, 'x', (size_t)len);
    setvbuf(stdout, NULL, _IOLBF, 0);
    sem_init(&connected, 0, 0);
    sem_init(&window, 0, WINDOW);
    snprintf(uri, sizeof(uri), "ssl://localhost:%s", argv[1]);
    if (MQTTAsync_createWithOptions(&client, uri, argv[5],
            MQTTCLIENT_PERSISTENCE_NONE, NULL, &create) != MQTTASYNC_SUCCESS)
        return 1;
    start(client, argv);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        for (int i = atoi(line); i > 0; i--)
            publish(client, argv[6], bytes, len);
        for (int i = 0; i < WINDOW; i++)
            sem_wait(&window);
        for (int i = 0; i < WINDOW; i++)
            sem_post(&window);
        puts("done");
    }
    return 0;
}
