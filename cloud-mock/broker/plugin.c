/* plugin.c - Mosquitto's events in the cloud's words, and back.
 *
 * Traps of Mosquitto 2.0 this file is built around:
 * - There is no event for a completed CONNECT.  BASIC_AUTH comes just before
 *   it is completed, TICK at the end of the same turn of the broker's loop;
 *   lib/presence makes "connected" of the two.
 * - On SIGHUP, RELOAD comes, then BASIC_AUTH for every client known, offline
 *   ones included; those have no certificate to show.  Who has no user name is
 *   thrown out when anonymous clients are not allowed: so we give names.
 * - A refused client has no will, so whoever asks for an access was welcome,
 *   and its id is the one that was checked.  The will of a client that is gone
 *   is checked after its DISCONNECT.
 * - What is published here leaves at the next turn, to one client also when it
 *   has no subscription. */

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/broker/door.h"
#include "cloud-mock/broker/options.h"
#include "cloud-mock/broker/overheard.h"
#include "cloud-mock/lib/cloud.h"
#include "core/log.h"
#include "ports/port.h"

#define ANSWER_QOS 1

struct broker {
    struct options options;
    struct cloud *cloud;
    struct overheard *overheard;
    struct door *door;
    bool reloading; /* between RELOAD and the next TICK */
    bool welcomed;  /* somebody, since the last TICK */
};

/* --- the cloud asks the broker -------------------------------------------- */

static int64_t now_ms(void *context)
{
    (void)context;
    return port_wall_ms();
}

static enum err make_random(void *context, void *bytes, size_t len)
{
    (void)context;
    return port_random(bytes, len);
}

static void publish(void *context, const struct seam_message *message)
{
    int rc = mosquitto_broker_publish_copy(message->to, message->topic,
        (int)message->len, message->payload, ANSWER_QOS, false, NULL);

    (void)context;
    if (rc != MOSQ_ERR_SUCCESS)
        log_error("broker", "not published topic=%s mosquitto=%d",
            message->topic, rc);
}

static void kick(void *context, const char *client)
{
    (void)context;
    /* It may just be gone; the cloud finds that out by itself. */
    (void)mosquitto_kick_client_by_clientid(client, true);
}

/* --- the broker asks the cloud -------------------------------------------- */

static int translate_welcome(enum cloud_welcome welcome)
{
    switch (welcome) {
    case CLOUD_WELCOME:
        return MOSQ_ERR_SUCCESS;
    case CLOUD_DROP: /* not MOSQ_ERR_AUTH: no CONNACK is sent */
        return MOSQ_ERR_CONN_REFUSED;
    case CLOUD_REFUSE:
        return MOSQ_ERR_AUTH;
    }
    return MOSQ_ERR_AUTH;
}

static bool is_privileged(const struct broker *broker,
    const struct mosquitto *client, const X509 *certificate)
{
    const char *address = mosquitto_client_address(client);

    return certificate == NULL && address != NULL &&
        strcmp(address, broker->options.socket) == 0;
}

static int welcome(struct broker *broker, struct mosquitto *client,
    const struct cloud_connection *connection)
{
    int rc = translate_welcome(cloud_connect(broker->cloud, connection));

    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_set_username(client, connection->client);
    if (rc == MOSQ_ERR_SUCCESS)
        broker->welcomed = true;
    return rc;
}

static int authenticate(
    struct broker *broker, struct mosquitto *client, const X509 *certificate)
{
    struct cloud_connection connection = {
        .client = mosquitto_client_id(client),
        .ip = mosquitto_client_address(client),
        .connection = client,
        .privileged = is_privileged(broker, client, certificate),
    };
    unsigned char *der = NULL;
    int len = 0, rc;

    if (connection.client == NULL)
        return MOSQ_ERR_AUTH;
    if (connection.ip == NULL)
        connection.ip = "";
    if (certificate == NULL && !connection.privileged)
        return broker->reloading ? MOSQ_ERR_SUCCESS : MOSQ_ERR_AUTH;
    if (certificate != NULL) {
        len = i2d_X509(certificate, &der);
        if (len < 0)
            return MOSQ_ERR_AUTH;
    }
    connection.certificate = der;
    connection.certificate_len = (size_t)len;
    rc = welcome(broker, client, &connection);
    OPENSSL_free(der);
    return rc;
}

