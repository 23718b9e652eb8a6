/* password.c - PBKDF2 over mbedTLS's SHA-256; the keyed inner and outer states
 * of HMAC are computed once and cloned for each round. */

#include "cloudd/password.h"

#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "ports/port.h"

#define SCHEME     "pbkdf2-sha256$"
#define SLICE      4000 /* rounds at a time: about 2 ms */
#define SALT_LEN   16
#define ROUNDS_MAX 10000000

struct pbkdf2 {
    mbedtls_sha256_context inner, outer, work;
    unsigned char u[32], sum[32];
    uint32_t left; /* rounds */
};

struct stored {
    uint32_t rounds;
    unsigned char salt[SALT_LEN];
    unsigned char hash[32];
};

struct password_check {
    struct loop *loop;
    struct loop_timer *timer;
    password_callback *callback;
    password_made *made; /* set: this makes a hash, else it checks one */
    void *context;
    struct pbkdf2 kdf;
    struct stored stored;
    bool possible; /* false: the answer is no, whatever comes out */
};

/* sum = SHA-256 continued from `keyed` over `bytes`. */
static int continue_hash(struct pbkdf2 *k, const mbedtls_sha256_context *keyed,
    const unsigned char *bytes, size_t len, unsigned char out[32])
{
    mbedtls_sha256_clone(&k->work, keyed);
    return mbedtls_sha256_update(&k->work, bytes, len) != 0 ||
        mbedtls_sha256_finish(&k->work, out) != 0;
}

static int hmac(struct pbkdf2 *k, const unsigned char *bytes, size_t len,
    unsigned char out[32])
{
    return continue_hash(k, &k->inner, bytes, len, out) != 0 ||
        continue_hash(k, &k->outer, out, 32, out) != 0;
}

/* RFC 2104: the key xor-ed with `pad` opens the hash. */
static int set_key(
    mbedtls_sha256_context *sha, const unsigned char key[64], unsigned char pad)
{
    unsigned char block[64];
    int failed;

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = key[i] ^ pad;
    failed = mbedtls_sha256_starts(sha, 0) != 0 ||
        mbedtls_sha256_update(sha, block, sizeof(block)) != 0;
    mbedtls_platform_zeroize(block, sizeof(block));
    return failed;
}

static void pbkdf2_free(struct pbkdf2 *k)
{
    mbedtls_sha256_free(&k->inner);
    mbedtls_sha256_free(&k->outer);
    mbedtls_sha256_free(&k->work);
    mbedtls_platform_zeroize(k, sizeof(*k));
}

/* Do the first round; `left` says how many remain.  Salts are short here. */
static enum err pbkdf2_start(struct pbkdf2 *k, const char *password,
    const void *salt, size_t salt_len, uint32_t rounds)
{
    unsigned char key[64] = {0}, block[68] = {0};
    size_t len = strlen(password);
    int failed = salt_len > 64;

    mbedtls_sha256_init(&k->inner);
    mbedtls_sha256_init(&k->outer);
    mbedtls_sha256_init(&k->work);
    if (len > sizeof(key))
        failed |= mbedtls_sha256((const unsigned char *)password, len, key, 0);
    else
        memcpy(key, password, len);
    failed = failed || set_key(&k->inner, key, 0x36) != 0 ||
        set_key(&k->outer, key, 0x5c) != 0;
    if (!failed) {
        memcpy(block, salt, salt_len);
        block[salt_len + 3] = 1; /* the one block we need, big endian */
        failed = hmac(k, block, salt_len + 4, k->u);
    }
    mbedtls_platform_zeroize(key, sizeof(key));
    memcpy(k->sum, k->u, sizeof(k->sum));
    k->left = rounds - 1;
    return failed ? ERR_IO : ERR_OK;
}

static enum err pbkdf2_step(struct pbkdf2 *k, uint32_t rounds)
{
    for (; rounds > 0 && k->left > 0; rounds--, k->left--) {
        if (hmac(k, k->u, sizeof(k->u), k->u) != 0)
            return ERR_IO;
        for (size_t i = 0; i < sizeof(k->sum); i++)
            k->sum[i] ^= k->u[i];
    }
    return ERR_OK;
}

enum err password_pbkdf2(const char *password, const void *salt,
    size_t salt_len, uint32_t rounds, unsigned char out[32])
{
    struct pbkdf2 k;
    enum err e = pbkdf2_start(&k, password, salt, salt_len, rounds);

    if (e == ERR_OK)
        e = pbkdf2_step(&k, rounds);
    if (e == ERR_OK)
        memcpy(out, k.sum, 32);
    pbkdf2_free(&k);
    return e;
}

static void to_hex(const unsigned char *bytes, size_t len, char *hex)
{
    for (size_t i = 0; i < len; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;

    return found != NULL ? (int)(found - digits) : -1;
}

/* Take 2 * len digits from *text. */
static bool take_hex(const char **text, unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = digit((*text)[0]);
        int low = high >= 0 ? digit((*text)[1]) : -1;

        if (low < 0)
            return false;
        bytes[i] = (unsigned char)(high * 16 + low);
        *text += 2;
    }
    return true;
}

