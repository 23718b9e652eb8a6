/* Channels: few, silent for an hour at most, each box once. */

#include "device/owner_channels.h"

#include "person.h"

struct scene {
    struct owner_channels *channels;
    struct owner_channel one;
};

static int set_up(void **state)
{
    static struct scene scene;

    memset(&scene, 0, sizeof(scene));
    scene.channels = owner_channels_new();
    *state = &scene;
    return scene.channels == NULL;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    owner_channels_free(s->channels);
    return 0;
}

static void add(struct scene *s, unsigned char number, int64_t now_ms)
{
    s->one.id[0] = number;
    s->one.key[0] = number;
    owner_channels_add(s->channels, now_ms, &s->one);
}

static struct owner_channel *find(
    struct scene *s, unsigned char number, int64_t now_ms)
{
    unsigned char id[BOX_CHANNEL] = {number};

    return owner_channels_find(s->channels, now_ms, id);
}

static void the_one_that_was_silent_longest_gives_way(void **state)
{
    struct scene *s = *state;

    for (unsigned char i = 1; i <= OWNER_CHANNELS; i++)
        add(s, i, i);
    owner_channels_heard(s->channels, 100, find(s, 1, 50));
    add(s, 100, 200);
    assert_non_null(find(s, 1, 200));
    assert_null(find(s, 2, 200));
    assert_non_null(find(s, 3, 200));
    assert_non_null(find(s, 100, 200));
}

static void an_hour_of_silence_ends_a_channel(void **state)
{
    struct scene *s = *state;

    add(s, 1, 0);
    assert_non_null(find(s, 1, OWNER_CHANNELS_MS - 1));
    owner_channels_heard(s->channels, 10, find(s, 1, 10));
    assert_non_null(find(s, 1, OWNER_CHANNELS_MS + 9));
    assert_null(find(s, 1, OWNER_CHANNELS_MS + 10));
    assert_null(find(s, 1, 20));
}

static bool is_even(void *context, const unsigned char key[P256_POINT])
{
    (void)context;
    return key[0] % 2 == 0;
}

static void count(void *context, struct owner_channel *channel)
{
    (void)channel;
    ++*(int *)context;
}

static void those_without_a_role_end(void **state)
{
    struct scene *s = *state;
    int left = 0;

    for (unsigned char i = 1; i <= 5; i++)
        add(s, i, 0);
    owner_channels_keep(s->channels, is_even, NULL);
    owner_channels_each(s->channels, 0, count, &left);
    assert_int_equal(left, 2);
    assert_null(find(s, 1, 0));
    assert_non_null(find(s, 2, 0));
}

static char *seal_as_user(
    const struct owner_channel *c, uint64_t counter, const char *text)
{
    static char encoded[200];
    const struct box_place place = {c->keys.user, BOX_USER, c->id};
    struct bytes box;

    assert_int_equal(
        box_seal(&place, counter, transcript_text(text), &box), ERR_OK);
    base64url_encode(box.at, box.len, encoded);
    bytes_free(&box);
    return encoded;
}

static void a_box_is_opened_once_and_holds_an_object(void **state)
{
    struct scene *s = *state;
    struct owner_channel *c = &s->one;
    struct json *value;

    assert_int_equal(
        owner_channel_open(c, seal_as_user(c, 3, "{\"a\":1}"), &value), ERR_OK);
    json_free(value);
    assert_int_equal(
        owner_channel_open(c, seal_as_user(c, 3, "{}"), &value), ERR_DENIED);
    assert_int_equal(
        owner_channel_open(c, seal_as_user(c, 2, "{}"), &value), ERR_DENIED);
    assert_int_equal(
        owner_channel_open(c, seal_as_user(c, 4, "[]"), &value), ERR_INVALID);
    assert_int_equal(
        owner_channel_open(c, seal_as_user(c, 5, "{"), &value), ERR_INVALID);
    assert_int_equal(owner_channel_open(c, NULL, &value), ERR_DENIED);
    assert_int_equal(owner_channel_open(c, "", &value), ERR_DENIED);
    assert_int_equal(owner_channel_open(c, "AAAA", &value), ERR_DENIED);
    assert_int_equal(owner_channel_open(c, "not base64", &value), ERR_DENIED);
    assert_int_equal(
        owner_channel_open(c, seal_as_user(c, 6, "{}"), &value), ERR_OK);
    json_free(value);
}

static void no_counter_is_used_twice(void **state)
{
    struct scene *s = *state;
    struct json *value = json_new_object();
    char *first = owner_channel_seal(&s->one, value);
    char *second = owner_channel_seal(&s->one, value);

    assert_int_equal(s->one.said, 2);
    assert_string_not_equal(first, second);
    free(first);
    free(second);
    json_free(value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_one_that_was_silent_longest_gives_way),
        TEST(an_hour_of_silence_ends_a_channel),
        TEST(those_without_a_role_end),
        TEST(a_box_is_opened_once_and_holds_an_object),
        TEST(no_counter_is_used_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
