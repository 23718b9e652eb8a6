/* cloud_site.h - the whole cloud in a unit test, with a folder of its own and
 * one registered CA, Acme's. */

#ifndef TESTS_CLOUD_SITE_H
#define TESTS_CLOUD_SITE_H

#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/cloud.h"
#include "cloud_world.h"
#include "folder.h"
#include "forge.h"

#define THING "acme:thermo-1:S1"

static const struct subject genuine = {"Acme", "Thermo-1", THING, "S1"};

struct site {
    struct world world;
    struct folder folder;
    char database[500];
    char cas[500];
    const char *authorities[1];
    struct cloud_options options;
    struct forge acme;
    struct cloud *cloud;
};

static inline void site_open(struct site *site)
{
    const struct seam seam = world_seam(&site->world);

    assert_int_equal(cloud_open(&site->options, &seam, &site->cloud), ERR_OK);
}

static inline int set_up(void **state)
{
    struct site *site = calloc(1, sizeof(*site));

    assert_non_null(site);
    world_begin(&site->world);
    assert_int_equal(folder_make(&site->folder), 0);
    (void)snprintf(site->database, sizeof(site->database), "%s/cloud.db",
        site->folder.path);
    (void)snprintf(
        site->cas, sizeof(site->cas), "%s/cas.pem", site->folder.path);
    site->authorities[0] = site->cas;
    site->options = (struct cloud_options){.database = site->database,
        .authorities = site->authorities,
        .authority_count = 1,
        .strict = true};
    site->acme = forge_authority("Acme");
    forge_write(&site->acme.der, site->cas);
    site_open(site);
    *state = site;
    return 0;
}

static inline int tear_down(void **state)
{
    struct site *site = *state;

    cloud_close(site->cloud);
    forge_free(&site->acme);
    folder_remove(&site->folder);
    free(site);
    return 0;
}

static inline enum cloud_welcome connects(
    struct site *site, const struct bytes *der, const char *client)
{
    const struct cloud_connection connection = {.client = client,
        .certificate = der->at,
        .certificate_len = der->len,
        .ip = "192.0.2.7",
        .connection = site};
    enum cloud_welcome welcome = cloud_connect(site->cloud, &connection);

    cloud_tick(site->cloud);
    return welcome;
}

/* A new certificate for this subject, from this CA, used once. */
static inline enum cloud_welcome tries(struct site *site,
    const struct forge *ca, const struct subject *subject, const char *client)
{
    struct bytes der = forge_leaf(ca, subject);
    enum cloud_welcome welcome = connects(site, &der, client);

    bytes_free(&der);
    return welcome;
}

static inline bool said(const struct site *site, const char *text)
{
    return strstr(site->world.said, text) != NULL;
}

static inline void ask(struct site *site, const char *request)
{
    const struct cloud_message message = {
        "boss", "$nameplate/cloud/boss/request", request, strlen(request)};

    world_forget(&site->world);
    cloud_message(site->cloud, &message);
}

static inline void answers(
    struct site *site, const char *request, const char *expected)
{
    char line[1000];

    ask(site, request);
    (void)snprintf(line, sizeof(line),
        "boss $nameplate/cloud/boss/response %s\n", expected);
    assert_string_equal(site->world.said, line);
}

#define SITE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
