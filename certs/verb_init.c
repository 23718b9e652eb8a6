/* verb_init.c - a vendor's factory begins: Device Root and Vendor CA. */

#include <stdio.h>
#include <string.h>

#include "certs/home.h"
#include "certs/say.h"
#include "certs/verb.h"
#include "identity/oid.h"
#include "ports/port.h"

#define EXAMPLE_PEN "32473" /* RFC 5612: for documentation */

/* A CA without an EKU would be a CA of servers, of mail, of anything. */
static enum err read_eku(const char *name, enum eku *eku)
{
    *eku = EKU_CLIENT;
    if (name == NULL || (eku_parse(name, eku) && *eku != EKU_NONE))
        return ERR_OK;
    say("--eku '%s' is refused: expected client or client+server, the most"
        " that devices of this vendor may be for",
        name);
    return ERR_INVALID;
}

static enum err check_settings(const struct home *home, const char *pen)
{
    enum err e = parts_check_name("vendor", home->vendor);

    if (e == ERR_OK)
        e = parts_check_text("program", home->program);
    if (e != ERR_OK)
        return e;
    if (pen[strspn(pen, "0123456789")] != '\0' || *pen == '\0' || *pen == '0' ||
        strlen(pen) > 9) {
        say("--pen '%s' is refused: expected a number IANA assigned to the"
            " vendor (a Private Enterprise Number)",
            pen);
        return ERR_INVALID;
    }
    if (home->masa[strspn(home->masa,
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
            ".:-[]")] != '\0') {
        say("--masa '%s' is refused: expected HOST or HOST:PORT", home->masa);
        return ERR_INVALID;
    }
    return ERR_OK;
}

/* Copies what was given; too long is seen by the checks of each. */
static enum err read_options(const struct options *options, struct home *home)
{
    const char *pen = options_get(options, "pen");
    const char *vendor = options_get(options, "vendor");
    const char *program = options_get(options, "program");
    const char *masa = options_get(options, "masa");

    pen = pen == NULL ? EXAMPLE_PEN : pen;
    program = program == NULL ? vendor : program;
    masa = masa == NULL ? "" : masa;
    if (strlen(masa) > 128) {
        say("--masa is longer than 128 characters; expected HOST or HOST:PORT");
        return ERR_TOO_BIG;
    }
    if (read_eku(options_get(options, "eku"), &home->eku) != ERR_OK)
        return ERR_INVALID;
    (void)snprintf(home->vendor, sizeof(home->vendor), "%s", vendor);
    (void)snprintf(home->program, sizeof(home->program), "%s", program);
    (void)snprintf(home->masa, sizeof(home->masa), "%s", masa);
    (void)snprintf(home->hardware_type, sizeof(home->hardware_type), "%s.%.9s",
        OID_ENTERPRISE, pen);
    return check_settings(home, pen);
}

static enum err make_root(const struct home *home, struct issued *out)
{
    char name[HOME_SETTING_SIZE + 20];
    struct certificate_plan plan = {
        .subject = {.organization = home->program, .common_name = name},
        .from = port_wall_ms() / 1000,
        .to = READER_FOR_EVER,
        .path_length = 2,
    };
    enum err e;

    (void)snprintf(name, sizeof(name), "%s Device Root", home->program);
    e = parts_check_text("name of the root", name);
    return e == ERR_OK ? authority_issue(NULL, plan, KEYPAIR_P384, out) : e;
}

static enum err make_vendor(
    const struct home *home, const struct issued *root, struct issued *out)
{
    char name[HOME_SETTING_SIZE + 20];
    const struct subject permitted = {.organization = home->vendor};
    struct certificate_plan plan = {
        .subject = {.organization = home->vendor, .common_name = name},
        .to = READER_FOR_EVER,
        .path_length = 1,
        .purposes = eku_purposes(home->eku),
        .permitted = &permitted,
    };
    struct authority issuer;
    enum err e;

    (void)snprintf(name, sizeof(name), "%s Device CA G1", home->vendor);
    e = parts_check_text("name of the vendor's CA", name);
    if (e == ERR_OK)
        e = authority_of(root, &issuer);
    if (e != ERR_OK)
        return e;
    e = authority_now(&issuer, &plan.from);
    if (e == ERR_OK)
        e = authority_issue(&issuer, plan, KEYPAIR_P384, out);
    authority_free(&issuer);
    return e;
}

