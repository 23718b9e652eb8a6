/* options.c */

#include "cloud-mock/broker/options.h"

#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/near.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define LIFE_MOST_S (3650LL * 24 * 3600)

static const char *const names[] = {"database", "log_file", "socket",
    "authority", "strict", "rates", "sni", "jitp_drop_first", "registration",
    "operational", "operational_life_s", "claim_authority", "claims_take_over"};

struct choice {
    const char *yes, *no;
};

/* Those that follow `strict` if they are not given. */
struct given {
    bool drop_first, rates, sni;
};

static bool read_choice(
    const struct mosquitto_opt *option, const struct choice *choice, bool *out)
{
    bool yes = strcmp(option->value, choice->yes) == 0;

    if (!yes && strcmp(option->value, choice->no) != 0) {
        log_error("broker", "plugin_opt_%s %s: expected %s or %s", option->key,
            option->value, choice->yes, choice->no);
        return false;
    }
    *out = yes;
    return true;
}

static bool read_yes_no(const struct mosquitto_opt *option, bool *out)
{
    const struct choice choice = {"yes", "no"};

    return read_choice(option, &choice, out);
}

static bool read_sni(const struct mosquitto_opt *option, bool *out)
{
    const struct choice choice = {"required", "any"};

    return read_choice(option, &choice, out);
}

static bool read_registration(const struct mosquitto_opt *option, bool *out)
{
    const struct choice choice = {"jitr", "jitp"};

    return read_choice(option, &choice, out);
}

static bool read_life(const struct mosquitto_opt *option, int64_t *out)
{
    char *end;
    long long value = strtoll(option->value, &end, 10);

    if (end == option->value || *end != '\0' || value < 1 ||
        value > LIFE_MOST_S) {
        log_error("broker", "plugin_opt_%s %s: expected seconds, 1 to %lld",
            option->key, option->value, LIFE_MOST_S);
        return false;
    }
    *out = value;
    return true;
}

static bool refuse_unknown(const char *name)
{
    const char *near = near_word(name, names, COUNT(names));

    log_error("broker", "plugin_opt_%s: unknown option%s%s", name,
        near == NULL ? "" : "; did you mean plugin_opt_",
        near == NULL ? "" : near);
    return false;
}

static bool read_one(const struct mosquitto_opt *option,
    struct options *options, struct given *given)
{
    if (strcmp(option->key, "database") == 0)
        options->database = option->value;
    else if (strcmp(option->key, "log_file") == 0)
        options->log_file = option->value;
    else if (strcmp(option->key, "socket") == 0)
        options->socket = option->value;
    else if (strcmp(option->key, "authority") == 0)
        options->authorities[options->authority_count++] = option->value;
    else if (strcmp(option->key, "strict") == 0)
        return read_yes_no(option, &options->strict);
    else if (strcmp(option->key, "jitp_drop_first") == 0) {
        given->drop_first = true;
        return read_yes_no(option, &options->drop_first);
    } else if (strcmp(option->key, "rates") == 0) {
        given->rates = true;
        return read_yes_no(option, &options->rates);
    } else if (strcmp(option->key, "sni") == 0) {
        given->sni = true;
        return read_sni(option, &options->sni_required);
    } else if (strcmp(option->key, "registration") == 0) {
        return read_registration(option, &options->pending);
    } else if (strcmp(option->key, "operational") == 0) {
        options->operational = option->value;
    } else if (strcmp(option->key, "claim_authority") == 0) {
        options->claims[options->claim_count++] = option->value;
    } else if (strcmp(option->key, "claims_take_over") == 0) {
        return read_yes_no(option, &options->claims_take_over);
    } else if (strcmp(option->key, "operational_life_s") == 0) {
        return read_life(option, &options->operational_life_s);
    } else
        return refuse_unknown(option->key);
    return true;
}

static bool is_given(const char *name, bool given)
{
    if (!given)
        log_error("broker", "plugin_opt_%s is missing", name);
    return given;
}

static bool are_given(const struct options *options)
{
    bool database = is_given("database", options->database != NULL);
    bool log_file = is_given("log_file", options->log_file != NULL);
    bool socket = is_given("socket", options->socket != NULL);
    bool authority = is_given("authority", options->authority_count > 0);

    return database && log_file && socket && authority;
}

enum err options_read(
    const struct mosquitto_opt *given, size_t count, struct options *out)
{
    struct options options = {.strict = true};
    struct given by_hand = {false, false, false};
    bool good = true;

    options.authorities = calloc(count + 1, sizeof(*options.authorities));
    options.claims = calloc(count + 1, sizeof(*options.claims));
    if (options.authorities == NULL || options.claims == NULL) {
        options_free(&options);
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++)
        good = read_one(&given[i], &options, &by_hand) && good;
    good = are_given(&options) && good;
    if (!by_hand.drop_first)
        options.drop_first = options.strict;
    if (!by_hand.rates)
        options.rates = options.strict;
    if (!by_hand.sni)
        options.sni_required = options.strict;
    if (!good) {
        options_free(&options);
        return ERR_INVALID;
    }
    *out = options;
    return ERR_OK;
}

void options_free(struct options *options)
{
    free(options->authorities);
    options->authorities = NULL;
    free(options->claims);
    options->claims = NULL;
}
