/* profile_fields.c - rules about the fields outside names and extensions. */

#include <string.h>

#include "identity/oid.h"
#include "identity/profile_rules.h"
#include "identity/tag.h"

#define YEAR_S        (365LL * 24 * 60 * 60)
#define UTC_TIME_ENDS 2524608000 /* 2050-01-01T00:00:00Z */

bool profile_version(const struct view *v, const struct profile_terms *terms)
{
    (void)terms;
    return v->version == 3;
}

bool profile_serial(const struct view *v, const struct profile_terms *terms)
{
    struct span s = v->serial;

    (void)terms;
    if (s.len < 8 || s.len > 20 || s.at[0] >= 0x80)
        return false;
    return s.at[0] != 0 || s.at[1] >= 0x80;
}

bool profile_same_algorithm(
    const struct view *v, const struct profile_terms *terms)
{
    (void)terms;
    return strcmp(v->algorithm, v->inner_algorithm) == 0;
}

bool profile_algorithm(const struct view *v, const struct profile_terms *terms)
{
    (void)terms;
    return !v->algorithm_parameters &&
        (strcmp(v->algorithm, OID_ECDSA_SHA256) == 0 ||
            strcmp(v->algorithm, OID_ECDSA_SHA384) == 0);
}

bool profile_key(const struct view *v, const struct profile_terms *terms)
{
    const char *curve =
        terms->role == PROFILE_ROOT || terms->role == PROFILE_VENDOR ? OID_P384
                                                                     : OID_P256;

    return strcmp(v->key_algorithm, OID_EC_PUBLIC_KEY) == 0 &&
        strcmp(v->curve, curve) == 0;
}

static bool right_form(const struct item *time, int64_t seconds)
{
    unsigned char tag =
        seconds < UTC_TIME_ENDS ? DER_UTC_TIME : DER_GENERALIZED_TIME;

    return seconds != INT64_MIN && time->tag == tag;
}

bool profile_time_form(const struct view *v, const struct profile_terms *terms)
{
    (void)terms;
    return right_form(&v->not_before, v->from) &&
        right_form(&v->not_after, v->to);
}

bool profile_time_order(const struct view *v, const struct profile_terms *terms)
{
    (void)terms;
    return v->from == INT64_MIN || v->to == INT64_MIN || v->from < v->to;
}

bool profile_time_end(const struct view *v, const struct profile_terms *terms)
{
    if (v->to == READER_FOR_EVER || v->to == INT64_MIN || v->from == INT64_MIN)
        return true;
    if (terms->role == PROFILE_ROOT)
        return v->to - v->from >= 30 * YEAR_S;
    return terms->role == PROFILE_VENDOR && v->to - v->from >= 20 * YEAR_S;
}
