/* verb_csr.c */

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "identity/csr.h"
#include "local/speak.h"
#include "local/verbs.h"

enum { KEY, VENDOR, MODEL, SERIAL };

static const struct option_own own[] = {
    {"--key",    "URI",    NULL},
    {"--vendor", "NAME",   NULL},
    {"--model",  "NAME",   NULL},
    {"--serial", "NUMBER", NULL},
};
#define OWN (sizeof(own) / sizeof(own[0]))

static const struct page page = {
    .name = "csr",
    .arguments = "--key URI --vendor NAME --model NAME --serial NUMBER",
    .summary = "print a request for this device's factory certificate",
    .help =
        "  The key signs where it is; no agent is needed.\n"
        "\n"
        "  --key URI     file:PATH, pkcs11:... or tpm2:..., see docs/keys.md;\n"
        "                a PIN belongs in a file: pin-source=/path\n"
        "  --vendor NAME, --model NAME, --serial NUMBER\n"
        "                who the device is to be\n"
        "\n"
        "  Example: nameplate csr --key file:device.key --vendor Acme \\\n"
        "           --model Thermo-1 --serial 4711 >4711.csr\n"
        "           factory issue --model Thermo-1 --serial 4711 "
        "--csr 4711.csr\n",
    .no_agent = true,
    .own = own,
    .own_count = OWN,
};

static int status_of(enum err e)
{
    switch (e) {
    case ERR_NOT_FOUND:
        return EX_NOINPUT;
    case ERR_DENIED:
        return EX_NOPERM;
    case ERR_NO_MEMORY:
        return EX_OSERR;
    case ERR_AGAIN:
        return EX_TEMPFAIL;
    case ERR_IO:
        return EX_IOERR;
    case ERR_OK:
    case ERR_INVALID:
    case ERR_TOO_BIG:
    case ERR_EXISTS:
    case ERR_CONFLICT:
    case ERR_UNSUPPORTED:
        break;
    }
    return EX_DATAERR;
}

static int print(const struct options *o, const char *pem)
{
    struct json *object;
    int status;

    if (!o->json) {
        (void)fputs(pem, stdout);
        return speak_end(o);
    }
    object = json_new_object();
    if (object == NULL ||
        json_set(object, "csr", json_new_string(pem)) != ERR_OK)
        status = speak_no_memory(o);
    else
        status = speak_json(o, object);
    json_free(object);
    return status;
}

static int make(const struct options *o, struct key *key)
{
    const struct thing_name_parts who = {
        o->own[VENDOR], o->own[MODEL], o->own[SERIAL]};
    char why[KEY_WHY];
    char *pem;
    int status;
    enum err e = csr_make(key, &who, why, &pem);

    if (e != ERR_OK)
        return speak_fail(o, status_of(e), "key", "csr: %s", why);
    status = print(o, pem);
    free(pem);
    return status;
}

int verb_csr(int argc, char **argv)
{
    struct options o;
    struct key *key;
    int status = options_read(&page, argc, argv, &o);
    enum err e;

    if (status != OPTIONS_GO)
        return status;
    for (int i = KEY; i <= SERIAL; i++)
        if (o.own[i] == NULL)
            return speak_fail(&o, EX_USAGE, "usage",
                "csr: %s is missing; usage: nameplate csr %s", own[i].name,
                page.arguments);
    e = key_open(o.own[KEY], &key);
    if (e != ERR_OK)
        return speak_fail(&o, status_of(e), "key",
            "csr: the key's URI is not usable; see above");
    status = make(&o, key);
    key_free(key);
    return status;
}
