/* stage_claimer - what a user's browser computes, for tests in other languages
 * (docs/ownership.md).  Objects in, objects out, one a line; names are the
 * test's own, bytes are base64url, "error" says what failed.
 *
 *   {"op":"person","name":P,"key":..|absent}                -> key
 *      (with a key: somebody whose private one is not known)
 *   {"op":"share","claim":C,"person":P,"thing":..,"hit":..,"id":..,
 *      "code":..,"salt":..,"iterations":n,"mask":true|absent}
 *                                                           -> key, share
 *      (mask: w0*M, which makes the device's Z the point at infinity)
 *   {"op":"finish","claim":C,"share":..,"confirm":..}       -> confirm
 *   {"op":"proved","claim":C,"signature":..,"leaf":DER}     -> ok
 *   {"op":"yours","claim":C,"person":P}                     -> yours
 *   {"op":"record","text":..,"sign":[P...]}                 -> envelope
 *   {"op":"open","channel":N,"person":P,"thing":..,"hit":..}
 *                                        -> key, share, nonce, signature
 *   {"op":"opened","channel":N,"id":..,"share":..,"psk":true|false,
 *      "signature":..,"leaf":DER,"claim":C|absent}          -> ok
 *   {"op":"seal","channel":N or C,"value":any}              -> box
 *   {"op":"unseal","channel":N or C,"box":..}               -> value
 */

#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64url.h"
#include "core/json.h"
#include "identity/box.h"
#include "identity/certificate.h"
#include "identity/claim_verifier.h"
#include "identity/hit.h"
#include "identity/key_driver.h"
#include "identity/spake2plus_keys.h"
#include "identity/user_key.h"

#define MANY       64
#define NAME       40
#define LINE_BYTES 400000
#define NONCE      16

struct person {
    char name[NAME];
    unsigned char scalar[P256_SCALAR], key[P256_POINT];
};

/* A claim or a later channel. */
struct channel {
    char name[NAME];
    const struct person *person;
    char thing[200];
    unsigned char hit[HIT_SIZE], id[BOX_CHANNEL], nonce[NONCE];
    unsigned char scalar[P256_SCALAR];
    unsigned char share_p[P256_POINT], share_v[P256_POINT];
    unsigned char confirm_p[SPAKE2PLUS_CONFIRM];
    unsigned char confirm_v[SPAKE2PLUS_CONFIRM];
    struct spake2plus_prover *run;
    struct box_keys keys;
    uint64_t said, heard;
};

static struct person people[MANY];
static struct channel channels[MANY];

static void need(bool truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "stage_claimer: %s\n", what);
    exit(64);
}

static const char *text_of(const struct json *request, const char *key)
{
    const char *text = json_text(json_get(request, key));

    need(text != NULL, key);
    return text;
}

static void bytes_of(
    const struct json *request, const char *key, void *out, size_t len)
{
    need(base64url_exact(text_of(request, key), out, len) == ERR_OK, key);
}

static void put(struct json *answer, const char *key, struct json *value)
{
    need(json_set(answer, key, value) == ERR_OK, "memory");
}

static void put_bytes(
    struct json *answer, const char *key, const void *bytes, size_t len)
{
    char *text = malloc(BASE64URL_SIZE(len));

    need(text != NULL, "memory");
    base64url_encode(bytes, len, text);
    put(answer, key, json_new_string(text));
    free(text);
}

static void fail(struct json *answer, const char *why)
{
    put(answer, "error", json_new_string(why));
}

static struct person *find_person(const char *name, bool make)
{
    for (size_t i = 0; i < MANY; i++) {
        if (strcmp(people[i].name, name) == 0)
            return &people[i];
        if (make && people[i].name[0] == '\0') {
            (void)snprintf(people[i].name, NAME, "%s", name);
            return &people[i];
        }
    }
    need(false, "no such person");
    return NULL;
}

static struct channel *find_channel(const struct json *request, const char *key)
{
    const char *name = text_of(request, key);

    for (size_t i = 0; i < MANY; i++) {
        if (channels[i].name[0] == '\0')
            (void)snprintf(channels[i].name, NAME, "%s", name);
        if (strcmp(channels[i].name, name) == 0)
            return &channels[i];
    }
    need(false, "too many channels");
    return NULL;
}

static struct channel *begin_channel(
    const struct json *request, const char *key)
{
    struct channel *c = find_channel(request, key);

    spake2plus_prover_free(c->run);
    memset((char *)c + NAME, 0, sizeof(*c) - NAME);
    c->person = find_person(text_of(request, "person"), false);
    (void)snprintf(c->thing, sizeof(c->thing), "%s", text_of(request, "thing"));
    bytes_of(request, "hit", c->hit, HIT_SIZE);
    return c;
}

