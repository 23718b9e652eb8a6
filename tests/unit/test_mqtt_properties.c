/* What goes into a PUBLISH's properties and size, and what a broker's say. */

#include <stdio.h>
#include <string.h>

#include "cloud/mqtt_inside.h"
#include "cloud/mqtt_properties.h"
#include "cmocka_all.h"

/* MQTT 5 section 3.3: head, size, topic, identifier, properties, payload. */
static void the_size_of_a_packet_is_what_the_standard_counts(void **state)
{
    static const struct {
        size_t payload;
        int properties;
        size_t packet;
    } rows[] = {
        {0,       0,   1 + 1 + 3 + 2 + 1          },
        {121,     0,   1 + 1 + 3 + 2 + 1 + 121    },
        {122,     0,   1 + 2 + 3 + 2 + 1 + 122    },
        {16377,   0,   1 + 2 + 3 + 2 + 1 + 16377  },
        {16378,   0,   1 + 3 + 3 + 2 + 1 + 16378  },
        {2097145, 0,   1 + 3 + 3 + 2 + 1 + 2097145},
        {2097146, 0,   1 + 4 + 3 + 2 + 1 + 2097146},
        {0,       127, 1 + 2 + 3 + 2 + 1 + 127    },
        {0,       128, 1 + 2 + 3 + 2 + 2 + 128    },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct mqtt_message message = {
            .topic = "t", .len = rows[i].payload};

        assert_int_equal(mqtt_properties_packet(&message, rows[i].properties),
            rows[i].packet);
    }
}

static void the_properties_of_a_message_have_the_length_they_say(void **state)
{
    const struct mqtt_tag tag = {"id", "9f3a61c2-17"};
    const struct mqtt_message message = {
        .topic = "t", .expiry_s = 7, .tags = &tag, .tag_count = 1};
    MQTTProperty room[MQTT_PROPERTIES];
    MQTTProperties all = mqtt_properties_of(&message, room);
    int bytes = 0;

    (void)state;
    for (int i = 0; i < all.count; i++)
        bytes += all.array[i].identifier == MQTTPROPERTY_CODE_USER_PROPERTY
            ? 1 + 2 + 2 + 2 + 11
            : 1 + 4;
    assert_int_equal(all.count, 2);
    assert_int_equal(all.length, bytes);
}

/* By hand: Paho's own functions keep accounts that only its start clears. */
static void add(
    MQTTProperties *all, enum MQTTPropertyCodes code, unsigned value)
{
    MQTTProperty *p = &all->array[all->count++];

    *p = (MQTTProperty){.identifier = code};
    if (code == MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)
        p->value.integer2 = (unsigned short)value;
    else if (code == MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE)
        p->value.integer4 = value;
    else
        p->value.byte = (unsigned char)value;
}

static void a_broker_that_names_no_limits_has_the_usual_ones(void **state)
{
    MQTTProperties none = MQTTProperties_initializer;
    struct mqtt_limits limits = mqtt_properties_limits(&none);

    (void)state;
    assert_int_equal(limits.window, MQTT_WINDOW);
    assert_int_equal(limits.packet_bytes, 0);
    assert_false(limits.no_retain);
    assert_false(limits.no_qos_1);
}

static void a_brokers_limits_are_read_and_ours_are_never_exceeded(void **state)
{
    MQTTProperty room[4];
    MQTTProperties all = {.array = room};
    struct mqtt_limits limits;

    (void)state;
    add(&all, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, 65535);
    add(&all, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, UINT32_MAX);
    add(&all, MQTTPROPERTY_CODE_RETAIN_AVAILABLE, 0);
    add(&all, MQTTPROPERTY_CODE_MAXIMUM_QOS, 0);
    limits = mqtt_properties_limits(&all);
    assert_int_equal(limits.window, MQTT_WINDOW);
    assert_int_equal(limits.packet_bytes, UINT32_MAX);
    assert_true(limits.no_retain);
    assert_true(limits.no_qos_1);
    all.count = 0;
    add(&all, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, 1);
    add(&all, MQTTPROPERTY_CODE_MAXIMUM_QOS, 1);
    limits = mqtt_properties_limits(&all);
    assert_int_equal(limits.window, 1);
    assert_false(limits.no_qos_1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_size_of_a_packet_is_what_the_standard_counts),
        cmocka_unit_test(the_properties_of_a_message_have_the_length_they_say),
        cmocka_unit_test(a_broker_that_names_no_limits_has_the_usual_ones),
        cmocka_unit_test(a_brokers_limits_are_read_and_ours_are_never_exceeded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
