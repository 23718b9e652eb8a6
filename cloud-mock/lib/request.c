/* request.c - one table of operations; each fills in its answer. */

#include "cloud-mock/lib/request.h"

#include <stdio.h>
#include <string.h>

#include "cloud-mock/lib/cloud.h"
#include "cloud-mock/lib/description.h"
#include "cloud-mock/lib/request_work.h"
#include "core/near.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum err request_fail(struct request_work *work, enum err e, const char *why)
{
    snprintf(work->why, sizeof(work->why), "%s", why);
    return e;
}

enum err request_want_text(
    struct request_work *work, const char *key, const char **text)
{
    const char *found = json_text(json_get(work->request, key));

    if (found == NULL) {
        snprintf(work->why, sizeof(work->why),
            "\"%s\" is missing; expected a string", key);
        return ERR_INVALID;
    }
    *text = found;
    return ERR_OK;
}

enum err request_want_number(
    struct request_work *work, const char *key, int64_t max, int64_t *number)
{
    if (json_whole(json_get(work->request, key), -max, max, number))
        return ERR_OK;
    snprintf(work->why, sizeof(work->why),
        "\"%s\" is wrong; expected a whole number, at most %lld", key,
        (long long)max);
    return ERR_INVALID;
}

enum err request_say_ok(struct request_work *work)
{
    return json_set(work->answer, "ok", json_new_bool(true));
}

static enum err do_things(struct request_work *work)
{
    struct json *all = NULL;
    enum err e = description_of_all(work->services->store, &all);

    return e == ERR_OK ? json_set(work->answer, "things", all) : e;
}

static enum err want_thing(struct request_work *work, struct store_thing *thing)
{
    const char *name;
    enum err e = request_want_text(work, "thing", &name);

    if (e == ERR_OK)
        e = store_get_thing(work->services->store, name, thing);
    return e == ERR_NOT_FOUND ? request_fail(work, e, "there is no such thing")
                              : e;
}

static enum err do_thing(struct request_work *work)
{
    struct store_thing thing;
    struct json *one = NULL;
    enum err e = want_thing(work, &thing);

    if (e == ERR_OK)
        e = description_of_thing(work->services->store, &thing, &one);
    return e == ERR_OK ? json_set(work->answer, "thing", one) : e;
}

static enum err do_shadow(struct request_work *work)
{
    const char *name = json_text(json_get(work->request, "name"));
    struct store_thing thing;
    struct json *shadow = NULL;
    enum err e = want_thing(work, &thing);

    if (e == ERR_OK)
        e = shadows_read(work->services->shadows, thing.name,
            name == NULL ? "" : name, &shadow);
    if (e == ERR_NOT_FOUND && work->why[0] == '\0')
        return request_fail(work, e, "the thing has no such shadow");
    return e == ERR_OK ? json_set(work->answer, "shadow", shadow) : e;
}

static enum err do_kick(struct request_work *work)
{
    const char *name;
    enum err e = request_want_text(work, "thing", &name);

    if (e != ERR_OK)
        return e;
    if (!presence_kick(work->services->presence, name, PRESENCE_API_INITIATED))
        return request_fail(work, ERR_NOT_FOUND, "it is not connected");
    return request_say_ok(work);
}

/* --- faults for tests (contract section 12) ------------------------------- */

static enum err set_fault(
    struct request_work *work, const char *key, int64_t max, int64_t *fault)
{
    enum err e = request_want_number(work, key, max, fault);

    return e == ERR_OK ? request_say_ok(work) : e;
}

static enum err do_test_delay(struct request_work *work)
{
    return set_fault(work, "ms", 3600 * 1000,
        &sender_faults(work->services->sender)->delay_ms);
}

static enum err do_test_drop(struct request_work *work)
{
    return set_fault(
        work, "count", 1000, &sender_faults(work->services->sender)->drop);
}

static enum err do_test_duplicate(struct request_work *work)
{
    return set_fault(
        work, "count", 1000, &sender_faults(work->services->sender)->duplicate);
}

static enum err do_test_clock(struct request_work *work)
{
    return set_fault(work, "ms", JSON_WHOLE_MAX / 10,
        &sender_faults(work->services->sender)->clock_ms);
}

static enum err do_test_shadow_error(struct request_work *work)
{
    int64_t code;
    enum err e = request_want_number(work, "code", 599, &code);

    if (e != ERR_OK)
        return e;
    if (code != 0 && code != 409 && code != 500)
        return request_fail(work, ERR_INVALID,
            "\"code\" is wrong; expected 409, 500 or 0 for none");
    sender_faults(work->services->sender)->shadow_code = code;
    return request_say_ok(work);
}

static enum err do_test_jobs_error(struct request_work *work)
{
    int64_t code;
    enum err e = request_want_number(work, "code", 599, &code);

