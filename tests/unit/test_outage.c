/* What is remembered of a time without a connection. */

#include "cloud/outage.h"

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

static void note(
    struct outage *o, const char *why, const char *detail, int64_t now_ms)
{
    struct verdict v = {.why = why};

    (void)snprintf(v.detail, sizeof(v.detail), "%s", detail);
    outage_note(o, &v, now_ms);
}

static void without_an_outage_there_is_nothing_to_tell(void **state)
{
    struct outage o = {.from_ms = 0};

    outage_end(&o, 5);

    (void)state;
    assert_null(outage_json(&o));
    note(&o, "dns", "none", 5);
    assert_null(outage_json(&o)); /* it is not over */
}

static void reasons_come_in_their_order_and_once(void **state)
{
    struct outage o = {.from_ms = 0};
    struct json *json;
    char *text;

    (void)state;
    note(&o, "lost", "the broker hung up", 1000);
    note(&o, "dns", "no \"name\" server", 2000);
    note(&o, "dns", "still none", 3000);
    note(&o, "lost", "again", 4000);
    outage_end(&o, 9000);
    json = outage_json(&o);
    text = json_print(json);
    assert_string_equal(text,
        "{\"from\":1000,\"to\":9000,\"why\":[\"lost\",\"dns\"],\"tries\":3,"
        "\"detail\":\"again\"}");
    free(text);
    json_free(json);
}

static void another_outage_takes_the_place_of_one_that_is_over(void **state)
{
    struct outage o = {.from_ms = 0};

    (void)state;
    note(&o, "lost", "x", 1000);
    note(&o, "dns", "x", 2000);
    outage_end(&o, 3000);
    note(&o, "tcp", "y", 4000);
    assert_int_equal(o.from_ms, 4000);
    assert_int_equal(o.to_ms, 0);
    assert_int_equal(o.count, 1);
    assert_int_equal(o.tries, 0);
    assert_string_equal(o.why[0], "tcp");
}

static void only_so_many_reasons_are_kept(void **state)
{
    static const char *const words[] = {"lost", "dns", "tcp", "tls", "clock"};
    struct outage o = {.from_ms = 0};

    (void)state;
    for (int i = 0; i < 5; i++)
        note(&o, words[i], "x", 1 + i);
    assert_int_equal(o.count, OUTAGE_REASONS);
    assert_int_equal(o.tries, 4);
    assert_string_equal(o.why[3], "tls");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_outage_there_is_nothing_to_tell),
        cmocka_unit_test(reasons_come_in_their_order_and_once),
        cmocka_unit_test(another_outage_takes_the_place_of_one_that_is_over),
        cmocka_unit_test(only_so_many_reasons_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
