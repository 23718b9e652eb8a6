/* verb_owner.c */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "local/call.h"
#include "local/speak.h"
#include "local/verbs.h"

static const struct page page = {
    .name = "owner",
    .arguments = "",
    .summary = "say whose this device is",
    .help = "  Exit status: 0 somebody's, 1 nobody's, 69 no agent is running.\n"
            "\n"
            "  Example: nameplate owner\n",
};

static bool is(const struct json *owner, const char *key, const char *text)
{
    const char *found = json_text(json_get(owner, key));

    return found != NULL && strcmp(found, text) == 0;
}

static void print_state(const struct json *owner)
{
    const char *name = json_text(json_get(owner, "name"));
    double members = json_number(json_get(owner, "members"));
    char since[SPEAK_TIME];

    if (is(owner, "state", "damaged")) {
        (void)puts("whose it is cannot be read any more: the file is damaged.\n"
                   "  'nameplate reset' makes the device nobody's.");
    } else if (is(owner, "state", "owned")) {
        speak_time((int64_t)json_number(json_get(owner, "since")), since);
        (void)printf("it belongs to %s, by a record of %s\n",
            name == NULL ? "" : name, since);
        if (members > 0)
            (void)printf("  shared with %.0f\n", members);
    } else {
        (void)puts("it is nobody's");
    }
}

static void print_code(const struct json *owner)
{
    double locked = json_number(json_get(owner, "locked_s"));

    if (is(owner, "code", "none"))
        (void)puts("  code   none: nobody can claim it; name the factory's "
                   "file in '[ownership] verifier'");
    else if (is(owner, "code", "new"))
        (void)puts("  code   the one that the last owner got; the label's is "
                   "void until 'nameplate reset'");
    else
        (void)puts("  code   the one on the label");
    if (locked > 0)
        (void)printf("         locked for %.0f s: too many wrong ones were "
                     "tried\n",
            locked);
}

int verb_owner(int argc, char **argv)
{
    struct options o;
    struct json *answer;
    const struct json *owner;
    bool owned;
    int status = options_read(&page, argc, argv, &o);

    if (status != OPTIONS_GO)
        return status;
    answer = call_once(&o, "owner", &status);
    if (answer == NULL)
        return status;
    owner = json_get(answer, "owner");
    owned = is(owner, "state", "owned");
    if (o.json) {
        status = speak_json(&o, owner);
    } else {
        print_state(owner);
        print_code(owner);
        status = speak_end(&o);
    }
    json_free(answer);
    return status != EX_OK || owned ? status : 1;
}
