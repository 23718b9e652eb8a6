/* view.c - RFC 5280 section 4.1, top to bottom. */

#include "identity/view.h"

#include <string.h>

#include "identity/oid.h"
#include "identity/tag.h"

/* AlgorithmIdentifier */
static bool read_algorithm(
    const struct item *algorithm, char oid[READER_OID_SIZE], struct span *rest)
{
    struct item id;

    *rest = algorithm->content;
    return reader_take(rest, DER_OID, &id) && reader_oid(id.content, oid);
}

static bool read_attribute(struct item pair, struct view_attribute *out)
{
    struct item oid, value;

    if (!reader_take(&pair.content, DER_OID, &oid) ||
        !reader_next(&pair.content, &value) || pair.content.len != 0 ||
        !reader_oid(oid.content, out->oid))
        return false;
    out->tag = value.tag;
    out->value = value.content;
    return true;
}

static bool read_name(struct span *rest, struct view_name *name)
{
    struct item sequence, set, pair;
    size_t first;

    if (!reader_take(rest, DER_SEQUENCE, &sequence))
        return false;
    name->whole = sequence.whole;
    name->count = 0;
    while (sequence.content.len > 0) {
        if (!reader_take(&sequence.content, DER_SET, &set))
            return false;
        first = name->count;
        while (reader_take(&set.content, DER_SEQUENCE, &pair)) {
            if (name->count == VIEW_ATTRIBUTES ||
                !read_attribute(pair, &name->attributes[name->count++]))
                return false;
        }
        if (set.content.len != 0 || name->count == first)
            return false;
        for (size_t i = first; i < name->count; i++)
            name->attributes[i].alone = name->count == first + 1;
    }
    return true;
}

static bool read_validity(struct span *rest, struct view *view)
{
    struct item validity;

    if (!reader_take(rest, DER_SEQUENCE, &validity) ||
        !reader_next(&validity.content, &view->not_before) ||
        !reader_next(&validity.content, &view->not_after) ||
        validity.content.len != 0)
        return false;
    if (!reader_time(&view->not_before, &view->from))
        view->from = INT64_MIN;
    if (!reader_time(&view->not_after, &view->to))
        view->to = INT64_MIN;
    return true;
}

bool view_key_type(struct span spki, char algorithm[READER_OID_SIZE],
    char curve[READER_OID_SIZE])
{
    struct item whole, id, parameter, bits;
    struct span rest;

    *curve = '\0';
    if (!reader_whole(spki, DER_SEQUENCE, &whole) ||
        !reader_take(&whole.content, DER_SEQUENCE, &id) ||
        !read_algorithm(&id, algorithm, &rest) ||
        !reader_take(&whole.content, DER_BIT_STRING, &bits) ||
        whole.content.len != 0)
        return false;
    return !reader_take(&rest, DER_OID, &parameter) ||
        reader_oid(parameter.content, curve);
}

static bool read_extension(struct span *rest, struct view_extension *out)
{
    struct item sequence, oid, critical, value;

    if (!reader_take(rest, DER_SEQUENCE, &sequence) ||
        !reader_take(&sequence.content, DER_OID, &oid) ||
        !reader_oid(oid.content, out->oid))
        return false;
    out->critical = false;
    if (reader_take(&sequence.content, DER_BOOLEAN, &critical)) {
        /* DER writes TRUE as ff and leaves the default out. */
        if (critical.content.len != 1 || critical.content.at[0] != 0xff)
            return false;
        out->critical = true;
    }
    if (!reader_take(&sequence.content, DER_OCTET_STRING, &value) ||
        sequence.content.len != 0)
        return false;
    out->value = value.content;
    return true;
}

static bool read_extensions(struct span *rest, struct view *view)
{
    struct item outer, list;

    if (rest->len == 0)
        return true;
    if (!reader_take(rest, DER_CONTEXT_CONSTRUCTED(3), &outer) ||
        !reader_whole(outer.content, DER_SEQUENCE, &list))
        return false;
    while (list.content.len > 0) {
        if (view->extension_count == VIEW_EXTENSIONS ||
            !read_extension(
                &list.content, &view->extensions[view->extension_count++]))
            return false;
    }
    return true;
}

