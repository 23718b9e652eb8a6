/* labels.c */

#include "cloudd/labels.h"

#include <stdio.h>
#include <string.h>

#include "cloudd/answer.h"
#include "cloudd/store_labels.h"

/* Text that is absent takes the old one away; false: it does not fit. */
static bool take(const struct json *value, char out[STORE_LABEL_SIZE])
{
    const char *text = json_text(value);

    if (value != NULL && text == NULL && !json_is_null(value))
        return false;
    if (text != NULL && strlen(text) >= STORE_LABEL_SIZE)
        return false;
    (void)snprintf(out, STORE_LABEL_SIZE, "%s", text != NULL ? text : "");
    return true;
}

void labels_put(struct things_request *q)
{
    struct store_label label;
    struct json *body =
        answer_read(q->request, "{\"name\":\"...\",\"room\":\"...\"}");
    enum err e;

    if (body == NULL)
        return;
    if (!take(json_get(body, "name"), label.name) ||
        !take(json_get(body, "room"), label.room)) {
        answer_error(q->request, 400, "invalid",
            "A name and a room are texts of at most 240 bytes.");
        json_free(body);
        return;
    }
    json_free(body);
    e = store_label_put(q->app->store, q->login.user, q->parts.part[0], &label);
    if (e == ERR_OK)
        answer_nothing(q->request);
    else
        answer_failure(q->request, e);
}
