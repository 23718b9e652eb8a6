/* Who may connect to the cloud, and what is registered of them (contract
 * sections 4.2 and 4.3). */

#include <sqlite3.h>
#include <sys/stat.h>

#include "cloud_site.h"

static void a_known_vendors_certificate_registers_its_thing(void **state)
{
    struct site *site = *state;

    assert_int_equal(tries(site, &site->acme, &genuine, THING), CLOUD_WELCOME);
    assert_true(said(site, "$aws/events/certificates/registered/"));
    assert_true(said(site,
        "$nameplate/cloud/registered {\"thingName\":\"" THING
        "\",\"vendor\":\"Acme\",\"model\":\"Thermo-1\""
        ",\"serial\":\"S1\",\"thingTypeName\":"
        "\"acme:thermo-1\",\"registeredAt\":1591142747000"));
    assert_true(said(site, "\"notAfter\":253402300799"));
    assert_true(said(site, "\"chain\":[\"O=Acme, CN=CA\"]"));
    assert_true(said(site, "\"eventType\":\"connected\""));
}

static void the_connection_that_registers_can_be_dropped(void **state)
{
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);

    cloud_close(site->cloud);
    site->options.drop_first = true;
    site_open(site);
    assert_int_equal(connects(site, &der, THING), CLOUD_DROP);
    assert_false(said(site, "\"eventType\""));
    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    assert_true(said(site, "\"eventType\":\"connected\""));
    bytes_free(&der);
}

static void what_was_registered_is_known_after_a_restart(void **state)
{
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);

    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    cloud_close(site->cloud);
    site_open(site);
    world_forget(&site->world);
    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    assert_false(said(site, "registered"));
    bytes_free(&der);
}

static void the_client_id_must_be_the_things_name(void **state)
{
    static const char *const others[] = {
        "", "S1", "acme:thermo-1:S2", "acme:thermo-1:S1x", "ACME:thermo-1:S1"};
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(connects(site, &der, others[i]), CLOUD_REFUSE);
    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(connects(site, &der, others[i]), CLOUD_REFUSE);
    bytes_free(&der);
}

static void the_cn_must_be_what_the_nameplate_maps_to(void **state)
{
    static const struct subject forged[] = {
        {"Acme", "Thermo-1", THING,              "S2"},
        {"Acme", "Thermo-2", THING,              "S1"},
        {"Acme", "Thermo-1", "Thermo-1",         "S1"},
        {"Acme", "Thermo-1", "acme:thermo-1:s1", "S1"},
        {"Acme", NULL,       THING,              "S1"},
        {"Acme", "Thermo-1", THING,              NULL},
        {NULL,   "Thermo-1", THING,              "S1"},
    };
    struct site *site = *state;

    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
        assert_int_equal(
            tries(site, &site->acme, &forged[i], forged[i].common_name),
            CLOUD_REFUSE);
    answers(site, "{\"id\":1,\"op\":\"things\"}", "{\"id\":1,\"things\":[]}");
}

static void only_a_registered_ca_of_the_same_vendor_counts(void **state)
{
    static const struct subject others = {
        "Other", "Thermo-1", "other:thermo-1:S1", "S1"};
    struct site *site = *state;
    struct forge impostor = forge_authority("Acme"); /* the name, not the key */

    assert_int_equal(tries(site, &impostor, &genuine, THING), CLOUD_REFUSE);
    assert_true(said(site, "connect_failed"));
    /* Our own CA, but it may speak for its own vendor only. */
    assert_int_equal(
        tries(site, &site->acme, &others, others.common_name), CLOUD_REFUSE);
    assert_int_equal(tries(site, &site->acme, &genuine, THING), CLOUD_WELCOME);
    forge_free(&impostor);
}

/* Vendor and model are folded to lower case in the name: who spells them
 * otherwise would get another vendor's thing. */
static void a_thing_keeps_the_nameplate_it_was_registered_with(void **state)
{
    static const struct subject loud = {"ACME", "Thermo-1", THING, "S1"};
    struct site *site = *state;
    struct forge shouting = forge_authority("ACME");

    forge_write(&shouting.der, site->cas);
    assert_int_equal(cloud_reload(site->cloud), ERR_OK);
    assert_int_equal(tries(site, &site->acme, &genuine, THING), CLOUD_WELCOME);
    assert_int_equal(tries(site, &shouting, &loud, THING), CLOUD_REFUSE);
    /* Twin: a second certificate of the very device is welcome. */
    assert_int_equal(tries(site, &site->acme, &genuine, THING), CLOUD_WELCOME);
    forge_free(&shouting);
}

static void what_is_no_certificate_is_refused(void **state)
{
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);
    size_t whole = der.len;

    for (size_t len = 0; len < whole; len += 7) {
        der.len = len;
        assert_int_equal(connects(site, &der, THING), CLOUD_REFUSE);
    }
    der.len = whole;
    der.at[whole - 1] ^= 1; /* the signature */
    assert_int_equal(connects(site, &der, THING), CLOUD_REFUSE);
    der.at[whole - 1] ^= 1;
    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    bytes_free(&der);
}

