/* Any messages, in any order, from a hostile cloud: what is known stays sound.
 *
 * One message a line.  Its first byte says what it is: '0' to '4' a message on
 * that topic, 'a' a get of ours goes out, 'r' a report of ours. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/patch.h"
#include "device/shadow_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#ifdef PLANT_A_FAULT /* test_shadow proves that it would be found */
enum err __real_patch_between(const struct json *wanted,
    const struct json *have, struct json **out) MUST_CHECK;
enum err __wrap_patch_between(const struct json *wanted,
    const struct json *have, struct json **out) MUST_CHECK;

/* A state that merges where it should compare; those here still compare. */
enum err __wrap_patch_between(
    const struct json *wanted, const struct json *have, struct json **out)
{
    return patch_apply(wanted, have, out);
}
#define patch_between __real_patch_between
#endif

static void check(int truth)
{
    if (!truth)
        abort();
}

/* What differs differs: nothing of it is in the reported section. */
static void check_state(const struct shadow_state *s)
{
    const struct json *difference = shadow_state_difference(s);
    struct json *again;

    check(json_is_object(difference));
    check(json_is_object(shadow_state_reported(s)));
    check(!patch_has_null_in_array(difference));
    check(shadow_state_version(s) >= 0);
    check(
        patch_between(difference, shadow_state_reported(s), &again) == ERR_OK);
    check(json_equal(again, difference));
    json_free(again);
}

static void take(
    struct shadow_state *s, int topic, const uint8_t *bytes, size_t len)
{
    const struct shadow_message m = {(enum shadow_topic)topic, bytes, len};
    struct json *difference = json_clone(shadow_state_difference(s));
    struct json *reported = json_clone(shadow_state_reported(s));
    int64_t version = shadow_state_version(s);
    struct shadow_refusal refusal = {.code = -1};
    enum shadow_step step = shadow_state_take(s, &m, &refusal);

    if (step == SHADOW_MALFORMED || step == SHADOW_REFUSED ||
        step == SHADOW_ASK || step == SHADOW_ASK_LATER) {
        check(json_equal(difference, shadow_state_difference(s)));
        check(json_equal(reported, shadow_state_reported(s)));
        check(version == shadow_state_version(s));
    }
    if (step == SHADOW_IGNORE)
        check(json_equal(difference, shadow_state_difference(s)));
    if (step == SHADOW_REFUSED)
        check(refusal.code >= 0 &&
            memchr(refusal.message, '\0', sizeof(refusal.message)) != NULL);
    json_free(difference);
    json_free(reported);
}

static void report(struct shadow_state *s, const uint8_t *bytes, size_t len)
{
    static const struct json_limits limits = {65536, 30};
    struct json *patch;

    if (json_parse(bytes, len, limits, &patch) != ERR_OK)
        return;
    if (shadow_state_check(s, patch) == ERR_OK)
        (void)shadow_state_report(s, patch);
    json_free(patch);
}

static void play(struct shadow_state *s, const uint8_t *line, size_t len)
{
    if (len == 0)
        return;
    if (line[0] == 'a')
        shadow_state_ask(s, SHADOW_TOKEN_PREFIX "1");
    else if (line[0] == 'r')
        report(s, line + 1, len - 1);
    else if (line[0] >= '0' && line[0] < '0' + SHADOW_TOPICS)
        take(s, line[0] - '0', line + 1, len - 1);
    check_state(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct shadow_state *s = shadow_state_new();

    check(s != NULL);
    while (len > 0) {
        const uint8_t *end = memchr(bytes, '\n', len);
        size_t line = end == NULL ? len : (size_t)(end - bytes);

        play(s, bytes, line);
        line += end != NULL;
        bytes += line;
        len -= line;
    }
    shadow_state_free(s);
    return 0;
}
