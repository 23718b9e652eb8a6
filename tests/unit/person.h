/* person.h - people with keys, and the records that they sign. */

#ifndef TESTS_PERSON_H
#define TESTS_PERSON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "core/base64url.h"
#include "core/json.h"
#include "identity/record.h"

struct person {
    unsigned char scalar[P256_SCALAR];
    unsigned char key[P256_POINT];
    char text[BASE64URL_SIZE(P256_POINT)]; /* the key, encoded */
};

static inline void person_make(struct person *p)
{
    assert_int_equal(p256_random(p->scalar), ERR_OK);
    assert_int_equal(p256_multiply(p->scalar, p256_base, p->key), ERR_OK);
    base64url_encode(p->key, P256_POINT, p->text);
}

static inline void person_sign_bytes(const struct person *p, const char *text,
    char out[BASE64URL_SIZE(USER_KEY_SIGNATURE)])
{
    const struct span fields[] = {
        transcript_text("nameplate-record-v1"), transcript_text(text)};
    unsigned char hash[TRANSCRIPT_HASH], signature[USER_KEY_SIGNATURE];

    assert_int_equal(transcript_hash(fields, 2, hash), ERR_OK);
    assert_int_equal(user_key_sign(p->scalar, hash, signature), ERR_OK);
    base64url_encode(signature, USER_KEY_SIGNATURE, out);
}

/* An envelope around `text`, signed by these people (NULL ends). */
static inline struct json *person_envelope(
    const char *text, const struct person *const *signers)
{
    static char encoded[30000], all[40000];
    char signature[BASE64URL_SIZE(USER_KEY_SIGNATURE)];
    struct json *envelope = NULL;
    int used;

    assert_true(BASE64URL_SIZE(strlen(text)) <= sizeof(encoded));
    base64url_encode(text, strlen(text), encoded);
    used = snprintf(
        all, sizeof(all), "{\"record\":\"%s\",\"signatures\":[", encoded);
    for (size_t i = 0; signers[i] != NULL; i++) {
        person_sign_bytes(signers[i], text, signature);
        used += snprintf(all + used, sizeof(all) - (size_t)used,
            "%s{\"key\":\"%s\",\"signature\":\"%s\"}", i == 0 ? "" : ",",
            signers[i]->text, signature);
    }
    (void)snprintf(all + used, sizeof(all) - (size_t)used, "]}");
    assert_int_equal(json_parse(all, strlen(all),
                         (struct json_limits){sizeof(all), 4}, &envelope),
        ERR_OK);
    return envelope;
}

#define PERSON_HIT "IAEAIgAAAAAAAAAAAAAAAQ"

/* What a record says; NULL and 0 are the usual. */
struct person_record {
    const char *act;
    int epoch;
    const struct record *before; /* gives `previous` */
    const char *owner;           /* JSON; NULL: null */
    const char *recovery;        /* encoded; NULL: null */
    const char *members;         /* JSON; NULL: [] */
};

static inline void person_write(
    const struct person_record *r, char *out, size_t size)
{
    char previous[BASE64URL_SIZE(TRANSCRIPT_HASH) + 2] = "null";
    unsigned char hash[TRANSCRIPT_HASH];
    const char *mark = r->recovery == NULL ? "" : "\"";

    if (r->before != NULL) {
        assert_int_equal(record_hash(r->before, hash), ERR_OK);
        previous[0] = '"';
        base64url_encode(hash, sizeof(hash), previous + 1);
        (void)snprintf(previous + strlen(previous), 2, "\"");
    }
    assert_true(
        snprintf(out, size,
            "{\"v\":1,\"act\":\"%s\",\"thing\":\"acme:t:1\","
            "\"hit\":\"" PERSON_HIT
            "\",\"epoch\":%d,\"previous\":%s,\"at\":1790000000000,"
            "\"owner\":%s,\"recovery\":%s%s%s,\"members\":%s}",
            r->act, r->epoch, previous, r->owner == NULL ? "null" : r->owner,
            mark, r->recovery == NULL ? "null" : r->recovery, mark,
            r->members == NULL ? "[]" : r->members) < (int)size);
}

/* {"name":"...","keys":[...]} of these people (NULL ends). */
static inline const char *person_owner(const char *name,
    const struct person *const *people, char *out, size_t size)
{
    int used = snprintf(out, size, "{\"name\":\"%s\",\"keys\":[", name);

    for (size_t i = 0; people[i] != NULL; i++)
        used += snprintf(out + used, size - (size_t)used, "%s\"%s\"",
            i == 0 ? "" : ",", people[i]->text);
    assert_true(
        snprintf(out + used, size - (size_t)used, "]}") < (int)size - used);
    return out;
}

#endif
