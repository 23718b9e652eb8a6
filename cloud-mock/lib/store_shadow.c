/* store_shadow.c */

#include "cloud-mock/lib/store_shadow.h"

#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/store_sql.h"

static char *copy_text(sqlite3_stmt *s, int column)
{
    const unsigned char *text = sqlite3_column_text(s, column);

    return text == NULL ? NULL : strdup((const char *)text);
}

static enum err read_shadow(sqlite3_stmt *s, struct store_shadow *out)
{
    struct store_shadow shadow = {
        .version = sqlite3_column_int64(s, 2),
        .deleted_ms = sqlite3_column_int64(s, 3),
    };

    if (shadow.deleted_ms == 0) {
        shadow.state = copy_text(s, 4);
        shadow.metadata = copy_text(s, 5);
        if (shadow.state == NULL || shadow.metadata == NULL) {
            store_shadow_free(&shadow);
            return ERR_NO_MEMORY;
        }
    }
    *out = shadow;
    return ERR_OK;
}

enum err store_get_shadow(struct store *store, const char *thing,
    const char *name, struct store_shadow *out)
{
    sqlite3_stmt *s = store_statement(store, SQL_GET_SHADOW);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, thing);
    store_bind_text(s, 2, name);
    e = store_row(store, s);
    if (e == ERR_OK)
        e = read_shadow(s, out);
    store_reset(s);
    return e;
}

enum err store_put_shadow(struct store *store, const char *thing,
    const char *name, const struct store_shadow *shadow)
{
    sqlite3_stmt *s = store_statement(store, SQL_PUT_SHADOW);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, thing);
    store_bind_text(s, 2, name);
    store_bind_number(s, 3, shadow->version);
    store_bind_number(s, 4, shadow->deleted_ms);
    store_bind_text(s, 5, shadow->state);
    store_bind_text(s, 6, shadow->metadata);
    return store_run(store, s);
}

void store_shadow_free(struct store_shadow *shadow)
{
    free(shadow->state);
    free(shadow->metadata);
    *shadow = (struct store_shadow){0};
}
