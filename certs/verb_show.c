/* verb_show.c - a certificate in words. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certs/der.h"
#include "certs/home.h"
#include "certs/keypair.h"
#include "certs/say.h"
#include "certs/verb.h"
#include "identity/oid.h"
#include "identity/pem.h"
#include "identity/profile.h"

#define FILE_LIMIT (1 << 20)
#define HEX_SIZE   (2 * 64 + 1)

/* What a person wants to know. */
struct words {
    char role[16];
    char vendor[VIEW_TEXT_SIZE], model[VIEW_TEXT_SIZE];
    char name[VIEW_TEXT_SIZE], serial[VIEW_TEXT_SIZE];
    char issuer[VIEW_TEXT_SIZE];
    char from[32], to[32];
    char eku[16]; /* "server", "other": not of the profile */
    bool for_ever;
    char number[HEX_SIZE], fingerprint[HEX_SIZE], key[HEX_SIZE];
};

static void put_hex(struct span bytes, char hex[HEX_SIZE])
{
    *hex = '\0';
    for (size_t i = 0; i < bytes.len && i < 64; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", bytes.at[i]);
}

static void put_time(int64_t seconds, char text[32])
{
    time_t when = (time_t)seconds;
    struct tm t = {0};

    if (seconds == INT64_MIN || gmtime_r(&when, &t) == NULL)
        (void)snprintf(text, 32, "malformed");
    else
        (void)strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &t);
}

static void put_hash(struct span bytes, char hex[HEX_SIZE])
{
    unsigned char hash[KEYPAIR_HASH_SIZE];

    *hex = '\0';
    if (keypair_hash(bytes, hash) == ERR_OK)
        put_hex((struct span){hash, sizeof(hash)}, hex);
}

