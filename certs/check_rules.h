/* check_rules.h - the single rules, for check.c: true when kept. */

#ifndef CERTS_CHECK_RULES_H
#define CERTS_CHECK_RULES_H

#include "certs/check.h"

typedef bool check_certificate_rule(
    const struct view *certificate, const struct check_terms *terms);
typedef bool check_link_rule(
    const struct view *certificate, const struct view *issuer);

/* check_fields.c */
check_certificate_rule check_version, check_serial, check_same_algorithm,
    check_algorithm, check_key, check_time_form, check_time_order,
    check_time_end;

/* check_names.c */
check_certificate_rule check_subject_order, check_subject_strings,
    check_subject_lengths, check_subject_characters, check_thing_name,
    check_hardware_module, check_hardware_serial, check_other_names;

/* check_extensions.c */
check_certificate_rule check_basic_constraints, check_key_usage,
    check_extended_key_usage, check_name_constraints, check_subject_key_id,
    check_authority_key_id, check_pointers, check_masa, check_twice,
    check_known_critical;

/* check_links.c */
check_link_rule check_issuer_name, check_issuer_role, check_issuer_key_id,
    check_signature, check_permitted, check_issuer_purposes, check_nesting;

#endif
