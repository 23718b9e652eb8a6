/* profile_extensions.c - rules about the other extensions. */

#include <string.h>

#include "identity/oid.h"
#include "identity/profile_rules.h"
#include "identity/tag.h"

/* Does the extension's value have these bytes, and is it critical? */
static bool is_exactly(const struct view *v, const char *oid, bool critical,
    const unsigned char *bytes, size_t len)
{
    const struct view_extension *x = view_extension(v, oid);

    return x != NULL && x->critical == critical &&
        span_equal(x->value, (struct span){bytes, len});
}

bool profile_basic_constraints(
    const struct view *v, const struct profile_terms *terms)
{
    /* SEQUENCE { cA TRUE, pathLenConstraint } */
    unsigned char value[] = {0x30, 6, 1, 1, 0xff, 2, 1, 0};

    if (terms->role == PROFILE_DEVICE)
        return is_exactly(
            v, OID_BASIC_CONSTRAINTS, true, (unsigned char[]){0x30, 0}, 2);
    value[7] = terms->role == PROFILE_ROOT ? 2
        : terms->role == PROFILE_VENDOR    ? 1
                                           : 0;
    return is_exactly(v, OID_BASIC_CONSTRAINTS, true, value, sizeof(value));
}

bool profile_key_usage(const struct view *v, const struct profile_terms *terms)
{
    static const unsigned char device[] = {3, 2, 7, USAGE_DIGITAL_SIGNATURE};
    static const unsigned char ca[] = {
        3, 2, 1, USAGE_CERTIFICATE_SIGN | USAGE_CRL_SIGN};

    return is_exactly(v, OID_KEY_USAGE, true,
        terms->role == PROFILE_DEVICE ? device : ca, sizeof(ca));
}

bool profile_extended_key_usage(
    const struct view *v, const struct profile_terms *terms)
{
    enum eku said;

    if (!eku_of(v, &said))
        return false;
    switch (terms->role) {
    case PROFILE_ROOT:
        return said == EKU_NONE;
    case PROFILE_VENDOR:
        /* It may have models below that need less. */
        return said != EKU_NONE && eku_permits(eku_of_ca(terms->eku), said);
    case PROFILE_BATCH:
        return said == eku_of_ca(terms->eku);
    case PROFILE_DEVICE:
        return said == terms->eku;
    }
    return false;
}

/* GeneralSubtrees with one permitted name, the first `parts` of the subject. */
static bool permits(struct span trees, const struct view *v, size_t parts)
{
    struct item tree, general, name, set;
    struct span subject = v->subject.whole, permitted;
    size_t len = 0;

    if (!reader_whole(trees, DER_SEQUENCE, &tree) ||
        !reader_whole(tree.content, DER_CONTEXT_CONSTRUCTED(4), &general) ||
        !reader_whole(general.content, DER_SEQUENCE, &name) ||
        !reader_take(&subject, DER_SEQUENCE, &tree))
        return false;
    permitted = tree.content;
    for (; parts > 0; parts--) {
        if (!reader_take(&tree.content, DER_SET, &set))
            return false;
        len += set.whole.len;
    }
    permitted.len = len;
    return span_equal(permitted, name.content);
}

/* Every name of every kind that stands for servers, once. */
static bool excludes_all(struct span trees)
{
    static const unsigned char zero[32];
    static const struct {
        unsigned char tag;
        size_t zeros;
    } kinds[] = {
        {0x82, 0 },
        {0x87, 8 },
        {0x87, 32},
        {0x81, 0 },
        {0x86, 0 }
    };
    unsigned seen = 0;
    struct item tree, name;

    while (reader_take(&trees, DER_SEQUENCE, &tree)) {
        unsigned before = seen;

        if (!reader_next(&tree.content, &name) || tree.content.len != 0)
            return false;
        for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
            if (name.tag == kinds[i].tag &&
                span_equal(name.content, (struct span){zero, kinds[i].zeros}))
                seen |= 1U << i;
        if (seen == before)
            return false;
    }
    return trees.len == 0 && seen == 0x1f;
}

bool profile_name_constraints(
    const struct view *v, const struct profile_terms *terms)
{
    const struct view_extension *x = view_extension(v, OID_NAME_CONSTRAINTS);
    struct item whole, permitted, excluded;

    if (terms->role == PROFILE_ROOT || terms->role == PROFILE_DEVICE ||
        x == NULL)
        return x == NULL &&
            (terms->role == PROFILE_ROOT || terms->role == PROFILE_DEVICE);
    return x->critical && reader_whole(x->value, DER_SEQUENCE, &whole) &&
        reader_take(&whole.content, DER_CONTEXT_CONSTRUCTED(0), &permitted) &&
        reader_whole(whole.content, DER_CONTEXT_CONSTRUCTED(1), &excluded) &&
        permits(permitted.content, v, terms->role == PROFILE_BATCH ? 2 : 1) &&
        excludes_all(excluded.content);
}

bool profile_subject_key_id(
    const struct view *v, const struct profile_terms *terms)
{
    const struct view_extension *x = view_extension(v, OID_SUBJECT_KEY_ID);

    if (x == NULL)
        return terms->role == PROFILE_DEVICE;
    return !x->critical && view_subject_key_id(v).len == 20;
}

bool profile_authority_key_id(
    const struct view *v, const struct profile_terms *terms)
{
    const struct view_extension *x = view_extension(v, OID_AUTHORITY_KEY_ID);

    (void)terms;
    return x != NULL && !x->critical && view_authority_key_id(v).len > 0;
}

bool profile_pointers(const struct view *v, const struct profile_terms *terms)
{
    (void)terms;
    return view_extension(v, OID_CRL_DISTRIBUTION) == NULL &&
        view_extension(v, OID_AUTHORITY_INFO) == NULL;
}

bool profile_masa(const struct view *v, const struct profile_terms *terms)
{
    const struct view_extension *x = view_extension(v, OID_MASA_URL);
    struct item text;

    return x == NULL ||
        (terms->role == PROFILE_DEVICE && !x->critical &&
            reader_whole(x->value, DER_IA5, &text) && text.content.len > 0);
}

bool profile_twice(const struct view *v, const struct profile_terms *terms)
{
    (void)terms;
    for (size_t i = 0; i < v->extension_count; i++)
        if (view_extension(v, v->extensions[i].oid) != &v->extensions[i])
            return false;
    return true;
}

bool profile_known_critical(
    const struct view *v, const struct profile_terms *terms)
{
    static const char *const known[] = {OID_BASIC_CONSTRAINTS, OID_KEY_USAGE,
        OID_NAME_CONSTRAINTS, OID_SUBJECT_ALT_NAME, OID_EXTENDED_KEY_USAGE,
        OID_SUBJECT_KEY_ID, OID_AUTHORITY_KEY_ID, OID_MASA_URL};

    (void)terms;
    for (size_t i = 0; i < v->extension_count; i++) {
        bool found = !v->extensions[i].critical;

        for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
            found = found || strcmp(known[j], v->extensions[i].oid) == 0;
        if (!found)
            return false;
    }
    return true;
}
