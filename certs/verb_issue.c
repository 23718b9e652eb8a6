/* verb_issue.c - the factory certificate of one device. */

#include "certs/issue.h"
#include "certs/say.h"
#include "certs/verb.h"

static enum err issue(const struct options *options, const struct home *home,
    struct issue_result *result)
{
    const struct issue_order order = {
        .model = options_get(options, "model"),
        .batch = options_get(options, "batch"),
        .serial = options_get(options, "serial"),
        .request = options_get(options, "csr"),
    };
    int lock;
    enum err e = disk_lock(home->folder, &lock);

    if (e != ERR_OK)
        return e;
    e = issue_device(home, &order, result);
    disk_unlock(lock);
    if (e == ERR_EXISTS)
        say("%s %s was issued already, and never is twice; what was issued is"
            " in %s",
            order.model, order.serial, result->folder);
    return e;
}

static enum err run(const struct options *options)
{
    bool has_key = !options_has(options, "csr");
    struct issue_result result;
    struct home home;
    enum err e = home_open(options, &home);

    if (e == ERR_OK)
        e = issue(options, &home, &result);
    if (e != ERR_OK)
        return e;
    return verb_print(options,
        VERB_OBJECT({"thing", result.thing}, {"folder", result.folder},
            {"vendor", home.vendor}, {"model", options_get(options, "model")},
            {"serial", options_get(options, "serial")}),
        "%s\n"
        "  %s/device.crt  its chain: device, batch, vendor\n"
        "%s%s%s",
        result.thing, result.folder, has_key ? "  " : "",
        has_key ? result.folder : "",
        has_key ? "/device.key  its key: move it to the device\n" : "");
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"model",  OPTION_MUST},
    {"batch",  OPTION_ONE },
    {"serial", OPTION_MUST},
    {"csr",    OPTION_ONE },
    {"json",   OPTION_FLAG},
};

const struct verb verb_issue = {
    .name = "issue",
    .arguments = "--model NAME --serial NUMBER [--batch NAME] [--csr FILE]",
    .summary = "issue a device its factory certificate, once",
    .help = "  --model NAME     of a model that 'factory model' made\n"
            "  --serial NUMBER  kept to the byte; never issued twice\n"
            "  --batch NAME     (default: the model's newest)\n"
            "  --csr FILE       a request of the device, which then keeps its\n"
            "                   key to itself; only its P-256 key is taken\n"
            "example: factory issue --model Thermo-1 --serial 4711\n",
    VERB_RULES(rules),
    .run = run,
};
