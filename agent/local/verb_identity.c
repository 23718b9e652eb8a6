/* verb_identity.c */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "identity/nameplate.h"
#include "identity/reader.h"
#include "local/answer.h"
#include "local/call.h"
#include "local/enrolment_words.h"
#include "local/settings.h"
#include "local/speak.h"
#include "local/verbs.h"

static const struct option_own own[] = {
    {"--eku", "CHOICE", NULL}
};

static const struct page page = {
    .name = "identity",
    .arguments = "[check [CERT.pem]]",
    .summary = "show who this device is, or check its factory certificate",
    .help =
        "  Asks the agent; with -c FILE it reads the certificate that FILE\n"
        "  names, and needs no agent.\n"
        "\n"
        "  check names each rule of the certificate profile that a factory\n"
        "  credential breaks: certificate, chain, key and modes of the files\n"
        "  that the configuration names (-c, else " SETTINGS_PATH "),\n"
        "  or of a CERT.pem alone.  Exit status 0 when every rule is kept,\n"
        "  1 when one is broken.\n"
        "\n"
        "  --eku CHOICE  for check: what the factory chose for the model:\n"
        "                client (default), client+server or none\n"
        "\n"
        "  Example: nameplate identity --json\n"
        "           nameplate identity check -c agent.ini\n",
    .takes_config = true,
    .words_max = 2,
    .own = own,
    .own_count = sizeof(own) / sizeof(own[0]),
};

static void print_text(
    const char *name, const struct json *identity, const char *key)
{
    const char *text = json_text(json_get(identity, key));

    (void)printf("%-12s %s\n", name, text == NULL ? "" : text);
}

static void print_day(const struct json *identity, const char *key)
{
    time_t t = (time_t)json_number(json_get(identity, key));
    struct tm tm;
    char day[SPEAK_TIME];

    if (t == READER_FOR_EVER)
        (void)printf("for ever");
    else if (gmtime_r(&t, &tm) != NULL &&
        strftime(day, sizeof(day), "%Y-%m-%d", &tm) > 0)
        (void)printf("%s", day);
}

static void print_chain(const struct json *chain)
{
    for (const struct json *above = json_first(chain); above != NULL;
         above = json_next(above)) {
        print_text("above", above, "subject");
        print_text("  key", above, "fingerprint");
    }
}

static int print_identity(const struct options *o, const struct json *identity)
{
    if (o->json)
        return speak_json(o, identity);
    print_text("vendor", identity, "vendor");
    print_text("model", identity, "model");
    print_text("serial", identity, "serial");
    print_text("thing", identity, "thing");
    print_text("key", identity, "fingerprint");
    print_text("certificate", identity, "certificate_id");
    print_text("issuer", identity, "issuer");
    (void)printf("%-12s ", "valid");
    print_day(identity, "not_before");
    (void)printf(" to ");
    print_day(identity, "not_after");
    (void)putchar('\n');
    if (json_get(identity, "hit") != NULL)
        print_text("hit", identity, "hit");
    if (json_get(identity, "key_place") != NULL)
        print_text("lives", identity, "key_place");
    print_chain(json_get(identity, "chain"));
    enrolment_words_identity(json_get(identity, "enrolment"));
    return speak_end(o);
}

static int from_agent(const struct options *o)
{
    int status;
    struct json *answer = call_once(o, "identity", &status);

    if (answer == NULL)
        return status;
    status = print_identity(o, answer);
    json_free(answer);
    return status;
}

static int status_of(enum err e, int otherwise)
{
    if (e == ERR_NOT_FOUND)
        return EX_NOINPUT;
    if (e == ERR_DENIED)
        return EX_NOPERM;
    if (e == ERR_NO_MEMORY)
        return EX_OSERR;
    return e == ERR_IO ? EX_IOERR : otherwise;
}

/* A key that cannot be used lives somewhere all the same. */
static void answer_key_at(struct answer *a, const char *uri)
{
    struct key *key;
    char why[KEY_WHY];

    if (key_open(uri, &key) != ERR_OK)
        return;
    if (key_ready(key, NULL, why) != ERR_OK)
        (void)fprintf(stderr, "nameplate: identity: %s\n", why);
    answer_key(a, key);
    key_free(key);
}

/* Both have said what is wrong. */
static int from_certificate(const struct options *o)
{
    struct settings *settings;
    struct nameplate *nameplate;
    struct answer a;
    int status;
    enum err e = settings_load(o->config, settings_say, NULL, &settings);

    if (e != ERR_OK)
        return speak_fail(o, status_of(e, EX_CONFIG), "config",
            "identity: the configuration %s is not usable; see above",
            o->config);
    e = nameplate_read(settings->certificate, &nameplate);
    if (e != ERR_OK) {
        status = speak_fail(o, status_of(e, EX_DATAERR), "certificate",
            "identity: the certificate %s is not usable; see above",
            settings->certificate);
        settings_free(settings);
        return status;
    }
    a = answer_ok();
    answer_nameplate(&a, nameplate);
    answer_key_at(&a, settings->key);
    nameplate_free(nameplate);
    settings_free(settings);
    status = a.e == ERR_OK ? print_identity(o, a.object) : speak_no_memory(o);
    json_free(a.object);
    return status;
}

int verb_identity(int argc, char **argv)
{
    struct options o;
    int status = options_read(&page, argc, argv, &o);

    if (status != OPTIONS_GO)
        return status;
    if (o.word_count > 0 && strcmp(o.words[0], "check") == 0)
        return verb_identity_check(&o, o.own[0]);
    if (o.word_count > 0)
        return speak_fail(&o, EX_USAGE, "usage",
            "identity: unknown word '%s'; expected check, or nothing",
            o.words[0]);
    if (o.own[0] != NULL)
        return speak_fail(&o, EX_USAGE, "usage",
            "identity: --eku is for 'nameplate identity check'");
    return o.config == NULL ? from_agent(&o) : from_certificate(&o);
}
