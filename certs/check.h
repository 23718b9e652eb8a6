/* check.h - does a certificate keep to the profile?  Every rule has a name,
 * what is expected, and its source: a row of the certificate profile
 * (docs/factory.md) or a section of an RFC. */

#ifndef CERTS_CHECK_H
#define CERTS_CHECK_H

#include "certs/eku.h"
#include "certs/view.h"

enum check_role {
    CHECK_ROOT = 1, /* flags: a rule is for several */
    CHECK_VENDOR = 2,
    CHECK_BATCH = 4,
    CHECK_DEVICE = 8,
};

/* What a certificate is, by what it says about itself: no CA is a device, a
 * CA of its own is a root, one with an OU is a batch. */
enum check_role check_role_of(const struct view *certificate);
const char *check_role_name(enum check_role role);
bool check_role_parse(const char *name, enum check_role *role);

/* What a certificate is held against. */
struct check_terms {
    enum check_role role;
    enum eku eku; /* chosen for the device, or for the devices below a CA */
};

struct check_rule {
    const char *id; /* "subject-order" */
    const char *expected;
    const char *source;
};

/* Called for each rule that is broken. */
typedef void check_report(void *context, const struct check_rule *rule);

/* Both return how many rules are broken. */
size_t check_certificate(const struct view *certificate,
    const struct check_terms *terms, check_report *report, void *context);
/* The rules between a certificate and the one above; a root is its own. */
size_t check_link(const struct view *certificate, const struct view *issuer,
    check_report *report, void *context);

/* The rule that bytes which are no certificate break. */
extern const struct check_rule check_encoding;

#endif
