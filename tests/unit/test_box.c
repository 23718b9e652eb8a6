/* Sealed messages; the values were made with another implementation (Node's
 * crypto over OpenSSL). */

#include "identity/box.h"

#include "core/base64url.h"
#include "hex.h"
#include "identity/user_key.h"

#define K                                                                      \
    "a6fdab09bd71f5f3b1f4c4199e6a9fec5c4657e1493af47ebb5235bc194fd9bc"         \
    "d4ba0595b81ff18c5129d699fe819b2088ed8c29d117de89b771722153a42d5b"         \
    "c89250cb1f71e58cd2a617ecb8b58cdce11eddf2600957815f5860314549b58e"
#define BOX                                                                    \
    "0000000000000007523fef563c1518f4510677e2d8bba03c676338b767dccbb301a3c6"
#define MEETING                                                                \
    "9b62abe71eb3cf5a74bd6e84023ebae9e354540de3bed8d40bfdb353af1d2116"         \
    "e258cb55c8b0aa072ab93e42530890423090a79f2b291ae0a8425e69652727b1"
#define PAIRED                                                                 \
    "b8049cbce65ec18e867e3d89ab9de26092b5dd29b994a8c62592a96d5f45851a"         \
    "5c759e987caed694cb0b26e5dbfcbaa50a3c1993ed33d959b065752268dd9cb3"

static unsigned char channel[BOX_CHANNEL];
static struct box_keys keys;

static int set_up(void **state)
{
    unsigned char agreed[BOX_KEY];

    (void)state;
    memset(channel, 0x11, sizeof(channel));
    memset(agreed, 0x22, sizeof(agreed));
    return box_keys_of_claim(agreed, channel, &keys) != ERR_OK;
}

static struct box_place from(enum box_side side)
{
    return (struct box_place){
        side == BOX_USER ? keys.user : keys.device, side, channel};
}

static void assert_hex(const void *bytes, size_t len, const char *hex)
{
    struct hex_bytes expected = hex_read(hex);

    assert_int_equal(len, expected.len);
    assert_memory_equal(bytes, expected.bytes, len);
}

static void no_two_lists_of_fields_read_the_same(void **state)
{
    static const unsigned char third[] = {1, 2, 3};
    const struct span fields[] = {
        transcript_text("ab"), {NULL,  0},
         {third, 3}
    };
    unsigned char hash[TRANSCRIPT_HASH];
    struct bytes joined;

    (void)state;
    assert_int_equal(transcript_join(fields, 3, &joined), ERR_OK);
    assert_hex(joined.at, joined.len,
        "0200000000000000616200000000000000000300000000000000010203");
    bytes_free(&joined);
    assert_int_equal(transcript_hash(fields, 3, hash), ERR_OK);
    assert_hex(hash, sizeof(hash),
        "06ed7374e61734a941bccf95d67836d11a77141d4e6847d4b62b47f2070bc6a8");
}

static void the_keys_of_a_claim_are_those_of_the_document(void **state)
{
    (void)state;
    assert_hex(&keys, sizeof(keys), K);
}

static void the_keys_of_a_meeting_need_the_psk(void **state)
{
    unsigned char one[P256_SCALAR] = {0}, psk[BOX_KEY], hash[TRANSCRIPT_HASH];
    struct box_meeting meeting = {one, p256_base, NULL, channel, hash};
    unsigned char weak[P256_POINT] = {4};
    struct box_keys met;

    (void)state;
    one[P256_SCALAR - 1] = 1;
    memset(psk, 0x44, sizeof(psk));
    memset(hash, 0x33, sizeof(hash));
    assert_int_equal(box_keys_of_meeting(&meeting, &met), ERR_OK);
    assert_hex(met.user, 2 * (size_t)BOX_KEY, MEETING);
    meeting.psk = psk;
    assert_int_equal(box_keys_of_meeting(&meeting, &met), ERR_OK);
    assert_hex(met.user, 2 * (size_t)BOX_KEY, PAIRED);
    meeting.share = weak;
    assert_int_equal(box_keys_of_meeting(&meeting, &met), ERR_INVALID);
}

static void a_box_is_the_documents_to_the_byte(void **state)
{
    const struct box_place place = from(BOX_DEVICE);
    struct bytes box;

    (void)state;
    assert_int_equal(
        box_seal(&place, 7, transcript_text("{\"ok\":true}"), &box), ERR_OK);
    assert_hex(box.at, box.len, BOX);
    bytes_free(&box);
}

static void a_box_opens_once(void **state)
{
    const struct box_place place = from(BOX_DEVICE);
    struct hex_bytes box = hex_read(BOX);
    struct bytes text;
    uint64_t counter = 6;

    (void)state;
    assert_int_equal(
        box_open(&place, &counter, (struct span){box.bytes, box.len}, &text),
        ERR_OK);
    assert_int_equal(counter, 7);
    assert_int_equal(text.len, 11);
    assert_memory_equal(text.at, "{\"ok\":true}", 11);
    bytes_free(&text);
    assert_int_equal(
        box_open(&place, &counter, (struct span){box.bytes, box.len}, &text),
        ERR_DENIED);
}

