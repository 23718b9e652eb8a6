/* enrolment_site.h - cloud_site.h with an operational CA, a claim CA of Acme's
 * and a device that is connected by its factory certificate. */

#ifndef TESTS_ENROLMENT_SITE_H
#define TESTS_ENROLMENT_SITE_H

#include "cloud-mock/lib/issuer.h"
#include "cloud_site.h"
#include "core/json.h"

#define CLAIM_CLIENT "claim-1"

struct enrolment_site {
    struct site site; /* first: `ask` and the like take it */
    struct forge claim_ca;
    struct bytes factory, claim;
    struct keypair *key; /* of what is asked for */
    char state[500], claims_file[500];
    const char *claims[1];
    char topic[300]; /* of the last answer */
};

static inline int enrolment_up(void **state)
{
    struct enrolment_site *e = calloc(1, sizeof(*e));
    void *site = NULL;
    const struct subject claim = {"Acme", NULL, "claim", NULL};

    assert_non_null(e);
    assert_int_equal(set_up(&site), 0);
    e->site = *(struct site *)site;
    free(site);
    cloud_close(e->site.cloud); /* it pointed at the other one */
    e->site.authorities[0] = e->site.cas;
    e->claim_ca = forge_authority("Acme claims");
    e->factory = forge_leaf(&e->site.acme, &genuine);
    e->claim = forge_leaf(&e->claim_ca, &claim);
    (void)snprintf(e->state, sizeof(e->state), "%s/op", e->site.folder.path);
    (void)snprintf(e->claims_file, sizeof(e->claims_file), "%s/claims.pem",
        e->site.folder.path);
    forge_write(&e->claim_ca.der, e->claims_file);
    e->claims[0] = e->claims_file;
    assert_int_equal(issuer_make(e->state, WORLD_NOW_MS / 1000), ERR_OK);
    e->site.options = (struct cloud_options){
        .database = e->site.database,
        .authorities = e->site.authorities,
        .authority_count = 1,
        .strict = true,
        .enrolment = {e->state,  3600},
        .claims = {e->claims, 1   }
    };
    site_open(&e->site);
    assert_int_equal(keypair_make(KEYPAIR_P256, &e->key), ERR_OK);
    assert_int_equal(connects(&e->site, &e->factory, THING), CLOUD_WELCOME);
    world_forget(&e->site.world);
    *state = e;
    return 0;
}

static inline int enrolment_down(void **state)
{
    struct enrolment_site *e = *state;
    struct site *site = malloc(sizeof(*site));
    void *as_state = site;

    assert_non_null(site);
    keypair_free(e->key);
    bytes_free(&e->factory);
    bytes_free(&e->claim);
    forge_free(&e->claim_ca);
    *site = e->site;
    free(e);
    return tear_down(&as_state);
}

/* A message of this client, and the answer to it; the caller frees. */
static inline struct json *answer_to(struct enrolment_site *e,
    const char *client, const char *topic, const char *payload)
{
    const struct cloud_message message = {
        client, topic, payload, strlen(payload)};
    struct json *body = NULL;
    const char *said = e->site.world.said;
    const char *line, *space;
    char to[300];

    world_forget(&e->site.world);
    cloud_message(e->site.cloud, &message);
    (void)snprintf(to, sizeof(to), "%s %s", client,
        strncmp(topic, "$nameplate", 10) == 0 ? "$nameplate" : topic);
    line = strstr(said, to);
    if (line == NULL)
        return NULL;
    line = strchr(line, ' ') + 1;
    space = strchr(line, ' ');
    (void)snprintf(
        e->topic, sizeof(e->topic), "%.*s", (int)(space - line), line);
    assert_int_equal(json_parse(space + 1, strcspn(space + 1, "\n"),
                         (struct json_limits){65536, 10}, &body),
        ERR_OK);
    return body;
}

/* {"<key>":<text>}; the caller frees. */
static inline char *object_of(const char *key, const char *text)
{
    struct json *o = json_new_object();
    char *printed;

    assert_int_equal(json_set(o, key, json_new_string(text)), ERR_OK);
    printed = json_print(o);
    json_free(o);
    assert_non_null(printed);
    return printed;
}

#define ENROLMENT_TEST(test)                                                   \
    cmocka_unit_test_setup_teardown(test, enrolment_up, enrolment_down)

#endif