bool password_fits(const char *password)
{
    return password[0] != '\0' && strlen(password) <= PASSWORD_MOST;
}

static void write_hash(uint32_t rounds, const unsigned char salt[SALT_LEN],
    const unsigned char out[32], char hash[PASSWORD_HASH_SIZE])
{
    char salt_hex[2 * SALT_LEN + 1], out_hex[65];

    to_hex(salt, SALT_LEN, salt_hex);
    to_hex(out, 32, out_hex);
    (void)snprintf(
        hash, PASSWORD_HASH_SIZE, SCHEME "%u$%s$%s", rounds, salt_hex, out_hex);
}

enum err password_hash(
    const char *password, uint32_t rounds, char hash[PASSWORD_HASH_SIZE])
{
    unsigned char salt[SALT_LEN], out[32];
    enum err e;

    if (!password_fits(password))
        return ERR_INVALID;
    e = port_random(salt, sizeof(salt));
    if (e == ERR_OK)
        e = password_pbkdf2(password, salt, sizeof(salt), rounds, out);
    if (e == ERR_OK)
        write_hash(rounds, salt, out, hash);
    return e;
}

static bool parse(const char *hash, struct stored *out)
{
    size_t prefix = strlen(SCHEME);
    char *end = NULL;
    const char *text;
    unsigned long rounds;
    bool ok;

    if (strncmp(hash, SCHEME, prefix) != 0)
        return false;
    rounds = strtoul(hash + prefix, &end, 10);
    if (rounds < 1 || rounds > ROUNDS_MAX || *end != '$')
        return false;
    text = end + 1;
    ok = take_hex(&text, out->salt, sizeof(out->salt)) && *text++ == '$' &&
        take_hex(&text, out->hash, sizeof(out->hash)) && *text == '\0';
    if (ok)
        out->rounds = (uint32_t)rounds;
    return ok;
}

static bool same(const unsigned char a[32], const unsigned char b[32])
{
    unsigned char differs = 0;

    for (int i = 0; i < 32; i++)
        differs = (unsigned char)(differs | (a[i] ^ b[i]));
    return differs == 0;
}

static void finish(struct password_check *c, bool right)
{
    password_callback *callback = c->callback;
    void *context = c->context;

    password_check_cancel(c);
    callback(context, right);
}

/* As finish, for a hash that was made. */
static void give(struct password_check *c, bool right)
{
    password_made *made = c->made;
    void *context = c->context;
    char hash[PASSWORD_HASH_SIZE];

    write_hash(c->stored.rounds, c->stored.salt, c->kdf.sum, hash);
    password_check_cancel(c);
    made(context, right ? hash : NULL);
}

static void on_slice(void *context)
{
    struct password_check *c = context;
    enum err e;

    c->timer = NULL;
    e = pbkdf2_step(&c->kdf, SLICE);
    if (e == ERR_OK && c->kdf.left > 0) {
        c->timer = loop_timer_start(c->loop, 0, on_slice, c);
        if (c->timer != NULL)
            return;
        e = ERR_NO_MEMORY;
    }
    if (e != ERR_OK)
        log_error("password", "check failed: %s", err_name(e));
    if (c->made != NULL)
        give(c, e == ERR_OK);
    else
        finish(
            c, e == ERR_OK && same(c->kdf.sum, c->stored.hash) && c->possible);
}

static struct password_check *begin(
    struct password_check *c, const char *password)
{
    if (pbkdf2_start(&c->kdf, password, c->stored.salt, SALT_LEN,
            c->stored.rounds) == ERR_OK)
        c->timer = loop_timer_start(c->loop, 0, on_slice, c);
    if (c->timer != NULL)
        return c;
    password_check_cancel(c);
    return NULL;
}

struct password_check *password_check_start(struct loop *loop,
    const char *password, const char *hash, password_callback *callback,
    void *context)
{
    struct password_check *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->loop = loop;
    c->callback = callback;
    c->context = context;
    c->stored.rounds = PASSWORD_ROUNDS;
    c->possible = hash != NULL && parse(hash, &c->stored);
    if (strlen(password) > PASSWORD_MOST) {
        password = "";
        c->possible = false;
    }
    return begin(c, password);
}

struct password_check *password_make_start(
    struct loop *loop, const char *password, password_made *made, void *context)
{
    struct password_check *c;

    if (!password_fits(password))
        return NULL;
    c = calloc(1, sizeof(*c));
    if (c == NULL)
        return NULL;
    c->loop = loop;
    c->made = made;
    c->context = context;
    c->stored.rounds = PASSWORD_ROUNDS;
    if (port_random(c->stored.salt, sizeof(c->stored.salt)) == ERR_OK)
        return begin(c, password);
    free(c);
    return NULL;
}

void password_check_cancel(struct password_check *check)
{
    if (check == NULL)
        return;
    loop_timer_cancel(check->timer);
    pbkdf2_free(&check->kdf);
    free(check);
}