static enum err write_pair(
    const struct home *home, const char *name, const struct issued *issued)
{
    char path[DISK_PATH_SIZE];
    enum err e;

    disk_path(path, "%s/%s.key", home->folder, name);
    e = disk_write(home->folder, path, bytes_span(&issued->key_pem), 0600);
    if (e != ERR_OK)
        return e;
    disk_path(path, "%s/%s.crt", home->folder, name);
    return disk_write(home->folder, path, bytes_span(&issued->pem), 0644);
}

/* The Vendor CA's certificate comes last: it says that init is complete. */
static enum err make_all(const struct home *home)
{
    struct issued root =
                      {
                          .der = {NULL, 0}
    },
                  vendor = {.der = {NULL, 0}};
    enum err e = make_root(home, &root);

    if (e == ERR_OK)
        e = make_vendor(home, &root, &vendor);
    if (e == ERR_OK)
        e = home_write_settings(home);
    if (e == ERR_OK)
        e = write_pair(home, "root", &root);
    if (e == ERR_OK)
        e = write_pair(home, "vendor", &vendor);
    issued_free(&root);
    issued_free(&vendor);
    return e;
}

static enum err run(const struct options *options)
{
    struct home home;
    int lock;
    enum err e = home_folder(options, home.folder);

    if (e == ERR_OK)
        e = read_options(options, &home);
    if (e == ERR_OK)
        e = disk_make_folder(home.folder);
    if (e == ERR_OK)
        e = disk_lock(home.folder, &lock);
    if (e != ERR_OK)
        return e;
    if (!disk_is_private(home.folder))
        say("warning: others can look into %s; 'chmod 700 %s'", home.folder,
            home.folder);
    if (home_is_complete(home.folder)) {
        say("'%s' is a factory already; use it, or give another --folder",
            home.folder);
        e = ERR_EXISTS;
    } else {
        e = make_all(&home);
    }
    disk_unlock(lock);
    if (e != ERR_OK)
        return e;
    return verb_print(options,
        VERB_OBJECT({"folder", home.folder}, {"vendor", home.vendor},
            {"program", home.program}, {"hardwareType", home.hardware_type},
            {"eku", eku_name(home.eku)}),
        "%s: a factory for %s\n"
        "  root.crt    Device Root: what a broker trusts (its cafile)\n"
        "  vendor.crt  Vendor CA of %s\n"
        "  *.key       their keys: keep root.key offline, back both up\n"
        "next: factory model --model NAME\n",
        home.folder, home.vendor, home.vendor);
}

static const struct option_rule rules[] = {
    {"folder",  OPTION_ONE },
    {"vendor",  OPTION_MUST},
    {"program", OPTION_ONE },
    {"pen",     OPTION_ONE },
    {"masa",    OPTION_ONE },
    {"eku",     OPTION_ONE },
    {"json",    OPTION_FLAG},
};

const struct verb verb_init = {
    .name = "init",
    .arguments = "--vendor NAME [--program NAME] [--pen NUMBER] [--masa HOST]"
                 " [--eku CHOICE]",
    .summary = "make a Device Root and a Vendor CA",
    .help =
        "  --vendor NAME   the vendor, as it stands in every certificate (O)\n"
        "  --program NAME  whose root it is (default: the vendor)\n"
        "  --pen NUMBER    the vendor's number at IANA, for "
        "hardwareModuleName\n"
        "                  (default: " EXAMPLE_PEN ", which is for examples)\n"
        "  --masa HOST     put a MASA URL into device certificates (RFC 8995)\n"
        "  --eku CHOICE    what devices may be for at most: client (default),\n"
        "                  or client+server when some also serve (DTLS, LAN);\n"
        "                  'factory model' chooses for each model\n"
        "example: factory init --vendor Acme --program \"Nameplate Demo\"\n",
    VERB_RULES(rules),
    .run = run,
};