    if (e != ERR_OK)
        return e;
    if (code != 0 && code != 409 && code != 429 && code != 500)
        return request_fail(work, ERR_INVALID,
            "\"code\" is wrong; expected 409, 429, 500 or 0 for none");
    sender_faults(work->services->sender)->jobs_code = code;
    return request_say_ok(work);
}

static enum err do_test_provisioning_error(struct request_work *work)
{
    return set_fault(work, "code", 599,
        &sender_faults(work->services->sender)->provisioning_code);
}

static enum err want_switch(struct request_work *work, bool *out)
{
    const struct json *on = json_get(work->request, "on");

    if (!json_is_bool(on))
        return request_fail(
            work, ERR_INVALID, "\"on\" is wrong; expected true or false");
    *out = json_is_true(on);
    return request_say_ok(work);
}

static enum err do_test_strict(struct request_work *work)
{
    return want_switch(work, work->services->strict);
}

static enum err do_test_rates(struct request_work *work)
{
    bool on;
    enum err e = want_switch(work, &on);

    if (e == ERR_OK)
        rates_switch(work->services->rates, on);
    return e;
}

static const struct {
    const char *name;
    enum err (*perform)(struct request_work *work);
} operations[] = {
    {"things",                  do_things                 },
    {"thing",                   do_thing                  },
    {"shadow",                  do_shadow                 },
    {"set-certificate-status",  request_set_status        },
    {"issue-certificate",       request_issue             },
    {"create-job",              request_create_job        },
    {"cancel-job",              request_cancel_job        },
    {"delete-job",              request_delete_job        },
    {"job",                     request_job               },
    {"jobs",                    request_jobs              },
    {"kick",                    do_kick                   },
    {"test-delay",              do_test_delay             },
    {"test-drop",               do_test_drop              },
    {"test-duplicate",          do_test_duplicate         },
    {"test-clock",              do_test_clock             },
    {"test-shadow-error",       do_test_shadow_error      },
    {"test-jobs-error",         do_test_jobs_error        },
    {"test-provisioning-error", do_test_provisioning_error},
    {"test-strict",             do_test_strict            },
    {"test-rates",              do_test_rates             },
};

static enum err unknown(struct request_work *work, const char *name)
{
    const char *known[COUNT(operations)];
    const char *near;

    for (size_t i = 0; i < COUNT(operations); i++)
        known[i] = operations[i].name;
    near = near_word(name, known, COUNT(known));
    snprintf(work->why, sizeof(work->why), "unknown op \"%.40s\"%s%s%s", name,
        near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
        near == NULL ? "" : "\"?");
    return ERR_UNSUPPORTED;
}

static enum err perform(struct request_work *work)
{
    const char *name;
    enum err e;

    if (!json_is_object(work->request))
        return request_fail(work, ERR_INVALID, "expected a JSON object");
    e = request_want_text(work, "op", &name);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < COUNT(operations); i++)
        if (strcmp(operations[i].name, name) == 0)
            return operations[i].perform(work);
    return unknown(work, name);
}

static enum err report(struct request_work *work, enum err failure)
{
    const char *why =
        work->why[0] == '\0' ? "it failed; see the broker's log" : work->why;
    enum err e =
        json_set(work->answer, "error", json_new_string(err_name(failure)));

    return e == ERR_OK ? json_set(work->answer, "message", json_new_string(why))
                       : e;
}

/* NULL when memory runs out. */
static struct json *answer(
    const struct request_services *services, const struct json *request)
{
    struct request_work work = {services, request, json_new_object(), ""};
    const struct json *id = json_get(request, "id");
    enum err e = work.answer == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK && id != NULL)
        e = json_set(work.answer, "id", json_clone(id));
    if (e == ERR_OK) {
        enum err failure = perform(&work);

        if (failure != ERR_OK)
            e = report(&work, failure);
    }
    if (e == ERR_OK)
        return work.answer;
    json_free(work.answer);
    return NULL;
}

void request_handle(const struct request_services *services,
    const struct cloud_message *message)
{
    const struct json_limits limits = {64 * 1024, 10};
    char topic[LIMITS_TOPIC_BYTES + 1];
    struct json *request = NULL;

    snprintf(topic, sizeof(topic), "$nameplate/cloud/%.128s/request",
        message->client);
    if (strcmp(topic, message->topic) != 0)
        return;
    if (json_parse(message->payload, message->len, limits, &request) != ERR_OK)
        request = NULL; /* answered as "expected a JSON object" */
    snprintf(topic, sizeof(topic), "$nameplate/cloud/%.128s/response",
        message->client);
    sender_answer(
        services->sender, message->client, topic, answer(services, request));
    json_free(request);
}
