/* verb_reset.c */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "local/call.h"
#include "local/speak.h"
#include "local/verbs.h"

static const struct option_own own[] = {
    {"--yes", NULL, NULL}
};

static const struct page page = {
    .name = "reset",
    .arguments = "",
    .summary = "make this device nobody's, as it left the factory",
    .help =
        "  The owner and everybody it was shared with lose it; private\n"
        "  settings, pairing secrets, and what '[ownership] wipe' removes "
        "are\n"
        "  gone. The code on the label holds again. What the factory made,\n"
        "  the configuration and the count of messages stay.\n"
        "\n"
        "  --yes   do not ask\n"
        "\n"
        "  Only root and the agent's own user may.\n"
        "\n"
        "  Example: sudo nameplate reset\n",
    .own = own,
    .own_count = sizeof(own) / sizeof(own[0]),
};

/* An empty answer is no. */
static bool agrees(void)
{
    char line[10] = "";

    (void)fputs("This device becomes nobody's, and what it keeps of its user "
                "is removed.\nType yes to go on: ",
        stderr);
    return fgets(line, sizeof(line), stdin) != NULL &&
        strcmp(line, "yes\n") == 0;
}

int verb_reset(int argc, char **argv)
{
    struct options o;
    struct json *answer;
    int status = options_read(&page, argc, argv, &o);

    if (status != OPTIONS_GO)
        return status;
    if (o.own[0] == NULL && !agrees())
        return speak_fail(&o, EX_NOPERM, "denied",
            "nothing was done; type yes, or give --yes");
    answer = call_once(&o, "reset", &status);
    if (answer == NULL)
        return status;
    if (o.json) {
        status = speak_json(&o, answer);
    } else {
        (void)puts("reset: the device is nobody's");
        status = speak_end(&o);
    }
    json_free(answer);
    return status;
}
