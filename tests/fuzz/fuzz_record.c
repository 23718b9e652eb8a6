/* Any record: it is read whole, or refused with words; what was read comes out
 * as it came in, and follows nothing that it does not name.
 *
 * The first byte says what follows: 'e' an envelope, 't' a record's text, which
 * gets an envelope with a signature, 'd' one that the device signs. */

#include <psa/crypto.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64url.h"
#include "identity/key_driver.h"
#include "identity/record_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(int truth)
{
    if (!truth)
        abort();
}

/* What a record promises about itself. */
static void check_record(const struct record *r)
{
    bool nobody = r->act == RECORD_RELEASE || r->act == RECORD_RESET;

    check(r->has_owner == !nobody);
    check(r->key_count <= RECORD_OWNER_KEYS && (r->key_count > 0) == !nobody);
    check(r->member_count <= RECORD_MEMBERS);
    check(!nobody || (r->member_count == 0 && !r->has_recovery));
    check(r->epoch >= 1 && r->len <= RECORD_TEXT);
    check((r->act == RECORD_RESET) == (r->device_len > 0));
    check((r->act == RECORD_RESET) == (r->signature_count == 0));
    for (size_t i = 0; i < r->key_count; i++)
        check(record_role(r, r->keys[i]) == RECORD_OWNER);
    for (size_t i = 0; i < r->member_count; i++)
        check(record_role(r, r->members[i].key) == r->members[i].role);
}

static void check_again(const struct record *r)
{
    struct json *envelope = record_envelope(r);
    struct record *again = NULL;
    const char *why = NULL;

    check(record_read(envelope, &why, &again) == ERR_OK);
    check(again->len == r->len && memcmp(again->text, r->text, r->len) == 0);
    check(again->signature_count == r->signature_count);
    record_free(again);
    json_free(envelope);
}

enum err key_driver_start(void)
{
    return psa_crypto_init() == PSA_SUCCESS ? ERR_OK : ERR_IO;
}

#define ENVELOPE_BYTES 40000

/* An envelope around a text; NULL: it is none. */
static struct json *wrap(char kind, const uint8_t *bytes, size_t len)
{
    static const struct json_limits limits = {ENVELOPE_BYTES, 4};
    static const unsigned char signature[USER_KEY_SIGNATURE] = {1};
    static char text[ENVELOPE_BYTES], all[ENVELOPE_BYTES];
    char key[BASE64URL_SIZE(P256_POINT)];
    char value[BASE64URL_SIZE(USER_KEY_SIGNATURE)];
    struct json *envelope = NULL;

    if (kind == 'e')
        return json_parse(bytes, len, limits, &envelope) == ERR_OK ? envelope
                                                                   : NULL;
    if (len > RECORD_TEXT)
        return NULL;
    base64url_encode(bytes, len, text);
    base64url_encode(p256_base, P256_POINT, key);
    base64url_encode(signature, sizeof(signature), value);
    (void)snprintf(all, sizeof(all),
        "{\"record\":\"%s\",\"signatures\":[{%s%s%s,\"signature\":\"%s\"}]}",
        text, kind == 'd' ? "\"device\":true" : "\"key\":\"",
        kind == 'd' ? "" : key, kind == 'd' ? "" : "\"", value);
    check(json_parse(all, strlen(all), limits, &envelope) == ERR_OK);
    return envelope;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct hit hit = {{0}};
    struct record_place place = {"acme:t:1", &hit, NULL, NULL};
    struct json *envelope = NULL;
    struct record *r = NULL;
    const char *why = NULL;

    if (len == 0)
        return 0;
    envelope = wrap((char)bytes[0], bytes + 1, len - 1);
    if (envelope == NULL)
        return 0;
    if (record_read(envelope, &why, &r) == ERR_OK) {
        check_record(r);
        check_again(r);
        check(record_judge(r, &place, &why) != RECORD_TAKE && why != NULL);
        place.before = r;
        check(record_judge(r, &place, &why) != RECORD_TAKE);
#ifdef PLANT_A_FAULT /* test_record proves that it would be found */
        check(r->act != RECORD_CLAIM);
#endif
        record_free(r);
    } else {
        check(r == NULL && why != NULL);
    }
    json_free(envelope);
    return 0;
}
