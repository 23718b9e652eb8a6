/* view.c */

#include "cloudd/view.h"

#include "cloudd/access.h"
#include "cloudd/fields.h"
#include "cloudd/store_keys.h"
#include "cloudd/store_labels.h"

static const char *unless_empty(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

/* An operator of the fleet may be an owner too. */
static enum role shown_role(
    struct app *app, const char *user, enum role role, const char *thing)
{
    enum role own =
        role == ROLE_ADMIN ? store_role(app->store, user, thing) : ROLE_NONE;

    return own != ROLE_NONE ? own : role;
}

struct json *view_device(struct app *app, const char *user, enum role role,
    const struct device *device, bool whole)
{
    const char *thing = device_thing(device);
    struct json *o = device_json(device, whole), *envelope = NULL;
    struct json *offer = NULL;
    struct store_label label = {0};
    bool ok;

    if (store_label_get(app->store, user, thing, &label) != ERR_OK)
        label = (struct store_label){0};
    if (whole && store_ownership_get(app->store, thing, &envelope) != ERR_OK)
        envelope = NULL;
    if (whole && store_offer_get(app->store, thing, &offer) != ERR_OK)
        offer = NULL;
    ok =
        fields_text(o, "role", role_name(shown_role(app, user, role, thing))) &&
        fields_text(o, "name", unless_empty(label.name)) &&
        fields_text(o, "room", unless_empty(label.room)) &&
        fields_copy(o, "ownership", envelope) && fields_copy(o, "offer", offer);
    json_free(envelope);
    json_free(offer);
    return fields_end(o, ok);
}

struct json *view_devices(struct app *app, const char *user)
{
    struct json *list = json_new_array();
    enum err e = list == NULL ? ERR_NO_MEMORY : ERR_OK;

    for (const struct device *d = devices_first(app->devices);
         d != NULL && e == ERR_OK; d = device_next(d)) {
        enum role role = access_role(app, user, device_thing(d));

        if (role != ROLE_NONE)
            e = json_append(list, view_device(app, user, role, d, false));
    }
    return fields_end(list, e == ERR_OK);
}
