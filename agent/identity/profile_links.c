/* profile_links.c - rules between a certificate and the one above it. */

#include <string.h>

#include "identity/oid.h"
#include "identity/profile_rules.h"
#include "identity/spki.h"
#include "identity/tag.h"

bool profile_issuer_name(const struct view *v, const struct view *issuer)
{
    return span_equal(v->issuer.whole, issuer->subject.whole);
}

bool profile_issuer_role(const struct view *v, const struct view *issuer)
{
    enum profile_role above = profile_role_of(issuer);

    switch (profile_role_of(v)) {
    case PROFILE_ROOT:
    case PROFILE_VENDOR:
        return above == PROFILE_ROOT;
    case PROFILE_BATCH:
        return above == PROFILE_VENDOR;
    case PROFILE_DEVICE:
        return above == PROFILE_BATCH;
    }
    return false;
}

bool profile_issuer_key_id(const struct view *v, const struct view *issuer)
{
    struct span id = view_authority_key_id(v);

    /* profile_authority_key_id looks whether it may be absent. */
    return id.len == 0 || span_equal(id, view_subject_key_id(issuer));
}

bool profile_signature(const struct view *v, const struct view *issuer)
{
    const struct spki_signed what = {v->algorithm, v->tbs, v->signature};

    return spki_verify(issuer->spki, &what) == ERR_OK;
}

/* The content of the one permitted directoryName, or nothing. */
static struct span permitted_name(const struct view *issuer)
{
    const struct view_extension *x =
        view_extension(issuer, OID_NAME_CONSTRAINTS);
    struct item whole, permitted, tree, general, name;

    if (x == NULL || !reader_whole(x->value, DER_SEQUENCE, &whole) ||
        !reader_take(&whole.content, DER_CONTEXT_CONSTRUCTED(0), &permitted) ||
        !reader_whole(permitted.content, DER_SEQUENCE, &tree) ||
        !reader_whole(tree.content, DER_CONTEXT_CONSTRUCTED(4), &general) ||
        !reader_whole(general.content, DER_SEQUENCE, &name))
        return (struct span){NULL, 0};
    return name.content;
}

bool profile_permitted(const struct view *v, const struct view *issuer)
{
    struct span prefix = permitted_name(issuer);
    struct item subject;

    if (prefix.len == 0)
        return true;
    return reader_whole(v->subject.whole, DER_SEQUENCE, &subject) &&
        subject.content.len >= prefix.len &&
        span_equal(prefix, (struct span){subject.content.at, prefix.len});
}

bool profile_issuer_purposes(const struct view *v, const struct view *issuer)
{
    enum eku said, above;

    /* profile_extended_key_usage looks at what is neither. */
    return !eku_of(v, &said) || !eku_of(issuer, &above) ||
        eku_permits(above, said);
}

bool profile_nesting(const struct view *v, const struct view *issuer)
{
    return v->from >= issuer->from && v->to <= issuer->to;
}
