/* claim_ghost.c */

#include "cloudd/claim_ghost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/fields.h"
#include "cloudd/path.h"
#include "cloudd/proof.h"
#include "cloudd/secret.h"
#include "ports/port.h"

#define CLAIMS     64     /* open at once, of all ghosts */
#define OPEN_MS    120000 /* as a device keeps a claim */
#define ITERATIONS 200000 /* as the factory makes codes */
#define ID_BYTES   16
#define ID_SIZE    23
#define HIT_PREFIX "20010022" /* of a key on a curve */

struct open_claim {
    char id[ID_SIZE];
    char thing[PATH_PART_SIZE];
    int64_t until_ms; /* 0: the slot is free */
};

struct ghosts {
    const char *secret;
    struct open_claim open[CLAIMS];
    size_t next;
};

struct ghosts *ghosts_new(const char *secret)
{
    struct ghosts *g = calloc(1, sizeof(*g));

    if (g != NULL)
        g->secret = secret;
    return g;
}

void ghosts_free(struct ghosts *ghosts)
{
    free(ghosts);
}

/* HMAC of purpose and thing, as hex; false: it could not be made. */
static bool derive(const struct ghosts *g, const char *purpose,
    const char *thing, char mac[SECRET_SIZE])
{
    char text[PATH_PART_SIZE + 40];

    (void)snprintf(text, sizeof(text), "ghost-%s:%s", purpose, thing);
    return secret_hmac(g->secret, text, mac) == ERR_OK;
}

bool ghosts_is_there(const struct ghosts *ghosts, const char *thing)
{
    char mac[SECRET_SIZE];

    return derive(ghosts, "there", thing, mac) && mac[0] >= '8';
}

static struct open_claim *find(
    struct ghosts *g, const char *thing, const char *id, int64_t now_ms)
{
    for (size_t i = 0; id != NULL && i < CLAIMS; i++) {
        struct open_claim *c = &g->open[i];

        if (c->until_ms > now_ms && strcmp(c->id, id) == 0 &&
            strcmp(c->thing, thing) == 0)
            return c;
    }
    return NULL;
}

static void from_hex(const char *hex, unsigned char *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        out[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
}

/* 16 bytes, always the same, in base64url. */
static bool steady(const struct ghosts *g, const char *purpose,
    const char *prefix, const char *thing, char text[ID_SIZE])
{
    char mac[SECRET_SIZE];
    unsigned char bytes[ID_BYTES];

    if (!derive(g, purpose, thing, mac))
        return false;
    from_hex(mac, bytes, sizeof(bytes));
    from_hex(prefix, bytes, strlen(prefix) / 2);
    proof_encode(bytes, sizeof(bytes), text);
    return true;
}

static struct json *begin(struct ghosts *g, const char *thing, int64_t now_ms)
{
    struct open_claim *c = &g->open[g->next++ % CLAIMS];
    char salt[ID_SIZE], hit[ID_SIZE];
    unsigned char bytes[ID_BYTES];
    struct json *o = json_new_object();

    if (port_random(bytes, sizeof(bytes)) != ERR_OK ||
        !steady(g, "salt", "", thing, salt) ||
        !steady(g, "hit", HIT_PREFIX, thing, hit))
        return fields_end(o, false);
    proof_encode(bytes, sizeof(bytes), c->id);
    (void)snprintf(c->thing, sizeof(c->thing), "%s", thing);
    c->until_ms = now_ms + OPEN_MS;
    return fields_end(o,
        fields_text(o, "claim", c->id) && fields_text(o, "salt", salt) &&
            fields_number(o, "iterations", ITERATIONS) &&
            fields_text(o, "hit", hit));
}

static struct json *share(void)
{
    unsigned char bytes[32];
    char key[PROOF_KEY_SIZE], confirm[48];
    struct json *o = json_new_object();

    if (port_random(bytes, sizeof(bytes)) != ERR_OK ||
        proof_random_key(key) != ERR_OK)
        return fields_end(o, false);
    proof_encode(bytes, sizeof(bytes), confirm);
    return fields_end(
        o, fields_text(o, "share", key) && fields_text(o, "confirm", confirm));
}

static void refuse(const char *code, const char *words,
    command_callback *callback, void *context)
{
    callback(context,
        &(struct command_answer){
            .e = ERR_DENIED, .code = code, .words = words});
}

void ghosts_answer(struct ghosts *ghosts, const char *thing,
    const struct json *request, int64_t now_ms, command_callback *callback,
    void *context)
{
    const char *step = json_text(json_get(request, "step"));
    const char *id = json_text(json_get(request, "claim"));
    struct open_claim *c = find(ghosts, thing, id, now_ms);
    struct json *answer = NULL;

    if (strcmp(step, "begin") == 0)
        answer = begin(ghosts, thing, now_ms);
    else if (c == NULL) {
        refuse("NO_CLAIM", "this claim is not open", callback, context);
        return;
    } else if (strcmp(step, "share") == 0)
        answer = share();
    else {
        c->until_ms = 0;
        refuse("WRONG_CODE", "the code did not match", callback, context);
        return;
    }
    callback(context,
        &(struct command_answer){
            .e = answer != NULL ? ERR_OK : ERR_AGAIN, .answer = answer});
    json_free(answer);
}