static bool read_version(struct span *rest, struct view *view)
{
    struct item outer, number;

    view->version = 1;
    if (!reader_take(rest, DER_CONTEXT_CONSTRUCTED(0), &outer))
        return true;
    if (!reader_whole(outer.content, DER_INTEGER, &number) ||
        number.content.len != 1)
        return false;
    view->version = number.content.at[0] + 1U;
    return true;
}

/* TBSCertificate; returns the part that is malformed, or NULL. */
static const char *read_tbs(struct span rest, struct view *view)
{
    struct item serial, algorithm, spki;
    struct span parameters;

    if (!read_version(&rest, view))
        return "version";
    if (!reader_take(&rest, DER_INTEGER, &serial))
        return "serial number";
    view->serial = serial.content;
    if (!reader_take(&rest, DER_SEQUENCE, &algorithm) ||
        !read_algorithm(&algorithm, view->inner_algorithm, &parameters))
        return "signature algorithm";
    if (!read_name(&rest, &view->issuer))
        return "issuer";
    if (!read_validity(&rest, view))
        return "validity";
    if (!read_name(&rest, &view->subject))
        return "subject";
    if (!reader_take(&rest, DER_SEQUENCE, &spki) ||
        !view_key_type(spki.whole, view->key_algorithm, view->curve))
        return "public key";
    view->spki = spki.whole;
    if (!read_extensions(&rest, view) || rest.len != 0)
        return "extensions";
    return NULL;
}

enum err view_read(struct span der, struct view *view, const char **why)
{
    struct item whole, tbs, algorithm, bits;
    struct span parameters;

    memset(view, 0, sizeof(*view));
    *why = "outermost structure (not a certificate in DER)";
    if (!reader_whole(der, DER_SEQUENCE, &whole) ||
        !reader_take(&whole.content, DER_SEQUENCE, &tbs))
        return ERR_INVALID;
    view->whole = whole.whole;
    view->tbs = tbs.whole;
    *why = "signature";
    if (!reader_take(&whole.content, DER_SEQUENCE, &algorithm) ||
        !read_algorithm(&algorithm, view->algorithm, &parameters) ||
        !reader_take(&whole.content, DER_BIT_STRING, &bits) ||
        bits.content.len < 2 || whole.content.len != 0)
        return ERR_INVALID;
    view->algorithm_parameters = parameters.len != 0;
    view->signature = (struct span){bits.content.at + 1, bits.content.len - 1};
    *why = read_tbs(tbs.content, view);
    return *why == NULL ? ERR_OK : ERR_INVALID;
}

const struct view_attribute *view_attribute(
    const struct view_name *name, const char *oid)
{
    for (size_t i = 0; i < name->count; i++)
        if (strcmp(name->attributes[i].oid, oid) == 0)
            return &name->attributes[i];
    return NULL;
}

const struct view_extension *view_extension(
    const struct view *view, const char *oid)
{
    for (size_t i = 0; i < view->extension_count; i++)
        if (strcmp(view->extensions[i].oid, oid) == 0)
            return &view->extensions[i];
    return NULL;
}

void view_text(
    const struct view_name *name, const char *oid, char text[VIEW_TEXT_SIZE])
{
    const struct view_attribute *a = view_attribute(name, oid);

    *text = '\0';
    if (a == NULL || a->value.len == 0 || a->value.len >= VIEW_TEXT_SIZE ||
        memchr(a->value.at, '\0', a->value.len) != NULL)
        return;
    memcpy(text, a->value.at, a->value.len);
    text[a->value.len] = '\0';
}

struct span view_subject_key_id(const struct view *view)
{
    const struct view_extension *x = view_extension(view, OID_SUBJECT_KEY_ID);
    struct item id;

    if (x == NULL || !reader_whole(x->value, DER_OCTET_STRING, &id))
        return (struct span){NULL, 0};
    return id.content;
}

struct span view_authority_key_id(const struct view *view)
{
    const struct view_extension *x = view_extension(view, OID_AUTHORITY_KEY_ID);
    struct item sequence, id;

    if (x == NULL || !reader_whole(x->value, DER_SEQUENCE, &sequence) ||
        !reader_take(&sequence.content, DER_CONTEXT(0), &id))
        return (struct span){NULL, 0};
    return id.content;
}
