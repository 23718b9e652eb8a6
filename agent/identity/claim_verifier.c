/* claim_verifier.c */

#include "identity/claim_verifier.h"

#include <mbedtls/platform_util.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define HEAD            "nameplate claim verifier 1\n"
#define ITERATIONS_MOST 100000000

static struct span text_span(const char *text)
{
    return (struct span){(const unsigned char *)text, strlen(text)};
}

enum err claim_verifier_make(
    struct claim_verifier *verifier, const char *code, const char *thing)
{
    const struct spake2plus_code given = {
        text_span(code), text_span(CLAIM_PROVER), text_span(thing),
        {verifier->salt, sizeof(verifier->salt)},
          verifier->iterations
    };
    struct spake2plus_secrets secrets;
    enum err e = spake2plus_stretch(&given, &secrets);

    if (e == ERR_OK)
        e = spake2plus_register(&secrets, &verifier->record);
    mbedtls_platform_zeroize(&secrets, sizeof(secrets));
    return e;
}

/* --- writing ------------------------------------------------------------- */

static char *put_hex(char *at, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at++ = '\n';
    return at;
}

void claim_verifier_print(
    const struct claim_verifier *verifier, char text[CLAIM_VERIFIER_TEXT_SIZE])
{
    char *at = stpcpy(text, HEAD "w0 ");

    at = put_hex(at, verifier->record.w0, P256_SCALAR);
    at = put_hex(stpcpy(at, "L "), verifier->record.l, P256_POINT);
    at = put_hex(stpcpy(at, "salt "), verifier->salt, SPAKE2PLUS_SALT);
    (void)snprintf(at, (size_t)(text + CLAIM_VERIFIER_TEXT_SIZE - at),
        "iterations %lu\n", (unsigned long)verifier->iterations);
}

/* --- reading ------------------------------------------------------------- */

static bool take_text(struct span *rest, const char *text)
{
    size_t len = strlen(text);

    if (rest->len < len || memcmp(rest->at, text, len) != 0)
        return false;
    rest->at += len;
    rest->len -= len;
    return true;
}

static int digit(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_hex(struct span *rest, unsigned char *out, size_t len)
{
    if (rest->len < 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = digit(rest->at[2 * i]), low = digit(rest->at[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    rest->at += 2 * len;
    rest->len -= 2 * len;
    return take_text(rest, "\n");
}

/* 1 to ITERATIONS_MOST, without a leading zero. */
static bool take_number(struct span *rest, uint32_t *out)
{
    uint32_t number = 0;

    if (rest->len == 0 || *rest->at == '0')
        return false;
    for (; rest->len > 0 && *rest->at >= '0' && *rest->at <= '9';
         rest->at++, rest->len--) {
        number = number * 10 + (uint32_t)(*rest->at - '0');
        if (number > ITERATIONS_MOST)
            return false;
    }
    *out = number;
    return number > 0 && take_text(rest, "\n");
}

/* Multiplying says whether it is a scalar, and whether L is a point. */
static enum err check(const struct spake2plus_record *record)
{
    unsigned char product[P256_POINT];
    enum err e = p256_multiply(record->w0, record->l, product);

    mbedtls_platform_zeroize(product, sizeof(product));
    return e;
}

enum err claim_verifier_parse(struct span text, struct claim_verifier *out)
{
    struct claim_verifier v = {.iterations = 0};
    enum err e = ERR_INVALID;

    if (take_text(&text, HEAD "w0 ") &&
        take_hex(&text, v.record.w0, P256_SCALAR) && take_text(&text, "L ") &&
        take_hex(&text, v.record.l, P256_POINT) && take_text(&text, "salt ") &&
        take_hex(&text, v.salt, SPAKE2PLUS_SALT) &&
        take_text(&text, "iterations ") && take_number(&text, &v.iterations) &&
        text.len == 0)
        e = check(&v.record);
    if (e == ERR_OK)
        *out = v;
    mbedtls_platform_zeroize(&v, sizeof(v));
    return e;
}