static void a_ca_becomes_known_by_a_reload(void **state)
{
    static const struct subject subject = {"Other", "X", "other:x:1", "1"};
    struct site *site = *state;
    struct forge other = forge_authority("Other");

    assert_int_equal(tries(site, &other, &subject, "other:x:1"), CLOUD_REFUSE);
    forge_write(&other.der, site->cas);
    assert_int_equal(cloud_reload(site->cloud), ERR_OK);
    assert_int_equal(tries(site, &other, &subject, "other:x:1"), CLOUD_WELCOME);
    forge_free(&other);
}

static void a_reload_that_fails_keeps_the_cas(void **state)
{
    struct site *site = *state;

    assert_int_equal(unlink(site->cas), 0);
    assert_int_equal(cloud_reload(site->cloud), ERR_NOT_FOUND);
    assert_int_equal(tries(site, &site->acme, &genuine, THING), CLOUD_WELCOME);
}

static void cas_are_found_in_a_folder_and_below(void **state)
{
    struct site *site = *state;
    struct bytes leaf = forge_leaf(&site->acme, &genuine);
    char path[700], model[600];

    cloud_close(site->cloud);
    assert_int_equal(unlink(site->cas), 0);
    site->authorities[0] = site->folder.path;
    (void)snprintf(path, sizeof(path), "%s/device.crt", site->folder.path);
    forge_write(&leaf, path); /* not a CA's: passed over */
    site_open(site);
    assert_int_equal(connects(site, &leaf, THING), CLOUD_REFUSE);
    (void)snprintf(model, sizeof(model), "%s/model", site->folder.path);
    assert_int_equal(mkdir(model, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/ca.crt", model);
    forge_write(&site->acme.der, path);
    assert_int_equal(cloud_reload(site->cloud), ERR_OK);
    assert_int_equal(connects(site, &leaf, THING), CLOUD_WELCOME);
    assert_int_equal(unlink(path), 0);
    bytes_free(&leaf);
}

static void a_cloud_without_cas_or_database_does_not_open(void **state)
{
    struct site *site = *state;
    const struct seam seam = world_seam(&site->world);
    struct bytes leaf = forge_leaf(&site->acme, &genuine);
    struct cloud_options options = site->options;
    struct cloud *cloud = NULL;
    const char *path = site->folder.path;
    char device[600];

    options.database = path;
    assert_int_equal(cloud_open(&options, &seam, &cloud), ERR_IO);
    options = site->options;
    (void)snprintf(device, sizeof(device), "%s/device.crt", path);
    forge_write(&leaf, device);
    options.authorities = (const char *const[]){device};
    assert_int_equal(cloud_open(&options, &seam, &cloud), ERR_INVALID);
    options.authorities = (const char *const[]){site->database};
    assert_int_equal(cloud_open(&options, &seam, &cloud), ERR_INVALID);
    options.authorities = (const char *const[]){"/nowhere"};
    assert_int_equal(cloud_open(&options, &seam, &cloud), ERR_NOT_FOUND);
    assert_null(cloud);
    bytes_free(&leaf);
}

static void a_privileged_client_has_no_things_name(void **state)
{
    struct site *site = *state;
    struct cloud_connection boss = {.client = "boss", .privileged = true};

    assert_int_equal(cloud_connect(site->cloud, &boss), CLOUD_WELCOME);
    boss.client = THING;
    assert_int_equal(cloud_connect(site->cloud, &boss), CLOUD_REFUSE);
}

static void a_store_that_cannot_be_written_refuses_newcomers_only(void **state)
{
    static const struct subject newcomer = {
        "Acme", "Thermo-1", "acme:thermo-1:S2", "S2"};
    const struct cloud_message update = {
        THING, "$aws/things/" THING "/shadow/update", "{\"state\":{}}", 12};
    struct site *site = *state;
    struct bytes der = forge_leaf(&site->acme, &genuine);
    sqlite3 *other = NULL;

    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    assert_int_equal(sqlite3_open(site->database, &other), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(tries(site, &site->acme, &newcomer, newcomer.common_name),
        CLOUD_REFUSE);
    cloud_disconnect(site->cloud, THING, site, PRESENCE_CONNECTION_LOST);
    assert_int_equal(connects(site, &der, THING), CLOUD_WELCOME);
    world_forget(&site->world);
    cloud_message(site->cloud, &update);
    assert_true(said(site, "\"code\":500,"));
    assert_int_equal(
        sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(tries(site, &site->acme, &newcomer, newcomer.common_name),
        CLOUD_WELCOME);
    bytes_free(&der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(a_known_vendors_certificate_registers_its_thing),
        SITE_TEST(the_connection_that_registers_can_be_dropped),
        SITE_TEST(what_was_registered_is_known_after_a_restart),
        SITE_TEST(the_client_id_must_be_the_things_name),
        SITE_TEST(the_cn_must_be_what_the_nameplate_maps_to),
        SITE_TEST(only_a_registered_ca_of_the_same_vendor_counts),
        SITE_TEST(a_thing_keeps_the_nameplate_it_was_registered_with),
        SITE_TEST(what_is_no_certificate_is_refused),
        SITE_TEST(a_ca_becomes_known_by_a_reload),
        SITE_TEST(a_reload_that_fails_keeps_the_cas),
        SITE_TEST(cas_are_found_in_a_folder_and_below),
        SITE_TEST(a_cloud_without_cas_or_database_does_not_open),
        SITE_TEST(a_privileged_client_has_no_things_name),
        SITE_TEST(a_store_that_cannot_be_written_refuses_newcomers_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