static void what_was_changed_does_not_open_and_counts_for_nothing(void **state)
{
    const struct box_place place = from(BOX_DEVICE);
    struct hex_bytes box = hex_read(BOX);
    struct bytes text;

    (void)state;
    for (size_t i = 0; i < box.len; i++) {
        uint64_t counter = 0;

        box.bytes[i] ^= 0x10;
        assert_int_equal(box_open(&place, &counter,
                             (struct span){box.bytes, box.len}, &text),
            ERR_DENIED);
        assert_int_equal(counter, 0);
        box.bytes[i] ^= 0x10;
    }
    for (size_t len = 0; len < box.len; len++) {
        uint64_t counter = 0;

        assert_int_equal(
            box_open(&place, &counter, (struct span){box.bytes, len}, &text),
            ERR_DENIED);
    }
}

static void a_box_opens_only_where_it_is_from(void **state)
{
    unsigned char other[BOX_CHANNEL] = {0};
    struct box_place place = from(BOX_DEVICE);
    struct hex_bytes box = hex_read(BOX);
    const struct span span = {box.bytes, box.len};
    struct bytes text;
    uint64_t counter = 0;

    (void)state;
    place.from = BOX_USER;
    assert_int_equal(box_open(&place, &counter, span, &text), ERR_DENIED);
    place = from(BOX_DEVICE);
    place.channel = other;
    assert_int_equal(box_open(&place, &counter, span, &text), ERR_DENIED);
    place = from(BOX_DEVICE);
    place.key = keys.user;
    assert_int_equal(box_open(&place, &counter, span, &text), ERR_DENIED);
}

static void a_text_has_at_most_64_kilobytes(void **state)
{
    const struct box_place place = from(BOX_USER);
    static unsigned char much[BOX_TEXT + 1];
    uint64_t counter = 0;
    struct bytes box, text;

    (void)state;
    assert_int_equal(
        box_seal(&place, 1, (struct span){much, sizeof(much)}, &box),
        ERR_TOO_BIG);
    assert_int_equal(
        box_seal(&place, 1, (struct span){much, BOX_TEXT}, &box), ERR_OK);
    assert_int_equal(
        box_open(&place, &counter, bytes_span(&box), &text), ERR_OK);
    assert_int_equal(text.len, BOX_TEXT);
    bytes_free(&text);
    bytes_free(&box);
}

static void a_signature_is_its_keys_and_its_messages(void **state)
{
    unsigned char scalar[P256_SCALAR], key[P256_POINT], other[P256_POINT];
    unsigned char message[TRANSCRIPT_HASH] = {1};
    unsigned char signature[USER_KEY_SIGNATURE];

    (void)state;
    assert_int_equal(p256_random(scalar), ERR_OK);
    assert_int_equal(p256_multiply(scalar, p256_base, other), ERR_OK);
    assert_int_equal(p256_random(scalar), ERR_OK);
    assert_int_equal(p256_multiply(scalar, p256_base, key), ERR_OK);
    assert_int_equal(user_key_sign(scalar, message, signature), ERR_OK);
    assert_int_equal(user_key_verify(key, message, signature), ERR_OK);
    assert_int_equal(user_key_verify(other, message, signature), ERR_DENIED);
    message[0] = 2;
    assert_int_equal(user_key_verify(key, message, signature), ERR_DENIED);
    message[0] = 1;
    memset(signature, 0, sizeof(signature));
    assert_int_equal(user_key_verify(key, message, signature), ERR_DENIED);
    memset(key, 0, sizeof(key));
    assert_int_equal(user_key_verify(key, message, signature), ERR_DENIED);
    assert_false(user_key_is_one(key));
}

static void base64url_has_one_text_for_some_bytes(void **state)
{
    static const struct {
        const char *text, *bytes;
    } good[] = {
        {"",       ""        },
        {"Zg",     "f"       },
        {"Zm8",    "fo"      },
        {"Zm9v",   "foo"     },
        {"Zm9vYg", "foob"    },
        {"_-8",    "\xff\xef"}
    };
    static const char *const bad[] = {
        "Z", "Zh", "Zm9", "Zg==", "Zm9v\n", "Zm 9v", "+/8", "Zm9vZ", "Zm9v="};
    char text[20];
    unsigned char bytes[20];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        base64url_encode(good[i].bytes, strlen(good[i].bytes), text);
        assert_string_equal(text, good[i].text);
        assert_int_equal(
            base64url_decode(text, bytes, strlen(good[i].bytes), &len), ERR_OK);
        assert_int_equal(len, strlen(good[i].bytes));
        assert_memory_equal(bytes, good[i].bytes, len);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(
            base64url_decode(bad[i], bytes, sizeof(bytes), &len), ERR_INVALID);
    assert_int_equal(base64url_decode("Zm9v", bytes, 2, &len), ERR_TOO_BIG);
    assert_int_equal(base64url_exact("Zm9v", bytes, 3), ERR_OK);
    assert_int_equal(base64url_exact("Zm8", bytes, 3), ERR_INVALID);
    assert_int_equal(base64url_exact(NULL, bytes, 3), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_lists_of_fields_read_the_same),
        cmocka_unit_test(the_keys_of_a_claim_are_those_of_the_document),
        cmocka_unit_test(the_keys_of_a_meeting_need_the_psk),
        cmocka_unit_test(a_box_is_the_documents_to_the_byte),
        cmocka_unit_test(a_box_opens_once),
        cmocka_unit_test(what_was_changed_does_not_open_and_counts_for_nothing),
        cmocka_unit_test(a_box_opens_only_where_it_is_from),
        cmocka_unit_test(a_text_has_at_most_64_kilobytes),
        cmocka_unit_test(a_signature_is_its_keys_and_its_messages),
        cmocka_unit_test(base64url_has_one_text_for_some_bytes),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
