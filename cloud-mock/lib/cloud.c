/* cloud.c - takes the parts together; decides nothing but who is asked. */

#include "cloud-mock/lib/cloud.h"

#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/jobs.h"
#include "cloud-mock/lib/policy.h"
#include "cloud-mock/lib/provisioning.h"
#include "cloud-mock/lib/rates.h"
#include "cloud-mock/lib/registry.h"
#include "cloud-mock/lib/request.h"
#include "cloud-mock/lib/shadow.h"
#include "cloud-mock/lib/subscriptions.h"
#include "core/log.h"

struct cloud {
    bool strict;
    struct store *store;
    struct sender *sender;
    struct registry *registry;
    struct presence *presence;
    struct shadows *shadows;
    struct jobs *jobs;
    struct subscriptions *subscriptions;
    struct rates *rates;
    struct enrolment *enrolment; /* NULL: there is no operational CA */
    struct claims *claims;
    bool claims_take_over;
};

static bool is_thing(const char *client)
{
    return strchr(client, ':') != NULL;
}

/* May a client without privileges do it? */
static bool allows(
    const char *client, enum policy_action action, const char *topic)
{
    return claims_is_id(client) ? policy_allows_claim(action, topic)
                                : policy_allows(client, action, topic);
}

static bool is_privileged(const char *client)
{
    return !is_thing(client) && !claims_is_id(client);
}

static enum err open_enrolment(
    struct cloud *cloud, const struct cloud_options *options)
{
    const struct enrolment_services services = {
        cloud->store, cloud->sender, cloud->registry};

    enum err e = claims_open(
        &options->claims, cloud->store, cloud->sender, &cloud->claims);

    if (e != ERR_OK || options->enrolment.folder == NULL)
        return e;
    cloud->claims_take_over = options->claims_take_over;
    return enrolment_open(&options->enrolment, &services, &cloud->enrolment);
}

static enum err open_parts(struct cloud *cloud,
    const struct cloud_options *options, const struct seam *seam)
{
    const struct registry_options registry = {options->authorities,
        options->authority_count, options->drop_first, options->pending};
    enum err e = store_open(options->database, &cloud->store);

    if (e != ERR_OK)
        return e;
    cloud->sender = sender_new(seam);
    cloud->subscriptions = subscriptions_new();
    cloud->rates = rates_new(options->rates);
    if (cloud->sender == NULL || cloud->subscriptions == NULL ||
        cloud->rates == NULL)
        return ERR_NO_MEMORY;
    e = registry_open(&registry, cloud->store, cloud->sender, &cloud->registry);
    if (e != ERR_OK)
        return e;
    cloud->presence = presence_new(cloud->store, cloud->sender);
    cloud->shadows = shadows_new(cloud->store, cloud->sender, cloud->rates);
    cloud->jobs = jobs_new(cloud->store, cloud->sender, cloud->rates);
    if (cloud->presence == NULL || cloud->shadows == NULL ||
        cloud->jobs == NULL)
        return ERR_NO_MEMORY;
    return open_enrolment(cloud, options);
}

enum err cloud_open(const struct cloud_options *options,
    const struct seam *seam, struct cloud **out)
{
    struct cloud *cloud = calloc(1, sizeof(*cloud));
    enum err e;

    if (cloud == NULL)
        return ERR_NO_MEMORY;
    cloud->strict = options->strict;
    e = open_parts(cloud, options, seam);
    if (e != ERR_OK)
        cloud_close(cloud);
    else
        *out = cloud;
    return e;
}

void cloud_close(struct cloud *cloud)
{
    if (cloud == NULL)
        return;
    enrolment_close(cloud->enrolment);
    claims_close(cloud->claims);
    jobs_free(cloud->jobs);
    shadows_free(cloud->shadows);
    presence_free(cloud->presence);
    registry_close(cloud->registry);
    rates_free(cloud->rates);
    subscriptions_free(cloud->subscriptions);
    sender_free(cloud->sender);
    store_close(cloud->store);
    free(cloud);
}

enum err cloud_reload(struct cloud *cloud)
{
    enum err e = registry_reload(cloud->registry);

    return e == ERR_OK ? claims_reload(cloud->claims) : e;
}