static struct span span(const void *bytes, size_t len)
{
    return (struct span){bytes, len};
}

/* Did the leaf's key, of which this is the tag, sign the hash? */
static const char *check_factory(const struct json *request,
    const struct channel *c, const unsigned char hash[TRANSCRIPT_HASH])
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    unsigned char der[4096], signature[512];
    size_t der_len = 0, len = 0;
    psa_key_id_t id = PSA_KEY_ID_NULL;
    mbedtls_x509_crt leaf;
    struct hit hit;
    const char *why = NULL;
    psa_algorithm_t algorithm = PSA_ALG_ECDSA(PSA_ALG_SHA_256);

    need(base64url_decode(
             text_of(request, "leaf"), der, sizeof(der), &der_len) == ERR_OK,
        "leaf");
    need(base64url_decode(text_of(request, "signature"), signature,
             sizeof(signature), &len) == ERR_OK,
        "signature");
    need(key_driver_start() == ERR_OK, "psa");
    mbedtls_x509_crt_init(&leaf);
    if (certificate_add(&leaf, der, der_len) != 0 ||
        hit_of_key(&leaf.pk, &hit) != ERR_OK)
        why = "leaf";
    else if (memcmp(hit.bytes, c->hit, HIT_SIZE) != 0)
        why = "another device";
    if (why == NULL && len == 96)
        algorithm = PSA_ALG_ECDSA(PSA_ALG_SHA_384);
    else if (why == NULL && len > 96)
        algorithm = PSA_ALG_RSA_PSS(PSA_ALG_SHA_256);
    if (why == NULL &&
        (mbedtls_pk_get_psa_attributes(
             &leaf.pk, PSA_KEY_USAGE_VERIFY_MESSAGE, &attributes) != 0 ||
            (psa_set_key_algorithm(&attributes, algorithm),
                mbedtls_pk_import_into_psa(&leaf.pk, &attributes, &id)) != 0))
        why = "key";
    if (why == NULL &&
        psa_verify_message(id, algorithm, hash, TRANSCRIPT_HASH, signature,
            len) != PSA_SUCCESS)
        why = "not signed by the factory key";
    (void)psa_destroy_key(id);
    mbedtls_x509_crt_free(&leaf);
    return why;
}

/* --- claims ----------------------------------------------------------------
 */

static void do_person(const struct json *request, struct json *answer)
{
    struct person *p = find_person(text_of(request, "name"), true);

    need(p256_random(p->scalar) == ERR_OK &&
            p256_multiply(p->scalar, p256_base, p->key) == ERR_OK,
        "random");
    if (json_get(request, "key") != NULL)
        bytes_of(request, "key", p->key, P256_POINT);
    put_bytes(answer, "key", p->key, P256_POINT);
}

static struct bytes claim_context(const struct channel *c)
{
    const struct span fields[] = {transcript_text("nameplate-claim-v1"),
        transcript_text(c->thing), span(c->hit, HIT_SIZE),
        span(c->id, BOX_CHANNEL)};
    struct bytes context;

    need(transcript_join(fields, 4, &context) == ERR_OK, "memory");
    return context;
}

static void do_share(const struct json *request, struct json *answer)
{
    struct channel *c = begin_channel(request, "claim");
    unsigned char salt[SPAKE2PLUS_SALT];
    struct spake2plus_secrets secrets;
    struct spake2plus_code code = {transcript_text(text_of(request, "code")),
        transcript_text(CLAIM_PROVER), transcript_text(c->thing),
        span(salt, sizeof(salt)),
        (uint32_t)json_number(json_get(request, "iterations"))};

    bytes_of(request, "id", c->id, BOX_CHANNEL);
    bytes_of(request, "salt", salt, sizeof(salt));
    need(spake2plus_stretch(&code, &secrets) == ERR_OK &&
            spake2plus_prover_start(&secrets, &c->run) == ERR_OK,
        "prover");
    memcpy(c->share_p, spake2plus_prover_share(c->run), P256_POINT);
    if (json_is_true(json_get(request, "mask")))
        need(p256_multiply(secrets.w0, spake2plus_m, c->share_p) == ERR_OK,
            "mask");
    put_bytes(answer, "key", c->person->key, P256_POINT);
    put_bytes(answer, "share", c->share_p, P256_POINT);
}

