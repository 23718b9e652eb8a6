/* profile.h - does a certificate keep to the profile?  Every rule has a name,
 * what is expected, and its source: a row of the certificate profile
 * (docs/factory.md) or a section of an RFC. */

#ifndef IDENTITY_PROFILE_H
#define IDENTITY_PROFILE_H

#include "identity/eku.h"
#include "identity/view.h"

enum profile_role {
    PROFILE_ROOT = 1, /* flags: a rule is for several */
    PROFILE_VENDOR = 2,
    PROFILE_BATCH = 4,
    PROFILE_DEVICE = 8,
};

/* What a certificate is, by what it says about itself: no CA is a device, a
 * CA of its own is a root, one with an OU is a batch. */
enum profile_role profile_role_of(const struct view *certificate);
const char *profile_role_name(enum profile_role role);
bool profile_role_parse(const char *name, enum profile_role *role);

/* What a certificate is held against. */
struct profile_terms {
    enum profile_role role;
    enum eku eku; /* chosen for the device, or for the devices below a CA */
};

struct profile_rule {
    const char *id; /* "subject-order" */
    const char *expected;
    const char *source;
};

/* Called for each rule that is broken. */
typedef void profile_report(void *context, const struct profile_rule *rule);

/* Both return how many rules are broken. */
size_t profile_check(const struct view *certificate,
    const struct profile_terms *terms, profile_report *report, void *context);
/* The rules between a certificate and the one above; a root is its own. */
size_t profile_check_link(const struct view *certificate,
    const struct view *issuer, profile_report *report, void *context);

/* The rule that bytes which are no certificate break. */
extern const struct profile_rule profile_encoding;

#endif
