/* options.c */

#include "certs/options.h"

#include <string.h>

#include "certs/say.h"
#include "core/near.h"

static const struct option_rule *find_rule(const struct option_rule *rules,
    size_t count, const char *name, size_t name_len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(rules[i].name) == name_len &&
            memcmp(rules[i].name, name, name_len) == 0)
            return &rules[i];
    return NULL;
}

static enum err unknown(const char *verb, const char *given,
    const struct option_rule *rules, size_t count)
{
    const char *names[OPTIONS_MAX], *near;

    for (size_t i = 0; i < count; i++)
        names[i] = rules[i].name;
    near = near_word(given, names, count);
    if (near != NULL)
        say("%s: unknown option --%s; did you mean --%s?", verb, given, near);
    else
        say("%s: unknown option --%s; see 'factory %s --help'", verb, given,
            verb);
    return ERR_INVALID;
}

static enum err add(struct options *o, const char *verb,
    const struct option_rule *rule, const char *value)
{
    if (rule->kind != OPTION_MANY && rule->kind != OPTION_SOME &&
        options_has(o, rule->name)) {
        say("%s: --%s is given twice; give it once", verb, rule->name);
        return ERR_INVALID;
    }
    if (o->count == OPTIONS_MAX) {
        say("%s: more than %d options; give fewer", verb, OPTIONS_MAX);
        return ERR_INVALID;
    }
    o->names[o->count] = rule->name;
    o->values[o->count] = value;
    o->count++;
    return ERR_OK;
}

static enum err check_required(const struct options *o, const char *verb,
    const struct option_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((rules[i].kind == OPTION_MUST || rules[i].kind == OPTION_SOME) &&
            !options_has(o, rules[i].name)) {
            say("%s: --%s is missing; see 'factory %s --help'", verb,
                rules[i].name, verb);
            return ERR_INVALID;
        }
    }
    return ERR_OK;
}

enum err options_parse(int argc, char **argv, const struct option_rule *rules,
    size_t rule_count, struct options *out)
{
    struct options o = {.words = argv + 1};
    const char *verb = argv[0];
    bool only_words = false;

    for (int i = 1; i < argc; i++) {
        const char *name = argv[i] + 2, *value;
        const struct option_rule *rule;
        size_t len;

        if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
            o.words[o.word_count++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            only_words = true;
            continue;
        }
        if (argv[i][1] != '-') {
            say("%s: unknown option %s; options begin with two dashes, see"
                " 'factory %s --help'",
                verb, argv[i], verb);
            return ERR_INVALID;
        }
        len = strcspn(name, "=");
        rule = find_rule(rules, rule_count, name, len);
        if (rule == NULL)
            return unknown(verb, name, rules, rule_count);
        value = name[len] == '=' ? name + len + 1 : NULL;
        if (rule->kind == OPTION_FLAG ? value != NULL
                                      : value == NULL && i + 1 == argc) {
            say("%s: --%s %s; see 'factory %s --help'", verb, rule->name,
                rule->kind == OPTION_FLAG ? "takes no value" : "needs a value",
                verb);
            return ERR_INVALID;
        }
        if (rule->kind != OPTION_FLAG && value == NULL)
            value = argv[++i];
        if (add(&o, verb, rule, value) != ERR_OK)
            return ERR_INVALID;
    }
    *out = o;
    return check_required(&o, verb, rules, rule_count);
}

const char *options_get(const struct options *o, const char *name)
{
    for (size_t i = 0; i < o->count; i++)
        if (strcmp(o->names[i], name) == 0)
            return o->values[i];
    return NULL;
}

bool options_has(const struct options *o, const char *name)
{
    for (size_t i = 0; i < o->count; i++)
        if (strcmp(o->names[i], name) == 0)
            return true;
    return false;
}

size_t options_all(
    const struct options *o, const char *name, const char **values)
{
    size_t count = 0;

    for (size_t i = 0; i < o->count; i++)
        if (strcmp(o->names[i], name) == 0)
            values[count++] = o->values[i];
    return count;
}