static enum cloud_welcome connect_privileged(const char *client)
{
    if (!is_thing(client) && !claims_is_id(client))
        return CLOUD_WELCOME;
    log_warning("cloud",
        "refused privileged client=%s why=\"its id is a"
        " thing's or a claim's\"",
        client);
    return CLOUD_REFUSE;
}

/* Who is looked at again, after a reload, does not come. */
static bool comes_too_soon(
    struct cloud *cloud, const struct cloud_connection *connection)
{
    return !presence_has(
               cloud->presence, connection->client, connection->connection) &&
        !rates_connect(
            cloud->rates, connection->client, sender_now_ms(cloud->sender));
}

static enum registry_answer admit(struct cloud *cloud,
    const struct registry_visitor *visitor, char id[STORE_ID_SIZE])
{
    switch (claims_admit(cloud->claims, visitor, id)) {
    case CLAIMS_WELCOME:
        return REGISTRY_WELCOME;
    case CLAIMS_REFUSED:
        return REGISTRY_REFUSED;
    case CLAIMS_NOT_ONE:
        break;
    }
    return registry_admit(cloud->registry, visitor, id);
}

static enum cloud_welcome connect_client(
    struct cloud *cloud, const struct cloud_connection *connection)
{
    const struct registry_visitor visitor = {connection->certificate,
        connection->certificate_len, connection->client};
    char id[STORE_ID_SIZE] = "";
    const struct presence_arrival arrival = {
        connection->client, id, connection->ip, connection->connection};

    switch (admit(cloud, &visitor, id)) {
    case REGISTRY_WELCOME:
        if (comes_too_soon(cloud, connection))
            return CLOUD_DROP;
        break;
    case REGISTRY_COME_AGAIN:
        (void)comes_too_soon(cloud, connection);
        return CLOUD_DROP;
    case REGISTRY_REFUSED:
        presence_refused(cloud->presence, &arrival);
        return CLOUD_REFUSE;
    }
    if (presence_arrive(cloud->presence, &arrival) != ERR_OK)
        return CLOUD_REFUSE;
    subscriptions_forget(cloud->subscriptions, connection->client);
    return CLOUD_WELCOME;
}

enum cloud_welcome cloud_connect(
    struct cloud *cloud, const struct cloud_connection *connection)
{
    return connection->privileged ? connect_privileged(connection->client)
                                  : connect_client(cloud, connection);
}

void cloud_disconnect(struct cloud *cloud, const char *client,
    const void *connection, enum presence_reason reason)
{
    presence_leave(cloud->presence, client, connection, reason);
    /* When another one took over, the claim that is there is its. */
    if (presence_certificate(cloud->presence, client) == NULL)
        claims_leave(cloud->claims, client);
}

bool cloud_will(struct cloud *cloud, const char *client, const char *topic)
{
    if (!cloud->strict || is_privileged(client) ||
        allows(client, POLICY_PUBLISH, topic) ||
        !presence_turn_away(cloud->presence, client))
        return true;
    log_warning("cloud",
        "refused client=%s why=\"it may not publish its will\" topic=%s",
        client, topic);
    return false;
}

bool cloud_has_rates(const struct cloud *cloud)
{
    return rates_are_on(cloud->rates);
}

/* A message to or from a client that is there; what is kept for one that is
 * away, checked on its return, and its will do not count. */
static bool is_one_too_many(
    struct cloud *cloud, const struct cloud_access *access)
{
    return rates_are_on(cloud->rates) &&
        presence_is_here(cloud->presence, access->client) &&
        !rates_message(
            cloud->rates, access->client, sender_now_ms(cloud->sender));
}

/* AWS closes a connection that publishes what it may not; MQTT 5 has a reason
 * code in the PUBACK for it. */
static enum verdict deny_publish(
    const struct cloud *cloud, const struct cloud_access *access)
{
    bool can_say_so = access->mqtt_version >= 5 && access->qos > 0;

    return cloud->strict && !can_say_so ? VERDICT_CLOSE_UNAUTHORISED
                                        : VERDICT_REFUSE;
}

/* AWS discards and does not acknowledge; a broker that cannot do both has to
 * close the connection instead, and the client sends again. */