static int on_basic_auth(int event, void *data, void *context)
{
    struct mosquitto_evt_basic_auth *auth = data;
    X509 *certificate = mosquitto_client_certificate(auth->client);
    int rc = authenticate(context, auth->client, certificate);

    (void)event;
    X509_free(certificate);
    return rc;
}

static int translate_verdict(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_ALLOW:
        return MOSQ_ERR_SUCCESS;
    case VERDICT_REFUSE:
        return MOSQ_ERR_ACL_DENIED;
    case VERDICT_CLOSE_UNAUTHORISED:
        return MOSQ_ERR_AUTH;
    case VERDICT_CLOSE_ERROR:
        return MOSQ_ERR_PROTOCOL;
    case VERDICT_CLOSE_TOO_BIG:
        return MOSQ_ERR_PAYLOAD_SIZE;
    case VERDICT_CLOSE_THROTTLED: /* as reason.c reads it */
        return MOSQ_ERR_CONN_REFUSED;
    }
    return MOSQ_ERR_ACL_DENIED;
}

static enum cloud_action translate_access(int access)
{
    switch (access) {
    case MOSQ_ACL_WRITE:
        return CLOUD_PUBLISH;
    case MOSQ_ACL_SUBSCRIBE:
        return CLOUD_SUBSCRIBE;
    case MOSQ_ACL_UNSUBSCRIBE:
        return CLOUD_UNSUBSCRIBE;
    default:
        return CLOUD_RECEIVE;
    }
}

static int on_acl_check(int event, void *data, void *context)
{
    struct broker *broker = context;
    struct mosquitto_evt_acl_check *check = data;
    struct cloud_access access = {
        .client = mosquitto_client_id(check->client),
        .action = translate_access(check->access),
        .topic = check->topic,
        .len = check->payloadlen,
        .qos = check->qos,
        .retain = check->retain,
        .mqtt_version = mosquitto_client_protocol_version(check->client),
    };

    (void)event;
    if (access.client == NULL)
        return MOSQ_ERR_ACL_DENIED;
    if (access.action == CLOUD_SUBSCRIBE)
        access.further =
            overheard_further_filter(broker->overheard, access.client);
    return translate_verdict(cloud_may(broker->cloud, &access));
}

static int on_message(int event, void *data, void *context)
{
    struct broker *broker = context;
    struct mosquitto_evt_message *message = data;
    const struct cloud_message told = {mosquitto_client_id(message->client),
        message->topic, message->payload, message->payloadlen};

    (void)event;
    cloud_message(broker->cloud, &told);
    return MOSQ_ERR_SUCCESS;
}

static int on_disconnect(int event, void *data, void *context)
{
    struct broker *broker = context;
    struct mosquitto_evt_disconnect *gone = data;
    const char *client = mosquitto_client_id(gone->client);

    (void)event;
    if (client != NULL)
        cloud_disconnect(broker->cloud, client, gone->client,
            overheard_reason(broker->overheard, client));
    return MOSQ_ERR_SUCCESS;
}

static int on_reload(int event, void *data, void *context)
{
    struct broker *broker = context;

    (void)event;
    (void)data;
    broker->reloading = true;
    overheard_reopen(broker->overheard);
    if (cloud_reload(broker->cloud) != ERR_OK)
        log_warning("broker", "the registered CAs stay as they were");
    return MOSQ_ERR_SUCCESS;
}

static int on_tick(int event, void *data, void *context)
{
    struct broker *broker = context;

    (void)event;
    (void)data;
    broker->reloading = false;
    if (broker->welcomed)
        (void)overheard_wills(broker->overheard);
    broker->welcomed = false;
    cloud_tick(broker->cloud);
    overheard_tick(broker->overheard);
    door_rest(broker->door);
    return MOSQ_ERR_SUCCESS;
}

