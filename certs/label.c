/* label.c */

#include "certs/label.h"

#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "certs/claim.h"
#include "certs/say.h"
#include "identity/hit.h"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* http to the machine itself: host, then a port or a path. */
static bool is_local(const char *page)
{
    static const char *const hosts[] = {
        "http://localhost", "http://127.0.0.1", "http://[::1]"};

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        if (begins(page, hosts[i]) &&
            strchr(":/", page[strlen(hosts[i])]) != NULL)
            return true;
    return false;
}

enum err label_check_page(const char *page)
{
    const char *why = NULL;

    if (strlen(page) > LABEL_PAGE_MAX)
        why = "it is longer than 200 characters";
    else if (!begins(page, "https://") && !is_local(page))
        why = "it does not begin with https:// (http:// is for localhost)";
    else if (strlen(page) == strlen("https://") || page[8] == '/')
        why = "it names no host";
    for (const char *at = page; why == NULL && *at != '\0'; at++)
        if (*at <= ' ' || *at >= 0x7f || strchr("#\"<>\\^`{|}", *at) != NULL)
            why = "it has a character that an address cannot have before '#'";
    if (why == NULL)
        return ERR_OK;
    say("--url %s: %s; expected the page's address, as"
        " https://meet.example/",
        page, why);
    return ERR_INVALID;
}

static enum err hash_key(struct span spki, char text[LABEL_HIT_SIZE])
{
    mbedtls_pk_context key;
    struct hit hit;
    enum err e = ERR_INVALID;

    mbedtls_pk_init(&key);
    if (mbedtls_pk_parse_public_key(&key, spki.at, spki.len) == 0)
        e = hit_of_key(&key, &hit);
    mbedtls_pk_free(&key);
    for (size_t i = 0; e == ERR_OK && i < HIT_SIZE; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", hit.bytes[i]);
    return e;
}

static enum err read_hit(const char *device, char text[LABEL_HIT_SIZE])
{
    struct home_certificate certificate;
    char path[DISK_PATH_SIZE];
    enum err e;

    disk_path(path, "%s/device.crt", device);
    if (!disk_exists(path)) {
        say("%s is not there; issue it first", path);
        return ERR_NOT_FOUND;
    }
    e = home_read_certificate(path, &certificate);
    if (e != ERR_OK)
        return e;
    e = hash_key(certificate.view.spki, text);
    if (e != ERR_OK)
        say("%s: its key is not P-256, as every device's is; restore it from a"
            " backup",
            path);
    bytes_free(&certificate.der);
    return e;
}

static enum err read_code(const char *device, struct label *out)
{
    enum err e = claim_read_code(device, out->code);

    if (e == ERR_NOT_FOUND)
        say("the code of %s is not here: its label was made with --forget, or"
            " it was issued without one; only the label on the device has it",
            out->thing);
    return e;
}

enum err label_read(
    const struct home *home, const struct label_order *order, struct label *out)
{
    const struct thing_name_parts parts = {
        home->vendor, order->model, order->serial};
    char device[DISK_PATH_SIZE];
    enum err e;

    *out = (struct label){.page = order->page,
        .vendor = home->vendor,
        .model = order->model,
        .serial = order->serial};
    e = parts_thing(&parts, out->thing);
    if (e == ERR_OK)
        e = home_device_folder(home, order->model, order->serial, device);
    if (e == ERR_OK)
        e = read_hit(device, out->hit);
    if (e == ERR_OK)
        e = read_code(device, out);
    if (e != ERR_OK)
        return e;
    passcode_show(out->code, out->shown);
    (void)snprintf(out->link, sizeof(out->link), "%s#t=%s&h=%s&c=%s", out->page,
        out->thing, out->hit, out->code);
    return ERR_OK;
}

void label_wipe(struct label *label)
{
    mbedtls_platform_zeroize(label, sizeof(*label));
}
