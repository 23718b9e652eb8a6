/* forgetful.c - the agent that forgets a message when it is sent, not when the
 * broker has it: the twin that must be caught. */

#include "cloud/mqtt.h"
#include "cloud/outbox.h"

static uint64_t sent; /* the last one; 0: none since */

bool __real_outbox_take(struct outbox *ob, struct outbox_message *out);
bool __wrap_outbox_take(struct outbox *ob, struct outbox_message *out);
enum err __real_mqtt_publish(
    struct mqtt *mqtt, uint64_t token, const struct mqtt_message *message);
enum err __wrap_mqtt_publish(
    struct mqtt *mqtt, uint64_t token, const struct mqtt_message *message);

/* By now nobody uses the loan of the last one. */
bool __wrap_outbox_take(struct outbox *ob, struct outbox_message *out)
{
    if (sent != 0)
        outbox_forget(ob, sent);
    sent = 0;
    return __real_outbox_take(ob, out);
}

enum err __wrap_mqtt_publish(
    struct mqtt *mqtt, uint64_t token, const struct mqtt_message *message)
{
    enum err e = __real_mqtt_publish(mqtt, token, message);

    if (e == ERR_OK && message->tag_count > 0)
        sent = token;
    return e;
}
