/* Any bytes published to a shadow: there is one answer, everything published
 * is JSON, an accepted update is one version, and a device that reports the
 * delta is where it was wanted.
 *
 * The input is cut at each 0xff byte (never in UTF-8) into requests; the first
 * byte of each says which of four, the rest is the payload. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/limits.h"
#include "cloud-mock/lib/sender.h"
#include "cloud-mock/lib/shadow.h"
#include "cloud-mock/lib/store_registry.h"
#include "core/patch.h"

#define THING "acme:thermo-1:S1"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct seen {
    size_t accepted, rejected, deltas, documents;
    int64_t version;
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static struct json *parse(const void *text, size_t len)
{
    const struct json_limits limits = {1 << 20, 100};
    struct json *value = NULL;

    must(json_parse(text, len, limits, &value) == ERR_OK);
    return value;
}

/* Whoever takes over the delta has nothing left to do. */
static void check_state(const struct json *state)
{
    const struct json *desired = json_get(state, "desired");
    const struct json *reported = json_get(state, "reported");
    struct json *empty = json_new_object();
    struct json *delta = NULL, *taken = NULL, *rest = NULL;
    char *text = json_print(state);

    must(strlen(text) <= LIMITS_SHADOW_BYTES);
    free(text);
    desired = desired == NULL ? empty : desired;
    reported = reported == NULL ? empty : reported;
    must(patch_between(desired, reported, &delta) == ERR_OK &&
        patch_apply(reported, delta, &taken) == ERR_OK &&
        patch_between(desired, taken, &rest) == ERR_OK);
    must(json_first(rest) == NULL);
    json_free(rest);
    json_free(taken);
    json_free(delta);
    json_free(empty);
}

static void check_documents(struct seen *seen, const struct json *body)
{
    const struct json *current = json_get(body, "current");
    int64_t before = 0, after = 0;

    must(json_whole(json_get(json_get(body, "previous"), "version"), 0,
             JSON_WHOLE_MAX, &before) &&
        json_whole(json_get(current, "version"), 1, JSON_WHOLE_MAX, &after));
    must(after == before + 1);
#ifdef PLANT_A_FAULT /* test_shadow_service proves that it would be found */
    must(
        json_get(json_get(json_get(current, "state"), "desired"), "a") == NULL);
#endif
    check_state(json_get(current, "state"));
    seen->version = after;
    seen->documents++;
}

static void on_publish(void *context, const struct seam_message *message)
{
    struct seen *seen = context;
    struct json *body = parse(message->payload, message->len);
    const char *last = strrchr(message->topic, '/') + 1;

    if (strcmp(last, "accepted") == 0)
        seen->accepted++;
    else if (strcmp(last, "rejected") == 0)
        seen->rejected++;
    else if (strcmp(last, "delta") == 0)
        seen->deltas++;
    else
        check_documents(seen, body);
    json_free(body);
}

static int64_t now_ms(void *context)
{
    (void)context;
    return 1591142747000;
}

static void request(struct shadows *shadows, struct seen *seen,
    const uint8_t *bytes, size_t len)
{
    static const char *const topics[] = {
        "$aws/things/" THING "/shadow/update",
        "$aws/things/" THING "/shadow/get",
        "$aws/things/" THING "/shadow/delete",
        "$aws/things/" THING "/shadow/name/n/update",
    };
    const char *topic = topics[bytes[0] & 3];
    struct topic_shadow read;

    *seen = (struct seen){0};
    must(topic_read_shadow(topic, &read));
    shadows_request(shadows, &read, bytes + 1, len - 1);
    must(seen->accepted + seen->rejected == 1);
    if (read.operation == TOPIC_SHADOW_UPDATE)
        must(seen->documents == seen->accepted &&
            seen->deltas <= seen->accepted);
    else
        must(seen->documents == 0 && seen->deltas == 0);
}

static void register_thing(struct store *store)
{
    const struct store_thing thing = {.name = THING};
    const struct store_certificate certificate = {.id = "1"};

    must(store_register(store, &thing, &certificate) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct seen seen = {0};
    const struct seam seam = {&seen, now_ms, NULL, on_publish, NULL};
    struct store *store = NULL;
    struct sender *sender = sender_new(&seam);
    struct rates *rates = rates_new(false);
    struct shadows *shadows;

    must(rates != NULL && store_open(":memory:", &store) == ERR_OK);
    register_thing(store);
    shadows = shadows_new(store, sender, rates);
    while (len > 0) {
        const uint8_t *end = memchr(bytes, 0xff, len);
        size_t n = end == NULL ? len : (size_t)(end - bytes);

        if (n > 0)
            request(shadows, &seen, bytes, n);
        n += end != NULL;
        bytes += n;
        len -= n;
    }
    shadows_free(shadows);
    rates_free(rates);
    sender_free(sender);
    store_close(store);
    return 0;
}
