/* Each allocation of ours fails once while a device lives its life in the
 * cloud: nothing crashes or leaks, and what was said to be done is done.
 *
 * The linker puts our allocator before the real one (--wrap), cJSON is given
 * it; SQLite and mbedTLS's own tests are not repeated. */

#include "cloud_site.h"

#include <cjson/cJSON.h>

static long allocations, failing; /* the n-th fails; 0: none does */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static bool fails(void)
{
    return ++allocations == failing;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

#define UPDATE                                                                 \
    "{\"state\":{\"desired\":{\"a\":[1,{\"b\":2}]},\"reported\":{\"c\":3}},"   \
    "\"clientToken\":\"t\"}"

static void publish(struct site *site, const char *topic, const char *payload)
{
    const struct cloud_message message = {
        THING, topic, payload, strlen(payload)};

    cloud_message(site->cloud, &message);
}

/* The version that was said to be accepted, or 0. */
static long accepted_version(const struct site *site)
{
    const char *found = strstr(site->world.said, "update/accepted ");

    found = found == NULL ? NULL : strstr(found, "\"version\":");
    return found == NULL ? 0 : strtol(strchr(found, ':') + 1, NULL, 10);
}

/* Everything once; whatever fails, the next thing is tried.  Gives the version
 * of the shadow that was accepted, or 0. */
static long live(struct site *site, const struct bytes *der)
{
    long version;
    const struct seam seam = world_seam(&site->world);
    const struct cloud_access subscribe = {
        THING, CLOUD_SUBSCRIBE, "nameplate/" THING "/x", 0, 1, false, 5, false};

    site->cloud = NULL;
    if (cloud_open(&site->options, &seam, &site->cloud) != ERR_OK)
        return 0;
    (void)connects(site, der, THING);
    (void)cloud_may(site->cloud, &subscribe);
    publish(site, "$aws/things/" THING "/shadow/update", UPDATE);
    version = accepted_version(site);
    publish(site, "$aws/things/" THING "/shadow/get", "");
    publish(site, "$aws/things/" THING "/shadow/name/n/delete", "{}");
    ask(site, "{\"op\":\"test-delay\",\"ms\":1}");
    publish(site, "$aws/things/" THING "/shadow/get", "");
    ask(site, "{\"id\":1,\"op\":\"things\"}");
    ask(site, "{\"id\":1,\"op\":\"nothing\"}");
    if (cloud_reload(site->cloud) != ERR_OK)
        assert_int_not_equal(failing, 0);
    cloud_disconnect(site->cloud, THING, site, PRESENCE_CONNECTION_LOST);
    site->world.now_ms += 10;
    cloud_tick(site->cloud);
    cloud_close(site->cloud);
    return version;
}

static void forget_everything(struct site *site)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[600];

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", site->database, suffixes[i]);
        (void)unlink(path);
    }
    world_begin(&site->world);
}

static void a_lack_of_memory_fails_one_request_and_nothing_else(void **state)
{
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);
    cJSON_Hooks hooks = {__wrap_malloc, free};
    long count;

    cloud_close(site->cloud);
    site->options.rates = true;
    if (access("/dev/shm", W_OK) == 0) /* a thousand opens want no disk */
        (void)snprintf(site->database, sizeof(site->database),
            "/dev/shm/nameplate-test-%ld.db", (long)getpid());
    cJSON_InitHooks(&hooks);
    forget_everything(site);
    allocations = failing = 0;
    assert_int_equal(live(site, &der), 1);
    count = allocations;
    for (long n = 1; n <= count; n++) {
        long before, after;

        forget_everything(site);
        allocations = 0;
        failing = n;
        before = live(site, &der);
        failing = 0;
        world_begin(&site->world);
        after = live(site, &der); /* with memory, on what was left behind */
        if (after != before + 1 && (before != 0 || after != 2))
            fail_msg("allocation %ld of %ld: version %ld, then %ld", n, count,
                before, after);
    }
    cJSON_InitHooks(NULL);
    forget_everything(site);
    site->options.database = ":memory:";
    site_open(site);
    bytes_free(&der);
    assert_true(count > 300);
}

#define JOBS "$aws/things/" THING "/jobs/"

/* As `ask`, but what was said before stays. */
static void order(struct site *site, const char *request)
{
    const struct cloud_message message = {
        "boss", "$nameplate/cloud/boss/request", request, strlen(request)};

    cloud_message(site->cloud, &message);
}

static void tidy(struct site *site)
{
    order(site, "{\"op\":\"delete-job\",\"job\":\"j\"}");
    order(site, "{\"op\":\"delete-job\",\"job\":\"k\"}");
}

/* Jobs from their order to their end; whatever fails, the next thing is tried.
 */
static void work(struct site *site)
{
    order(site,
        "{\"op\":\"create-job\",\"job\":\"j\",\"document\":{\"a\":[1]},"
        "\"thing\":\"" THING "\"}");
    order(site,
        "{\"op\":\"create-job\",\"job\":\"k\",\"document\":{},"
        "\"things\":[\"" THING "\"]}");
    publish(site, JOBS "start-next",
        "{\"statusDetails\":{\"a\":\"1\"},\"stepTimeoutInMinutes\":1}");
    publish(site, JOBS "get", "{\"clientToken\":\"t\"}");
    publish(site, JOBS "k/update",
        "{\"status\":\"FAILED\",\"statusDetails\":{\"b\":\"2\"},"
        "\"includeJobExecutionState\":true,\"includeJobDocument\":true}");
    publish(site, JOBS "k/update", "{\"status\":\"FAILED\"}");
    publish(site, JOBS "no/such", "{}");
    site->world.now_ms += 60000;
    cloud_tick(site->cloud);
    order(site, "{\"op\":\"jobs\"}");
    order(site, "{\"op\":\"job\",\"job\":\"j\"}");
    order(site, "{\"op\":\"cancel-job\",\"job\":\"j\"}");
    tidy(site);
}

static void a_lack_of_memory_fails_one_step_of_a_job_alone(void **state)
{
    struct site *site = *state;
    cJSON_Hooks hooks = {__wrap_malloc, free};
    char *expected;
    long count;

    assert_int_equal(tries(site, &site->acme, &genuine, THING), CLOUD_WELCOME);
    cJSON_InitHooks(&hooks);
    world_begin(&site->world);
    work(site); /* SQLite's and stdio's first times */
    world_begin(&site->world);
    allocations = failing = 0;
    work(site);
    count = allocations;
    expected = strdup(site->world.said);
    assert_non_null(strstr(expected, "TIMED_OUT"));
    for (long n = 1; n <= count; n++) {
        world_begin(&site->world);
        allocations = 0;
        failing = n;
        work(site);
        failing = 0;
        tidy(site);
        world_begin(&site->world);
        work(site); /* with memory, all is as it was */
        if (strcmp(site->world.said, expected) != 0)
            fail_msg("allocation %ld of %ld: %s", n, count, site->world.said);
    }
    free(expected);
    cJSON_InitHooks(NULL);
    assert_true(count > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(a_lack_of_memory_fails_one_request_and_nothing_else),
        SITE_TEST(a_lack_of_memory_fails_one_step_of_a_job_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