/* --- life ----------------------------------------------------------------- */

static void broker_free(struct broker *broker)
{
    if (broker == NULL)
        return;
    door_close(broker->door);
    overheard_free(broker->overheard);
    cloud_close(broker->cloud);
    options_free(&broker->options);
    free(broker);
}

/* A will is in the log before the CONNACK is written: it can be kept back. */
static bool may_write(void *context)
{
    struct broker *broker = context;

    return !broker->welcomed || overheard_wills(broker->overheard);
}

static enum err open_ears(struct broker *broker)
{
    const struct door_options door = {
        broker->cloud, broker->options.sni_required, may_write, broker};

    broker->overheard = overheard_new(broker->options.log_file, broker->cloud);
    broker->door = door_open(&door);
    return broker->overheard == NULL || broker->door == NULL ? ERR_NO_MEMORY
                                                             : ERR_OK;
}

static enum err broker_open(
    const struct mosquitto_opt *given, size_t count, struct broker **out)
{
    struct broker *broker = calloc(1, sizeof(*broker));
    const struct seam seam = {broker, now_ms, make_random, publish, kick};
    struct cloud_options options;
    enum err e;

    if (broker == NULL)
        return ERR_NO_MEMORY;
    e = options_read(given, count, &broker->options);
    if (e != ERR_OK)
        goto free_broker;
    options = (struct cloud_options){
        .database = broker->options.database,
        .authorities = broker->options.authorities,
        .authority_count = broker->options.authority_count,
        .strict = broker->options.strict,
        .drop_first = broker->options.drop_first,
        .rates = broker->options.rates,
        .pending = broker->options.pending,
        .enrolment = {broker->options.operational,
                      broker->options.operational_life_s                      },
        .claims = {broker->options.claims,      broker->options.claim_count},
        .claims_take_over = broker->options.claims_take_over,
    };
    e = cloud_open(&options, &seam, &broker->cloud);
    if (e == ERR_OK)
        e = open_ears(broker);
    if (e != ERR_OK)
        goto free_broker;
    *out = broker;
    return ERR_OK;

free_broker:
    broker_free(broker);
    return e;
}

static int register_callbacks(mosquitto_plugin_id_t *id, struct broker *broker)
{
    const struct {
        int event;
        MOSQ_FUNC_generic_callback callback;
    } wanted[] = {
        {MOSQ_EVT_RELOAD,     on_reload    },
        {MOSQ_EVT_BASIC_AUTH, on_basic_auth},
        {MOSQ_EVT_ACL_CHECK,  on_acl_check },
        {MOSQ_EVT_MESSAGE,    on_message   },
        {MOSQ_EVT_DISCONNECT, on_disconnect},
        {MOSQ_EVT_TICK,       on_tick      },
    };
    int rc = MOSQ_ERR_SUCCESS;

    for (size_t i = 0;
         i < sizeof(wanted) / sizeof(wanted[0]) && rc == MOSQ_ERR_SUCCESS; i++)
        rc = mosquitto_callback_register(
            id, wanted[i].event, wanted[i].callback, NULL, broker);
    return rc;
}

int mosquitto_plugin_version(
    int supported_version_count, const int *supported_versions)
{
    for (int i = 0; i < supported_version_count; i++)
        if (supported_versions[i] == MOSQ_PLUGIN_VERSION)
            return MOSQ_PLUGIN_VERSION;
    return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **userdata,
    struct mosquitto_opt *options, int option_count)
{
    struct broker *broker;
    int rc;

    if (broker_open(options, (size_t)option_count, &broker) != ERR_OK)
        return MOSQ_ERR_INVAL;
    rc = register_callbacks(identifier, broker);
    if (rc == MOSQ_ERR_SUCCESS)
        *userdata = broker;
    else
        broker_free(broker);
    return rc;
}

int mosquitto_plugin_cleanup(
    void *userdata, struct mosquitto_opt *options, int option_count)
{
    (void)options;
    (void)option_count;
    broker_free(userdata);
    return MOSQ_ERR_SUCCESS;
}
