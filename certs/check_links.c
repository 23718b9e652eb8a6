/* check_links.c - rules between a certificate and the one above it. */

#include <string.h>

#include "certs/check_rules.h"
#include "certs/der.h"
#include "certs/keypair.h"
#include "certs/oid.h"

bool check_issuer_name(const struct view *v, const struct view *issuer)
{
    return span_equal(v->issuer.whole, issuer->subject.whole);
}

bool check_issuer_role(const struct view *v, const struct view *issuer)
{
    enum check_role above = check_role_of(issuer);

    switch (check_role_of(v)) {
    case CHECK_ROOT:
    case CHECK_VENDOR:
        return above == CHECK_ROOT;
    case CHECK_BATCH:
        return above == CHECK_VENDOR;
    case CHECK_DEVICE:
        return above == CHECK_BATCH;
    }
    return false;
}

bool check_issuer_key_id(const struct view *v, const struct view *issuer)
{
    struct span id = view_authority_key_id(v);

    /* check_authority_key_id looks whether it may be absent. */
    return id.len == 0 || span_equal(id, view_subject_key_id(issuer));
}

bool check_signature(const struct view *v, const struct view *issuer)
{
    struct keypair *key = NULL;
    bool good;

    if (keypair_public(issuer->spki, &key) != ERR_OK)
        return false;
    good = keypair_verify(key, v->algorithm, v->tbs, v->signature);
    keypair_free(key);
    return good;
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

bool check_permitted(const struct view *v, const struct view *issuer)
{
    struct span prefix = permitted_name(issuer);
    struct item subject;

    if (prefix.len == 0)
        return true;
    return reader_whole(v->subject.whole, DER_SEQUENCE, &subject) &&
        subject.content.len >= prefix.len &&
        span_equal(prefix, (struct span){subject.content.at, prefix.len});
}

bool check_issuer_purposes(const struct view *v, const struct view *issuer)
{
    enum eku said, above;

    /* check_extended_key_usage looks at what is neither. */
    return !eku_of(v, &said) || !eku_of(issuer, &above) ||
        eku_permits(above, said);
}

bool check_nesting(const struct view *v, const struct view *issuer)
{
    return v->from >= issuer->from && v->to <= issuer->to;
}