/* Text for a terminal: what is foreign must not speak to it. */
static void put_text(
    const struct view_name *name, const char *oid, char text[VIEW_TEXT_SIZE])
{
    view_text(name, oid, text);
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

/* The profile has no word for these: they are of another world. */
static bool is_server(const struct view *v)
{
    const struct view_extension *x = view_extension(v, OID_EXTENDED_KEY_USAGE);
    struct item list, purpose;
    char oid[READER_OID_SIZE];

    return x != NULL && reader_whole(x->value, DER_SEQUENCE, &list) &&
        reader_take(&list.content, DER_OID, &purpose) &&
        reader_oid(purpose.content, oid) && strcmp(oid, OID_SERVER_AUTH) == 0;
}

static const char *name_eku(const struct view *v)
{
    enum eku eku;

    if (is_server(v))
        return "server";
    return eku_of(v, &eku) ? eku_name(eku) : "other";
}

static void describe(const struct view *v, struct words *w)
{
    (void)snprintf(w->role, sizeof(w->role), "%s",
        is_server(v) ? "server" : profile_role_name(profile_role_of(v)));
    (void)snprintf(w->eku, sizeof(w->eku), "%s", name_eku(v));
    w->for_ever = v->to == READER_FOR_EVER;
    put_text(&v->subject, OID_ORGANIZATION, w->vendor);
    put_text(&v->subject, OID_ORGANIZATION_UNIT, w->model);
    put_text(&v->subject, OID_COMMON_NAME, w->name);
    put_text(&v->subject, OID_SERIAL_NUMBER, w->serial);
    put_text(&v->issuer, OID_COMMON_NAME, w->issuer);
    put_time(v->from, w->from);
    put_time(v->to, w->to);
    put_hex(v->serial, w->number);
    put_hash(v->whole, w->fingerprint);
    put_hash(v->spki, w->key);
}

static void print_line(const char *label, const char *text)
{
    if (*text != '\0')
        (void)printf("  %-14s %s\n", label, text);
}

static void print_words(const struct words *w)
{
    (void)printf("%s: %s\n", w->role, w->name);
    print_line("vendor", w->vendor);
    print_line("model", w->model);
    print_line("serial number", w->serial);
    print_line("issued by", w->issuer);
    print_line("valid from", w->from);
    print_line("valid until", w->for_ever ? "for ever" : w->to);
    print_line("EKU", w->eku);
    print_line("number", w->number);
    print_line("SHA-256", w->fingerprint);
    print_line("key SHA-256", w->key);
}

static const char *or_null(const char *text)
{
    return *text == '\0' ? NULL : text;
}

static struct json *to_json(const struct words *w)
{
    return VERB_OBJECT({"role", w->role}, {"vendor", or_null(w->vendor)},
        {"model", or_null(w->model)}, {"serial", or_null(w->serial)},
        {"name", or_null(w->name)}, {"issuer", or_null(w->issuer)},
        {"notBefore", w->from}, {"notAfter", w->to}, {"eku", w->eku},
        {"number", w->number}, {"sha256", w->fingerprint},
        {"keySha256", w->key});
}

/* One certificate, printed or put into `list`. */
static enum err show(struct span der, const char *path, struct json *list)
{
    struct words words = {.for_ever = false};
    struct view view;
    const char *why;

    if (view_read(der, &view, &why) != ERR_OK) {
        say("%s: a certificate is malformed: its %s; is it damaged?", path,
            why);
        return ERR_INVALID;
    }
    describe(&view, &words);
    if (list != NULL)
        return json_append(list, to_json(&words)) == ERR_OK ? ERR_OK
                                                            : say_no_memory();
    print_words(&words);
    return ERR_OK;
}

static enum err show_all(const char *path, struct json *list)
{
    struct bytes file = {NULL, 0}, der = {NULL, 0};
    const char *text;
    size_t count = 0;
    enum err e = disk_read(path, FILE_LIMIT, &file);

    if (e == ERR_NOT_FOUND)
        say("%s is not there; was it issued here?", path);
    if (e != ERR_OK)
        return e;
    text = (const char *)file.at;
    while ((e = pem_next(PEM_CERTIFICATE, &text, &der)) == ERR_OK) {
        e = show(bytes_span(&der), path, list);
        bytes_free(&der);
        if (e != ERR_OK)
            goto free_file;
        count++;
    }
    if (e == ERR_NOT_FOUND && count > 0) {
        e = ERR_OK;
    } else {
        say("%s holds no PEM certificate; is it the right file?", path);
        e = ERR_INVALID;
    }

free_file:
    bytes_free(&file);
    return e;
}

/* The file that the command line names: itself, or by model and serial. */
static enum err find(const struct options *options, char path[DISK_PATH_SIZE])
{
    const char *model = options_get(options, "model");
    const char *serial = options_get(options, "serial");
    struct home home;
    enum err e;

    if (options->word_count == 1) {
        disk_path(path, "%s", options->words[0]);
        return ERR_OK;
    }
    e = home_open(options, &home);
    return e == ERR_OK ? home_device_path(&home, model, serial, path) : e;
}

static enum err run(const struct options *options)
{
    bool json = options_has(options, "json");
    char path[DISK_PATH_SIZE];
    struct json *list = NULL, *result;
    enum err e = find(options, path);

    if (e != ERR_OK)
        return e;
    list = json ? json_new_array() : NULL;
    if (json && list == NULL)
        return say_no_memory();
    e = show_all(path, list);
    if (e != ERR_OK || !json) {
        json_free(list);
        return e == ERR_OK ? verb_print(options, NULL, "%s", "") : e;
    }
    result = VERB_OBJECT({"file", path});
    if (result == NULL)
        json_free(list);
    else if (json_set(result, "certificates", list) != ERR_OK) {
        json_free(result);
        result = NULL;
    }
    return verb_print(options, result, "%s", "");
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"model",  OPTION_ONE },
    {"serial", OPTION_ONE },
    {"json",   OPTION_FLAG},
};

const struct verb verb_show = {
    .name = "show",
    .arguments = "--model NAME --serial NUMBER | FILE",
    .summary = "print certificates in words",
    .help = "  --model NAME --serial NUMBER  of a device issued here, or\n"
            "  FILE  certificates in PEM\n"
            "The SHA-256 is the certificate's id at the broker, the key's\n"
            "SHA-256 is the fingerprint that the page shows.\n"
            "example: factory show --model Thermo-1 --serial 4711\n",
    VERB_RULES(rules),
    .words_max = 1,
    .device_or_file = true,
    .run = run,
};
