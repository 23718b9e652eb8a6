/* shadow_state.c */

#include "device/shadow_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/patch.h"

#define SECTION_BYTES 8192 /* AWS: desired and reported together */
#define PAYLOAD_BYTES                                                          \
    (128 * 1024)         /* AWS: of any message; metadata is extra             \
                          */
#define SECTION_DEPTH 5  /* AWS; its error text says 6 */
#define PAYLOAD_DEPTH 24 /* far above AWS's 6 levels of state */

#define CODE_NOT_FOUND 404
#define CODE_TOO_MANY  429
#define CODE_SERVER    500

struct shadow_state {
    struct json *reported;
    struct json *difference;
    bool known;                     /* an answer or a delta came once */
    int64_t version;                /* newest handled, echoes too */
    int64_t delta_version;          /* newest delta or get handled */
    int64_t news;                   /* newest version seen since we asked */
    char token[SHADOW_TOKEN_BYTES]; /* of the get under way, or "" */
};

struct shadow_state *shadow_state_new(void)
{
    struct shadow_state *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->reported = json_new_object();
    s->difference = json_new_object();
    if (s->reported != NULL && s->difference != NULL)
        return s;
    shadow_state_free(s);
    return NULL;
}

void shadow_state_free(struct shadow_state *s)
{
    if (s == NULL)
        return;
    json_free(s->reported);
    json_free(s->difference);
    free(s);
}

void shadow_state_ask(struct shadow_state *s, const char *token)
{
    (void)snprintf(s->token, sizeof(s->token), "%s", token);
    s->news = 0;
}

bool shadow_state_is_asking(const struct shadow_state *s)
{
    return s->token[0] != '\0';
}

const struct json *shadow_state_difference(const struct shadow_state *s)
{
    return s->difference;
}

const struct json *shadow_state_reported(const struct shadow_state *s)
{
    return s->reported;
}

int64_t shadow_state_version(const struct shadow_state *s)
{
    return s->version;
}

bool shadow_state_is_known(const struct shadow_state *s)
{
    return s->known;
}

/* Takes `difference`; NULL is out of memory. */
static enum shadow_step settle(struct shadow_state *s, struct json *difference)
{
    bool news = !s->known || !json_equal(s->difference, difference);

    s->known = true;
    json_free(s->difference);
    s->difference = difference;
    return news ? SHADOW_TELL : SHADOW_IGNORE;
}

static bool is_version(const struct json *value, int64_t *version)
{
    return json_whole(value, 1, JSON_WHOLE_MAX, version);
}

static bool has_token(const struct json *message, const char *token)
{
    const char *text = json_text(json_get(message, "clientToken"));

    return text != NULL && strcmp(text, token) == 0;
}

static bool has_our_token(const struct json *message)
{
    const char *text = json_text(json_get(message, "clientToken"));

    return text != NULL &&
        strncmp(text, SHADOW_TOKEN_PREFIX, strlen(SHADOW_TOKEN_PREFIX)) == 0;
}

/* A section of a state: {} when absent, NULL when it is something else or
 * cannot be a shadow's. */
static const struct json *section(
    const struct json *state, const char *name, const struct json *empty)
{
    const struct json *found = json_get(state, name);

    if (found == NULL)
        return empty;
    return json_is_object(found) && !patch_has_null_in_array(found) ? found
                                                                    : NULL;
}

static enum shadow_step believe(
    struct shadow_state *s, const struct json *state, int64_t version)
{
    struct json *empty = json_new_object();
    const struct json *desired = section(state, "desired", empty);
    const struct json *reported = section(state, "reported", empty);
    struct json *copy = NULL, *difference = NULL;
    enum shadow_step step = SHADOW_MALFORMED;

    if (desired == NULL || reported == NULL)
        goto done;
    copy = json_clone(reported);
    if (copy == NULL || patch_between(desired, copy, &difference) != ERR_OK) {
        json_free(copy);
        goto done;
    }
    json_free(s->reported);
    s->reported = copy;
    s->version = s->delta_version = version;
    s->token[0] = '\0';
    step = settle(s, difference);
done:
    json_free(empty);
    return step;
}

static enum shadow_step take_answer(
    struct shadow_state *s, const struct json *message)
{
    const struct json *state = json_get(message, "state");
    int64_t version;

    if (!shadow_state_is_asking(s) || !has_token(message, s->token))
        return SHADOW_IGNORE;
    if (!is_version(json_get(message, "version"), &version) ||
        !json_is_object(state))
        return SHADOW_MALFORMED;
    if (version < s->news)
        return SHADOW_ASK;
    return believe(s, state, version);
}

static enum shadow_step take_delta(
    struct shadow_state *s, const struct json *message)
{
    const struct json *state = json_get(message, "state");
    struct json *difference;
    int64_t version;

    if (!is_version(json_get(message, "version"), &version) ||
        !json_is_object(state) || patch_has_null_in_array(state))
        return SHADOW_MALFORMED;
    if (version < s->version || version <= s->delta_version)
        return SHADOW_IGNORE;
    if (patch_between(state, s->reported, &difference) != ERR_OK)
        return SHADOW_MALFORMED;
    s->version = s->delta_version = version;
    if (s->news < version)
        s->news = version;
    return settle(s, difference);
}

/* One section of an accepted update, merged into `*document`; null empties it.
 * Takes nothing away on failure. */
static bool merge_section(
    const struct json *state, const char *name, struct json **document)
{
    const struct json *patch = json_get(state, name);
    struct json *merged = NULL;

    if (patch == NULL)
        return true;
    if (json_is_null(patch)) {
        merged = json_new_object();
        if (merged == NULL)
            return false;
    } else if (!json_is_object(patch) || patch_has_null_in_array(patch) ||
        patch_apply(*document, patch, &merged) != ERR_OK) {
        return false;
    }
    json_free(*document);
    *document = merged;
    return true;
}