static enum verdict may_publish(
    struct cloud *cloud, const struct cloud_access *access)
{
    if (is_one_too_many(cloud, access))
        return access->qos > 0 ? VERDICT_CLOSE_THROTTLED : VERDICT_REFUSE;
    if (cloud->strict) {
        enum verdict verdict = limits_payload(access->len);

        if (verdict == VERDICT_ALLOW)
            verdict = limits_topic(access->topic);
        if (verdict == VERDICT_ALLOW && access->retain &&
            access->topic[0] == '$')
            verdict = VERDICT_REFUSE;
        if (verdict != VERDICT_ALLOW)
            return verdict;
    }
    return allows(access->client, POLICY_PUBLISH, access->topic)
        ? VERDICT_ALLOW
        : deny_publish(cloud, access);
}

static enum verdict may_subscribe(
    struct cloud *cloud, const struct cloud_access *access)
{
    if (cloud->strict &&
        !subscriptions_in_packet(
            cloud->subscriptions, access->client, !access->further))
        return VERDICT_REFUSE;
    if (!allows(access->client, POLICY_SUBSCRIBE, access->topic))
        return VERDICT_REFUSE;
    if (cloud->strict) {
        enum verdict verdict = limits_topic(access->topic);

        if (verdict != VERDICT_ALLOW)
            return verdict;
        if (!subscriptions_add(
                cloud->subscriptions, access->client, access->topic))
            return VERDICT_CLOSE_ERROR;
    }
    presence_subscribed(cloud->presence, access->client, access->topic, true);
    return VERDICT_ALLOW;
}

enum verdict cloud_may(struct cloud *cloud, const struct cloud_access *access)
{
    if (is_privileged(access->client))
        return VERDICT_ALLOW;
    switch (access->action) {
    case CLOUD_PUBLISH:
        return may_publish(cloud, access);
    case CLOUD_SUBSCRIBE:
        return may_subscribe(cloud, access);
    case CLOUD_UNSUBSCRIBE:
        subscriptions_remove(
            cloud->subscriptions, access->client, access->topic);
        presence_subscribed(
            cloud->presence, access->client, access->topic, false);
        return VERDICT_ALLOW;
    case CLOUD_RECEIVE:
        return allows(access->client, POLICY_RECEIVE, access->topic) &&
                !is_one_too_many(cloud, access)
            ? VERDICT_ALLOW
            : VERDICT_REFUSE;
    }
    return VERDICT_REFUSE;
}

/* A claim asks, or a device by the certificate it is connected with. */
static void provision(struct cloud *cloud, const struct cloud_message *message)
{
    const struct provisioning services = {cloud->store, cloud->sender,
        cloud->registry, cloud->enrolment, cloud->claims_take_over};
    struct provisioning_requester requester = {.client = message->client,
        .certificate = presence_certificate(cloud->presence, message->client)};
    struct store_thing thing;

    if (requester.certificate == NULL || is_privileged(message->client))
        return;
    if (claims_is_id(message->client))
        requester.claim = claims_find(cloud->claims, message->client);
    else if (store_get_thing(cloud->store, message->client, &thing) == ERR_OK)
        requester.thing = &thing;
    if (requester.claim != NULL || requester.thing != NULL)
        provisioning_handle(&services, &requester, message);
}

void cloud_message(struct cloud *cloud, const struct cloud_message *message)
{
    const struct request_services services = {.store = cloud->store,
        .sender = cloud->sender,
        .registry = cloud->registry,
        .presence = cloud->presence,
        .shadows = cloud->shadows,
        .enrolment = cloud->enrolment,
        .claims = cloud->claims,
        .strict = &cloud->strict,
        .rates = cloud->rates};
    struct topic_shadow topic;
    struct topic_jobs jobs;

    if (message->topic[0] != '$')
        return;
    if (provisioning_is_topic(message->topic))
        provision(cloud, message);
    else if (topic_read_shadow(message->topic, &topic))
        shadows_request(cloud->shadows, &topic, message->payload, message->len);
    else if (topic_read_jobs(message->topic, &jobs))
        jobs_request(cloud->jobs, &jobs, message);
    else if (is_privileged(message->client))
        request_handle(&services, message);
}

void cloud_tick(struct cloud *cloud)
{
    presence_tick(cloud->presence);
    if (cloud->enrolment != NULL)
        enrolment_tick(cloud->enrolment);
    jobs_tick(cloud->jobs);
    sender_tick(cloud->sender);
}