static void do_finish(const struct json *request, struct json *answer)
{
    struct channel *c = find_channel(request, "claim");
    struct bytes context = claim_context(c);
    const struct spake2plus_names names = {bytes_span(&context),
        span(c->person->key, P256_POINT), transcript_text(c->thing)};
    const struct spake2plus_answer heard = {
        span(c->share_v, P256_POINT), span(c->confirm_v, SPAKE2PLUS_CONFIRM)};
    unsigned char agreed[SPAKE2PLUS_KEY];
    enum err e;

    bytes_of(request, "share", c->share_v, P256_POINT);
    bytes_of(request, "confirm", c->confirm_v, SPAKE2PLUS_CONFIRM);
    e = spake2plus_prover_finish(c->run, &names, &heard, c->confirm_p, agreed);
    bytes_free(&context);
    if (e != ERR_OK) {
        fail(answer, err_name(e));
        return;
    }
    need(box_keys_of_claim(agreed, c->id, &c->keys) == ERR_OK, "keys");
    put_bytes(answer, "confirm", c->confirm_p, SPAKE2PLUS_CONFIRM);
}

/* What the factory key signs in step 3. */
static void claim_proof(
    const struct channel *c, unsigned char hash[TRANSCRIPT_HASH])
{
    struct bytes context = claim_context(c);
    const struct span fields[] = {transcript_text("nameplate-proof-v1"),
        bytes_span(&context), span(c->person->key, P256_POINT),
        span(c->share_p, P256_POINT), span(c->share_v, P256_POINT),
        span(c->confirm_v, SPAKE2PLUS_CONFIRM),
        span(c->confirm_p, SPAKE2PLUS_CONFIRM)};

    need(transcript_hash(fields, 7, hash) == ERR_OK, "memory");
    bytes_free(&context);
}

static void do_proved(const struct json *request, struct json *answer)
{
    struct channel *c = find_channel(request, "claim");
    unsigned char hash[TRANSCRIPT_HASH];
    const char *why;

    claim_proof(c, hash);
    why = check_factory(request, c, hash);
    if (why != NULL)
        fail(answer, why);
    else
        put(answer, "ok", json_new_bool(true));
}

static void do_yours(const struct json *request, struct json *answer)
{
    const struct person *p = find_person(text_of(request, "person"), false);
    unsigned char proof[TRANSCRIPT_HASH], hash[TRANSCRIPT_HASH];
    unsigned char signature[USER_KEY_SIGNATURE];
    const struct span fields[] = {
        transcript_text("nameplate-yours-v1"), span(proof, sizeof(proof))};

    claim_proof(find_channel(request, "claim"), proof);
    need(transcript_hash(fields, 2, hash) == ERR_OK &&
            user_key_sign(p->scalar, hash, signature) == ERR_OK,
        "sign");
    put_bytes(answer, "yours", signature, sizeof(signature));
}

/* --- records ---------------------------------------------------------------
 */

static void do_record(const struct json *request, struct json *answer)
{
    const char *text = text_of(request, "text");
    const struct span fields[] = {
        transcript_text("nameplate-record-v1"), transcript_text(text)};
    struct json *envelope = json_new_object(), *list = json_new_array();
    unsigned char hash[TRANSCRIPT_HASH], signature[USER_KEY_SIGNATURE];

    need(transcript_hash(fields, 2, hash) == ERR_OK, "memory");
    put_bytes(envelope, "record", text, strlen(text));
    for (struct json *s = json_first(json_get(request, "sign")); s != NULL;
         s = json_next(s)) {
        const struct person *p = find_person(json_text(s), false);
        struct json *one = json_new_object();

        need(user_key_sign(p->scalar, hash, signature) == ERR_OK, "sign");
        put_bytes(one, "key", p->key, P256_POINT);
        put_bytes(one, "signature", signature, sizeof(signature));
        need(json_append(list, one) == ERR_OK, "memory");
    }
    put(envelope, "signatures", list);
    put(answer, "envelope", envelope);
}

/* --- channels --------------------------------------------------------------
 */

static void do_open(const struct json *request, struct json *answer)
{
    struct channel *c = begin_channel(request, "channel");
    const struct span fields[] = {transcript_text("nameplate-open-v1"),
        transcript_text(c->thing), span(c->hit, HIT_SIZE),
        span(c->person->key, P256_POINT), span(c->share_p, P256_POINT),
        span(c->nonce, NONCE)};
    unsigned char hash[TRANSCRIPT_HASH], signature[USER_KEY_SIGNATURE];

    need(p256_random(c->scalar) == ERR_OK &&
            p256_multiply(c->scalar, p256_base, c->share_p) == ERR_OK,
        "random");
    memcpy(c->nonce, c->share_p + 20, NONCE);
    need(transcript_hash(fields, 6, hash) == ERR_OK &&
            user_key_sign(c->person->scalar, hash, signature) == ERR_OK,
        "sign");
    put_bytes(answer, "key", c->person->key, P256_POINT);
    put_bytes(answer, "share", c->share_p, P256_POINT);
    put_bytes(answer, "nonce", c->nonce, NONCE);
    put_bytes(answer, "signature", signature, sizeof(signature));
}

