/* verb_issue.c - the factory certificate of one device. */

#include "certs/delivery.h"
#include "certs/issue.h"
#include "certs/say.h"
#include "certs/verb.h"

/* What was issued stays issued; what can be done with it is said. */
static void say_exists(const struct issue_order *order, const char *folder)
{
    char key[DISK_PATH_SIZE];

    disk_path(key, "%s/device.key", folder);
    say("%s %s was issued already, and never is twice; what was issued is in"
        " %s%s",
        order->model, order->serial, folder,
        disk_exists(key) ? ", hand it over with 'factory deliver'"
                         : ", its key was delivered or is the device's");
}

static enum err issue(const struct options *options, const struct home *home,
    struct issue_result *result)
{
    const struct issue_order order = {
        .model = options_get(options, "model"),
        .batch = options_get(options, "batch"),
        .serial = options_get(options, "serial"),
        .request = options_get(options, "csr"),
    };
    const char *out = options_get(options, "out");
    int lock;
    enum err e = out == NULL ? ERR_OK : delivery_check(out);

    if (e == ERR_OK)
        e = disk_lock(home->folder, &lock);
    if (e != ERR_OK)
        return e;
    e = issue_device(home, &order, result);
    if (e == ERR_EXISTS) {
        say_exists(&order, result->folder);
    } else if (e == ERR_OK && out != NULL) {
        e = delivery_make(result->folder, out);
        if (e != ERR_OK)
            say("it is issued, and in %s; hand it over with 'factory deliver'",
                result->folder);
    }
    disk_unlock(lock);
    return e;
}

static enum err run(const struct options *options)
{
    bool has_key = !options_has(options, "csr");
    const char *folder = options_get(options, "out");
    struct issue_result result;
    struct home home;
    enum err e = home_open(options, &home);

    if (e == ERR_OK)
        e = issue(options, &home, &result);
    if (e != ERR_OK)
        return e;
    if (folder == NULL)
        folder = result.folder;
    return verb_print(options,
        VERB_OBJECT({"thing", result.thing}, {"folder", folder},
            {"register", result.folder}, {"vendor", home.vendor},
            {"model", options_get(options, "model")},
            {"serial", options_get(options, "serial")}),
        "%s\n"
        "  %s/device.crt  its chain: device, batch, vendor\n"
        "%s%s%s"
        "  %s/claim-verifier  what it keeps of its pass code: for it alone\n"
        "print its label with 'factory label'\n",
        result.thing, folder, has_key ? "  " : "", has_key ? folder : "",
        has_key ? "/device.key  its key: for the device alone\n" : "", folder);
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"model",  OPTION_MUST},
    {"batch",  OPTION_ONE },
    {"serial", OPTION_MUST},
    {"csr",    OPTION_ONE },
    {"out",    OPTION_ONE },
    {"json",   OPTION_FLAG},
};

const struct verb verb_issue = {
    .name = "issue",
    .arguments = "--model NAME --serial NUMBER [--batch NAME] [--csr FILE]"
                 " [--out DIR]",
    .summary = "issue a device its factory certificate, once",
    .help = "  --model NAME     of a model that 'factory model' made\n"
            "  --serial NUMBER  kept to the byte; never issued twice\n"
            "  --batch NAME     (default: the model's newest)\n"
            "  --csr FILE       a request of the device, which then keeps its\n"
            "                   key to itself; only its P-256 key is taken\n"
            "  --out DIR        deliver there at once: the key is not kept\n"
            "example: factory issue --model Thermo-1 --serial 4711\n",
    VERB_RULES(rules),
    .run = run,
};