/* What the echo of an update leaves different; our own reports were counted
 * when they were made, and later ones may be on their way. */
static enum shadow_step apply_echo(struct shadow_state *s,
    const struct json *state, bool ours, int64_t version)
{
    struct json *wanted = json_clone(s->difference);
    struct json *reported = json_clone(s->reported);
    struct json *difference = NULL;
    bool fine = wanted != NULL && reported != NULL &&
        merge_section(state, "desired", &wanted) &&
        (ours || merge_section(state, "reported", &reported)) &&
        patch_between(wanted, reported, &difference) == ERR_OK;

    json_free(wanted);
    if (!fine) {
        json_free(reported);
        return SHADOW_MALFORMED;
    }
    json_free(s->reported);
    s->reported = reported;
    s->version = version;
    if (s->news < version)
        s->news = version;
    return settle(s, difference);
}

static enum shadow_step take_echo(
    struct shadow_state *s, const struct json *message)
{
    const struct json *state = json_get(message, "state");
    int64_t version;

    if (!is_version(json_get(message, "version"), &version) ||
        !(json_is_object(state) || json_is_null(state)))
        return SHADOW_MALFORMED;
    if (!s->known || version <= s->version)
        return SHADOW_IGNORE;
    return apply_echo(s, state, has_our_token(message), version);
}

static enum shadow_step refused(
    const struct json *message, struct shadow_refusal *refusal)
{
    const char *words = json_text(json_get(message, "message"));

    if (!json_whole(json_get(message, "code"), 0, 999, &refusal->code))
        return SHADOW_MALFORMED;
    (void)snprintf(refusal->message, sizeof(refusal->message), "%s",
        words == NULL ? "" : words);
    return SHADOW_REFUSED;
}

/* No shadow: nothing is wanted, and versions begin again. */
static enum shadow_step begin_anew(struct shadow_state *s)
{
    struct json *nothing = json_new_object();

    if (nothing == NULL)
        return SHADOW_MALFORMED;
    s->version = s->delta_version = 0;
    s->token[0] = '\0';
    (void)settle(s, nothing);
    return SHADOW_CREATE;
}

static enum shadow_step take_refused_answer(struct shadow_state *s,
    const struct json *message, struct shadow_refusal *refusal)
{
    enum shadow_step step;

    if (!shadow_state_is_asking(s) || !has_token(message, s->token))
        return SHADOW_IGNORE;
    step = refused(message, refusal);
    if (step != SHADOW_REFUSED)
        return step;
    if (refusal->code == CODE_NOT_FOUND)
        return s->news > 0 ? SHADOW_ASK : begin_anew(s);
    if (refusal->code == CODE_TOO_MANY || refusal->code >= CODE_SERVER)
        return SHADOW_ASK_LATER;
    s->token[0] = '\0';
    return SHADOW_REFUSED;
}

static enum shadow_step take_refused_update(
    const struct json *message, struct shadow_refusal *refusal)
{
    return has_our_token(message) ? refused(message, refusal) : SHADOW_IGNORE;
}

enum shadow_step shadow_state_take(struct shadow_state *s,
    const struct shadow_message *message, struct shadow_refusal *refusal)
{
    static const struct json_limits limits = {PAYLOAD_BYTES, PAYLOAD_DEPTH};
    enum shadow_step step = SHADOW_MALFORMED;
    struct json *parsed;

    if (json_parse(message->payload, message->len, limits, &parsed) != ERR_OK)
        return SHADOW_MALFORMED;
    switch (message->topic) {
    case SHADOW_GET_ACCEPTED:
        step = take_answer(s, parsed);
        break;
    case SHADOW_GET_REJECTED:
        step = take_refused_answer(s, parsed, refusal);
        break;
    case SHADOW_UPDATE_ACCEPTED:
        step = take_echo(s, parsed);
        break;
    case SHADOW_UPDATE_REJECTED:
        step = take_refused_update(parsed, refusal);
        break;
    case SHADOW_UPDATE_DELTA:
        step = take_delta(s, parsed);
        break;
    case SHADOW_TOPICS:
        break;
    }
    json_free(parsed);
    return step;
}

static enum err check_size(const struct json *document)
{
    char *text = json_print(document);
    size_t len = text == NULL ? 0 : strlen(text);

    if (text == NULL)
        return ERR_NO_MEMORY;
    free(text);
    return len > SECTION_BYTES ? ERR_TOO_BIG : ERR_OK;
}

enum err shadow_state_check(
    const struct shadow_state *s, const struct json *patch)
{
    struct json *reported;
    enum err e;

    if (!json_is_object(patch) || json_depth(patch) > SECTION_DEPTH ||
        patch_has_null_in_array(patch))
        return ERR_INVALID;
    e = check_size(patch);
    if (e != ERR_OK)
        return e;
    e = patch_apply(s->reported, patch, &reported);
    if (e != ERR_OK)
        return e;
    e = check_size(reported);
    json_free(reported);
    return e;
}

enum shadow_step shadow_state_report(
    struct shadow_state *s, const struct json *patch)
{
    struct json *reported, *difference;
    bool changed;

    if (patch_apply(s->reported, patch, &reported) != ERR_OK)
        return SHADOW_IGNORE;
    if (patch_between(s->difference, reported, &difference) != ERR_OK) {
        json_free(reported);
        return SHADOW_IGNORE;
    }
    changed = !json_equal(s->difference, difference);
    json_free(s->reported);
    s->reported = reported;
    json_free(s->difference);
    s->difference = difference;
    return changed ? SHADOW_TELL : SHADOW_IGNORE;
}