static void do_opened(const struct json *request, struct json *answer)
{
    struct channel *c = find_channel(request, "channel");
    bool psk = json_is_true(json_get(request, "psk"));
    const struct span fields[] = {transcript_text("nameplate-opened-v1"),
        transcript_text(c->thing), span(c->hit, HIT_SIZE),
        span(c->person->key, P256_POINT), span(c->share_p, P256_POINT),
        span(c->nonce, NONCE), span(c->id, BOX_CHANNEL),
        span(c->share_v, P256_POINT), transcript_text(psk ? "1" : "0")};
    unsigned char hash[TRANSCRIPT_HASH];
    struct box_meeting meeting = {c->scalar, c->share_v, NULL, c->id, hash};
    const char *why;

    bytes_of(request, "id", c->id, BOX_CHANNEL);
    bytes_of(request, "share", c->share_v, P256_POINT);
    need(transcript_hash(fields, 9, hash) == ERR_OK, "memory");
    why = check_factory(request, c, hash);
    if (psk && json_get(request, "claim") != NULL)
        meeting.psk = find_channel(request, "claim")->keys.psk;
    if (why == NULL && box_keys_of_meeting(&meeting, &c->keys) != ERR_OK)
        why = "share";
    if (why != NULL)
        fail(answer, why);
    else
        put(answer, "ok", json_new_bool(true));
}

static void do_seal(const struct json *request, struct json *answer)
{
    struct channel *c = find_channel(request, "channel");
    const struct box_place place = {c->keys.user, BOX_USER, c->id};
    char *text = json_print(json_get(request, "value"));
    struct bytes box;

    need(text != NULL, "value");
    need(box_seal(&place, ++c->said, transcript_text(text), &box) == ERR_OK,
        "seal");
    put_bytes(answer, "box", box.at, box.len);
    bytes_free(&box);
    free(text);
}

static void do_unseal(const struct json *request, struct json *answer)
{
    struct channel *c = find_channel(request, "channel");
    const struct box_place place = {c->keys.device, BOX_DEVICE, c->id};
    const char *text = text_of(request, "box");
    unsigned char *bytes = malloc(strlen(text) + 1);
    struct json *value;
    struct bytes inside;
    size_t len = 0;

    need(bytes != NULL &&
            base64url_decode(text, bytes, strlen(text), &len) == ERR_OK,
        "box");
    if (box_open(&place, &c->heard, span(bytes, len), &inside) != ERR_OK) {
        fail(answer, "denied");
    } else {
        need(json_parse(inside.at, inside.len,
                 (struct json_limits){BOX_TEXT, 20}, &value) == ERR_OK,
            "no JSON in the box");
        put(answer, "value", value);
        bytes_free(&inside);
    }
    free(bytes);
}

static void run(const struct json *request, struct json *answer)
{
    static const struct {
        const char *op;
        void (*run)(const struct json *request, struct json *answer);
    } ops[] = {
        {"person", do_person},
        {"share",  do_share },
        {"finish", do_finish},
        {"proved", do_proved},
        {"yours",  do_yours },
        {"record", do_record},
        {"open",   do_open  },
        {"opened", do_opened},
        {"seal",   do_seal  },
        {"unseal", do_unseal},
    };
    const char *op = text_of(request, "op");

    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
        if (strcmp(ops[i].op, op) == 0) {
            ops[i].run(request, answer);
            return;
        }
    need(false, "unknown op");
}

int main(void)
{
    static char line[LINE_BYTES];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct json *request = NULL, *answer = json_new_object();
        char *text;

        need(answer != NULL &&
                json_parse(line, strlen(line),
                    (struct json_limits){LINE_BYTES, 20}, &request) == ERR_OK,
            "not JSON");
        run(request, answer);
        text = json_print(answer);
        need(text != NULL && puts(text) >= 0 && fflush(stdout) == 0, "output");
        free(text);
        json_free(answer);
        json_free(request);
    }
    for (size_t i = 0; i < MANY; i++)
        spake2plus_prover_free(channels[i].run);
    return 0;
}
