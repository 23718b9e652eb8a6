/* verdict.c - when both ends have something to say, MQTT's word counts only if
 * TLS stood: before that no byte of MQTT was sent. */

#include "cloud/verdict.h"

#include <stdio.h>
#include <string.h>

#define SHORT_LIVES   3
#define SHUTTING_DOWN 0x8b /* MQTT 5 section 2.4 */

static struct verdict say(const char *why, const char *what, const char *act)
{
    struct verdict v = {.why = why};

    (void)snprintf(v.detail, sizeof(v.detail), "%s; %s", what, act);
    return v;
}

/* MQTT 5 section 2.4. */
static const char *busy_words(int code)
{
    switch (code) {
    case 0x89:
        return "is busy";
    case 0x96:
        return "finds that this device sends too fast";
    case 0x97:
        return "says that a quota is used up";
    case 0x9f:
        return "finds that this device connects too often";
    default:
        return "is not available";
    }
}

/* What the broker cannot do for us. */
static struct verdict from_limits(const struct verdict_evidence *e)
{
    struct verdict v;

    if (e->mqtt->reason == MQTT_ELSEWHERE)
        return say("redirect", "the broker sends this device to another one",
            "see the log");
    if (e->mqtt->reason == MQTT_NO_PUBACK)
        return say("no_puback",
            "the broker did not acknowledge a message in time",
            "it is sent again; does the broker discard what is too much?");
    if (e->mqtt->reason == MQTT_NO_RETAIN) {
        v = say("mqtt", "the broker keeps no retained messages",
            "trying again without them");
        v.no_retain = true;
        return v;
    }
    v = say("mqtt", "the broker takes QoS 0 only, which confirms nothing",
        "nothing is sent, for it could be lost; it must take QoS 1");
    v.slow = true;
    return v;
}

static struct verdict from_mqtt(const struct verdict_evidence *e)
{
    char what[80];
    struct verdict v;

    switch (e->mqtt->reason) {
    case MQTT_BAD_VERSION:
        v = say("mqtt", "the broker refuses this MQTT version",
            "3.1.1 is tried next unless [cloud] protocol forbids it");
        v.wants_3_1_1 = true;
        return v;
    case MQTT_BAD_CLIENT_ID:
        return say("mqtt", "the broker refuses the thing name as client id",
            "it must allow ids of up to 128 bytes");
    case MQTT_BUSY:
        (void)snprintf(what, sizeof(what), "the broker %s (MQTT reason %d)",
            busy_words(e->mqtt->code), e->mqtt->code);
        v = say("busy", what, "waiting longer");
        v.slow = true;
        return v;
    case MQTT_NOT_AUTHORISED:
        return say("policy", "the broker does not authorise this device",
            "is its certificate registered, active, and allowed to connect?");
    case MQTT_TAKEN_OVER:
        v = say("duplicate",
            "another client connected with this device's thing name",
            "find the copy of this certificate; waiting longer, not fighting");
        v.slow = true;
        return v;
    case MQTT_ELSEWHERE:
    case MQTT_NO_RETAIN:
    case MQTT_NO_QOS_1:
    case MQTT_NO_PUBACK:
        return from_limits(e);
    case MQTT_KICKED:
        (void)snprintf(what, sizeof(what),
            "the broker ended the connection (MQTT reason %d)", e->mqtt->code);
        v = say("kicked", what, "see the broker's log");
        v.shuts_down = e->mqtt->code == SHUTTING_DOWN;
        return v;
    case MQTT_REFUSED:
        (void)snprintf(what, sizeof(what),
            "the broker refused the connection (MQTT reason %d)",
            e->mqtt->code);
        return say("mqtt", what, "see the broker's log");
    case MQTT_CLOSED:
    case MQTT_LOST:
        break;
    }
    return (struct verdict){.why = NULL};
}

static struct verdict from_link(const struct verdict_evidence *e)
{
    struct verdict v;

    switch (e->link->reason) {
    case LINK_INTERFACE:
        return say("interface", e->link->detail,
            "is the cable in, the radio on, an address there? It is tried "
            "again as soon as the network changes");
    case LINK_DNS:
        return say("dns", e->link->detail,
            "is the network up, and [cloud] endpoint right?");
    case LINK_TCP:
        return say(
            "tcp", e->link->detail, "is a firewall or the broker in the way?");
    case LINK_PROXY:
        return say("proxy", e->link->detail,
            "is [network] proxy right, and does it let this device through?");
    case LINK_TLS:
        return say("tls", e->link->detail, "is it the broker's TLS port?");
    case LINK_WEBSOCKET:
        return say("websocket", e->link->detail,
            "is [cloud] transport right for this broker and port?");
    case LINK_CLOCK:
        return say("clock", e->link->detail, "it is tried again by itself");
    case LINK_CERTIFICATE:
        return say(
            "certificate", e->link->detail, "nothing was sent to this server");
    case LINK_REFUSED:
        return say("refused", e->link->detail,
            "is this device's vendor CA known there, the device not revoked?");
    case LINK_KEY:
        return say("key", e->link->detail,
            "nothing is sent without it; it is looked for again by itself");
    case LINK_LOCAL:
        return say("local", e->link->detail, "see the log");
    case LINK_CLOSED:
    case LINK_LOST:
        break;
    }
    v = say("lost", e->link->detail, "connecting again");
    v.hung_up = e->was_up && !e->greeted;
    return v;
}

struct verdict verdict_of(const struct verdict_evidence *evidence)
{
    if (evidence->was_up && evidence->mqtt != NULL) {
        struct verdict v = from_mqtt(evidence);

        if (v.why != NULL)
            return v;
    }
    return from_link(evidence);
}

void verdict_note_short_lives(struct verdict *verdict, unsigned count)
{
    char *advice = strrchr(verdict->detail, ';');

    if (count < SHORT_LIVES || advice == NULL ||
        strcmp(verdict->why, "lost") != 0)
        return;
    (void)snprintf(advice,
        sizeof(verdict->detail) - (size_t)(advice - verdict->detail),
        "; again and again, soon after connecting: does another device use "
        "this certificate, or a policy of the broker end it?");
}

void verdict_note_trial(struct verdict *verdict)
{
    if (strcmp(verdict->why, "duplicate") != 0 &&
        strcmp(verdict->why, "lost") != 0)
        return;
    *verdict = (struct verdict){.why = "moving",
        .detail = "the broker takes this device's other identity"};
}
