/* verb_deliver.c - hand a device's key and certificate over. */

#include "certs/delivery.h"
#include "certs/say.h"
#include "certs/verb.h"

/* The key is handed over once: a second place would be a second device. */
static enum err deliver(
    const struct home *home, const char *device, const char *out)
{
    char path[DISK_PATH_SIZE];
    int lock;
    enum err e = disk_lock(home->folder, &lock);

    if (e != ERR_OK)
        return e;
    disk_path(path, "%s/device.crt", device);
    if (!disk_exists(path)) {
        say("%s is not there; issue it first", path);
        e = ERR_NOT_FOUND;
        goto unlock;
    }
    if (!delivery_is_due(device)) {
        say("nothing in %s is left to hand over: it was delivered before",
            device);
        e = ERR_NOT_FOUND;
        goto unlock;
    }
    e = delivery_make(device, out);

unlock:
    disk_unlock(lock);
    return e;
}

static enum err run(const struct options *options)
{
    const char *out = options_get(options, "out");
    char folder[DISK_PATH_SIZE];
    struct home home;
    enum err e = home_open(options, &home);

    if (e == ERR_OK)
        e = home_device_folder(&home, options_get(options, "model"),
            options_get(options, "serial"), folder);
    if (e == ERR_OK)
        e = deliver(&home, folder, out);
    if (e != ERR_OK)
        return e;
    return verb_print(options,
        VERB_OBJECT({"folder", out}, {"register", folder}),
        "%s\n  device.crt, device.key unless the device made it, "
        "claim-verifier:"
        " the secrets are no longer in %s\n",
        out, folder);
}

static const struct option_rule rules[] = {
    {"folder", OPTION_ONE },
    {"model",  OPTION_MUST},
    {"serial", OPTION_MUST},
    {"out",    OPTION_MUST},
    {"json",   OPTION_FLAG},
};

const struct verb verb_deliver = {
    .name = "deliver",
    .arguments = "--model NAME --serial NUMBER --out DIR",
    .summary = "move a device's secrets out of the factory, once",
    .help =
        "  --out DIR  is made, with device.crt, device.key unless the device\n"
        "             made it, and claim-verifier\n"
        "The certificate stays in the factory's register too.\n"
        "example: factory deliver --model Thermo-1 --serial 4711"
        " --out /media/usb/4711\n",
    VERB_RULES(rules),
    .run = run,
};
