/* issue.c */

#include "certs/issue.h"

#include <stdlib.h>
#include <string.h>

#include "certs/choice.h"
#include "certs/claim.h"
#include "certs/request.h"
#include "certs/say.h"

#define CHAIN_LENGTH    3
#define BATCH_LIFE_S    (10LL * 366 * 24 * 60 * 60) /* issues for 10 years */
#define VENDOR_CRT_SIZE 65536

/* What a device shows: its own certificate and those above, without the root,
 * which is for the other side to have. */
static enum err write_chain(const struct home *home, const char *stage,
    const struct issued *device, const struct authority *batch)
{
    char path[DISK_PATH_SIZE];
    struct bytes vendor = {NULL, 0};
    struct bytes chain = {NULL, 0};
    enum err e;

    disk_path(path, "%s/vendor.crt", home->folder);
    e = disk_read(path, VENDOR_CRT_SIZE, &vendor);
    if (e != ERR_OK)
        return e;
    chain.len = device->pem.len + batch->pem.len + vendor.len;
    chain.at = malloc(chain.len);
    if (chain.at == NULL) {
        e = say_no_memory();
        goto free_vendor;
    }
    memcpy(chain.at, device->pem.at, device->pem.len);
    memcpy(chain.at + device->pem.len, batch->pem.at, batch->pem.len);
    memcpy(chain.at + device->pem.len + batch->pem.len, vendor.at, vendor.len);
    e = disk_stage_file(stage, "device.crt", bytes_span(&chain), 0644);
    bytes_free(&chain);

free_vendor:
    bytes_free(&vendor);
    return e;
}

/* Everything of one device. */
struct made {
    struct issued device;
    struct claim claim;
};

static enum err publish(const struct home *home, const struct made *made,
    const struct authority *batch, const char *folder)
{
    const struct issued *device = &made->device;
    char stage[DISK_PATH_SIZE], devices[DISK_PATH_SIZE];
    enum err e;

    disk_path(devices, "%s/devices", home->folder);
    e = disk_make_folder(devices);
    if (e == ERR_OK)
        e = disk_stage(home->folder, stage);
    if (e != ERR_OK)
        return e;
    if (device->key_pem.len > 0)
        e = disk_stage_file(
            stage, "device.key", bytes_span(&device->key_pem), 0600);
    if (e == ERR_OK)
        e = write_chain(home, stage, device, batch);
    if (e == ERR_OK)
        e = claim_stage(&made->claim, stage);
    if (e == ERR_OK)
        e = disk_publish(stage, folder);
    if (e != ERR_OK)
        disk_discard(stage);
    return e;
}

/* A record that says more than the CA beside it was changed by hand. */
static enum err check_permitted(
    const struct authority *batch, enum eku eku, const char *folder)
{
    enum eku above;

    if (eku_of(&batch->view, &above) && eku_permits(above, eku))
        return ERR_OK;
    say("%s/profile.json wants --eku %s, but the batch's CA does not permit"
        " serverAuth; restore it from a backup, or make another batch with"
        " 'factory model'",
        folder, eku_name(eku));
    return ERR_INVALID;
}

static enum err sign(const struct home *home, const struct authority *batch,
    const struct subject *subject, const struct issue_order *order,
    enum eku eku, struct issued *out)
{
    struct certificate_plan plan = {
        .subject = *subject,
        .to = READER_FOR_EVER,
        .path_length = EXTENSION_NOT_A_CA,
        .purposes = eku_purposes(eku),
        .hardware_type = home->hardware_type,
        .masa = *home->masa == '\0' ? NULL : home->masa,
    };
    struct bytes spki = {NULL, 0};
    enum err e = authority_now(batch, &plan.from);

    if (e == ERR_OK && plan.from - batch->view.from > BATCH_LIFE_S) {
        say("the CA of this batch is older than 10 years; make a new one with"
            " 'factory model --model %s --batch NAME'",
            subject->organization_unit);
        e = ERR_DENIED;
    }
    if (e != ERR_OK)
        return e;
    if (order->request == NULL)
        return authority_issue(batch, plan, KEYPAIR_P256, out);
    e = request_read(order->request, &spki);
    if (e == ERR_OK)
        e = authority_issue_for(batch, plan, bytes_span(&spki), out);
    bytes_free(&spki);
    return e;
}

enum err issue_device(const struct home *home, const struct issue_order *order,
    struct issue_result *result)
{
    const struct thing_name_parts parts = {
        home->vendor, order->model, order->serial};
    const struct subject subject = {
        home->vendor, order->model, result->thing, order->serial};
    struct made made = {.device = {.der = {NULL, 0}}};
    struct authority batch;
    char base[DISK_PATH_SIZE];
    enum eku eku;
    enum err e = parts_thing(&parts, result->thing);

    if (e != ERR_OK)
        return e;
    disk_path(result->folder, "%s/devices/%s", home->folder, result->thing);
    if (disk_exists(result->folder))
        return ERR_EXISTS;
    e = home_find_batch(home, order->model, order->batch, base);
    if (e == ERR_OK)
        e = choice_read(base, &eku);
    if (e == ERR_OK)
        e = home_load_batch(base, &batch);
    if (e != ERR_OK)
        return e;
    e = check_permitted(&batch, eku, base);
    if (e == ERR_OK)
        e = sign(home, &batch, &subject, order, eku, &made.device);
    if (e == ERR_OK)
        e = claim_make(result->thing, &made.claim);
    if (e == ERR_OK)
        e = publish(home, &made, &batch, result->folder);
    authority_free(&batch);
    issued_free(&made.device);
    claim_wipe(&made.claim);
    return e;
}
