/* enrolment_names.c */

#include "device/enrolment_names.h"

#include <stdio.h>
#include <string.h>

#include "ports/port.h"

#define PROVISION "$aws/provisioning-templates/%s/provision/json"
#define ENDING    20 /* room for what follows a topic */

enum err enrolment_names_client(const char *prefix, char out[32])
{
    unsigned char random[8];
    int len = snprintf(out, 32 - 2 * sizeof(random), "%s", prefix);

    if (port_random(random, sizeof(random)) != ERR_OK)
        return ERR_IO;
    for (size_t i = 0; i < sizeof(random); i++)
        len += snprintf(out + len, 3, "%02x", random[i]);
    return ERR_OK;
}

enum err enrolment_names_make(const char *template, struct enrolment_names *out)
{
    int len =
        snprintf(out->provision, sizeof(out->provision), PROVISION, template);

    if (len > FLEET_TOPIC - ENDING)
        return ERR_TOO_BIG;
    for (size_t i = 0; i < 4; i++)
        (void)snprintf(out->filters[i], FLEET_TOPIC, "%.230s/%s",
            i < FLEET_DONE ? FLEET_CREATE : out->provision,
            i % 2 == 0 ? "accepted" : "rejected");
    return enrolment_names_client("claim-", out->client);
}

bool enrolment_names_is_policy(const char *why, bool was_in)
{
    return strcmp(why, "policy") == 0 || strcmp(why, "no_suback") == 0 ||
        (was_in && (strcmp(why, "lost") == 0 || strcmp(why, "kicked") == 0));
}

void enrolment_names_advise(
    const char *template, const char *what, char *out, size_t size)
{
    (void)snprintf(out, size,
        "%s; the policy of the claim certificate must allow iot:Connect on "
        "client/claim-*; iot:Publish and iot:Receive on "
        "topic/$aws/certificates/create-from-csr/* and "
        "topic/$aws/provisioning-templates/%s/provision/*; iot:Subscribe on "
        "topicfilter/ with the same (docs/enrolment.md)",
        what, template);
}
