/* mqtt_reason.c */

#include "cloud/mqtt_inside.h"

/* MQTT 5 section 2.4 and MQTT 3.1.1 section 3.2.2.3; AWS says 7 for 5. */
enum mqtt_reason mqtt_reason_of_connack(int code)
{
    switch (code) {
    case 1:
    case 0x84:
        return MQTT_BAD_VERSION;
    case 2:
    case 0x85:
        return MQTT_BAD_CLIENT_ID;
    case 3:
    case 0x88:
    case 0x89:
    case 0x97:
    case 0x9f:
        return MQTT_BUSY;
    case 4:
    case 5:
    case 7:
    case 0x86:
    case 0x87:
    case 0x8a:
        return MQTT_NOT_AUTHORISED;
    case 0x9a:
        return MQTT_NO_RETAIN;
    case 0x9b:
        return MQTT_NO_QOS_1;
    case 0x9c:
    case 0x9d:
        return MQTT_ELSEWHERE;
    default:
        return code > 0 ? MQTT_REFUSED : MQTT_LOST;
    }
}

enum mqtt_reason mqtt_reason_of_disconnect(int code)
{
    switch (code) {
    case 0x87:
        return MQTT_NOT_AUTHORISED;
    case 0x88:
    case 0x89:
    case 0x96:
    case 0x97:
    case 0x9f:
        return MQTT_BUSY;
    case 0x9a:
        return MQTT_NO_RETAIN;
    case 0x9b:
        return MQTT_NO_QOS_1;
    case 0x9c:
    case 0x9d:
        return MQTT_ELSEWHERE;
    case 0x8e:
        return MQTT_TAKEN_OVER;
    default:
        return MQTT_KICKED;
    }
}
