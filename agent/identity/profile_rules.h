/* profile_rules.h - the single rules, for profile.c: true when kept. */

#ifndef IDENTITY_PROFILE_RULES_H
#define IDENTITY_PROFILE_RULES_H

#include "identity/profile.h"

typedef bool profile_certificate_rule(
    const struct view *certificate, const struct profile_terms *terms);
typedef bool profile_link_rule(
    const struct view *certificate, const struct view *issuer);

/* profile_fields.c */
profile_certificate_rule profile_version, profile_serial,
    profile_same_algorithm, profile_algorithm, profile_key, profile_time_form,
    profile_time_order, profile_time_end;

/* profile_names.c */
profile_certificate_rule profile_subject_order, profile_subject_strings,
    profile_subject_lengths, profile_subject_characters, profile_thing_name,
    profile_hardware_module, profile_hardware_serial, profile_other_names;

/* profile_extensions.c */
profile_certificate_rule profile_basic_constraints, profile_key_usage,
    profile_extended_key_usage, profile_name_constraints,
    profile_subject_key_id, profile_authority_key_id, profile_pointers,
    profile_masa, profile_twice, profile_known_critical;

/* profile_links.c */
profile_link_rule profile_issuer_name, profile_issuer_role,
    profile_issuer_key_id, profile_signature, profile_permitted,
    profile_issuer_purposes, profile_nesting;

#endif
