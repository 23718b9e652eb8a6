/* profile.c - the table of rules. */

#include "identity/profile.h"

#include <string.h>

#include "identity/oid.h"
#include "identity/profile_rules.h"

#define EVERY (PROFILE_ROOT | PROFILE_VENDOR | PROFILE_BATCH | PROFILE_DEVICE)
#define CAS   (PROFILE_ROOT | PROFILE_VENDOR | PROFILE_BATCH)

const struct profile_rule profile_encoding = {"encoding",
    "a certificate in DER, every part of it", "RFC 5280 4.1, X.690 10"};

static const struct {
    struct profile_rule rule;
    unsigned roles;
    profile_certificate_rule *keeps;
} certificate_rules[] = {
    {{"version", "version 3", "RFC 5280 4.1.2.1"},                        EVERY, profile_version           },
    {{"serial-number", "8 to 20 octets, positive, no needless zeros",
         "RFC 5280 4.1.2.2; profile: serial"},
     EVERY,                                                                      profile_serial            },
    {{"signature-algorithm-twice", "the same algorithm inside and outside",
         "RFC 5280 4.1.1.2"},
     EVERY,                                                                      profile_same_algorithm    },
    {{"signature-algorithm",
         "ecdsa-with-SHA256 or ecdsa-with-SHA384, no parameters",
         "profile: chain; RFC 5758 3.2"},
     EVERY,                                                                      profile_algorithm         },
    {{"key", "P-384 for root and vendor, P-256 for batch and device",
         "profile: chain"},
     EVERY,                                                                      profile_key               },
    {{"validity-form", "UTCTime to 2049, GeneralizedTime from 2050, in Zulu",
         "RFC 5280 4.1.2.5"},
     EVERY,                                                                      profile_time_form         },
    {{"validity-order", "notBefore before notAfter", "RFC 5280 4.1.2.5"}, EVERY,
     profile_time_order                                                                                    },
    {{"validity-end", "99991231235959Z; a root may have 30 years, a vendor 20",
         "profile: validity"},
     EVERY,                                                                      profile_time_end          },
    {{"subject-order",
         "root O CN, vendor O CN, batch O OU CN, device O OU CN serialNumber,"
         " each once and alone, in this order",
         "profile: subject"},
     EVERY,                                                                      profile_subject_order     },
    {{"subject-strings", "UTF8String; serialNumber PrintableString",
         "profile: subject; X.520"},
     EVERY,                                                                      profile_subject_strings   },
    {{"subject-length", "1 to 64 characters; a thing name up to 128",
         "RFC 5280 A.1; profile: naming"},
     EVERY,                                                                      profile_subject_lengths   },
    {{"subject-characters",
         "no space, comma, '+', '#', '$' or control character in vendor, model"
         " and serial number",
         "profile: naming"},
     PROFILE_VENDOR | PROFILE_BATCH | PROFILE_DEVICE,
     profile_subject_characters                                                                            },
    {{"thing-name", "CN is the mapping of vendor, model and serial number",
         "profile: naming"},
     PROFILE_DEVICE,                                                             profile_thing_name        },
    {{"basic-constraints",
         "critical; path length 2, 1, 0 for root, vendor, batch; no CA for a"
         " device",
         "RFC 5280 4.2.1.9; profile: basicConstraints"},
     EVERY,                                                                      profile_basic_constraints },
    {{"key-usage",
         "critical; keyCertSign and cRLSign for a CA, digitalSignature for a"
         " device, nothing else",
         "RFC 5280 4.2.1.3; profile: keyUsage"},
     EVERY,                                                                      profile_key_usage         },
    {{"extended-key-usage",
         "clientAuth alone, or what --eku chose for the model; in a CA at least"
         " clientAuth; none in a root",
         "RFC 5280 4.2.1.12; profile: EKU"},
     EVERY,                                                                      profile_extended_key_usage},
    {{"name-constraints",
         "critical; permitted O (and OU for a batch) of the subject; excluded"
         " every DNS name, IP address, e-mail address and URI; none in a root"
         " or device",
         "RFC 5280 4.2.1.10; profile: nameConstraints"},
     EVERY,                                                                      profile_name_constraints  },
    {{"hardware-module-name", "a subjectAltName with one hardwareModuleName",
         "RFC 4108 5; IEEE 802.1AR 8; profile: SAN"},
     PROFILE_DEVICE,                                                             profile_hardware_module   },
    {{"hardware-serial", "hwSerialNum is the subject's serialNumber",
         "RFC 4108 5; profile: SAN"},
     PROFILE_DEVICE,                                                             profile_hardware_serial   },
    {{"other-names", "no DNS name or other name that is for servers",
         "profile: SAN"},
     EVERY,                                                                      profile_other_names       },
    {{"subject-key-id", "20 octets, not critical; a device may do without",
         "RFC 5280 4.2.1.2; profile: SKI/AKI"},
     EVERY,                                                                      profile_subject_key_id    },
    {{"authority-key-id", "a key identifier, not critical",
         "RFC 5280 4.2.1.1; profile: SKI/AKI"},
     PROFILE_VENDOR | PROFILE_BATCH | PROFILE_DEVICE,
     profile_authority_key_id                                                                              },
    {{"revocation-pointers", "no cRLDistributionPoints, no authorityInfoAccess",
         "profile: CDP/AIA"},
     PROFILE_DEVICE,                                                             profile_pointers          },
    {{"masa-url", "an IA5String, not critical, in a device only",
         "RFC 8995 2.3.2; profile: MASA URL"},
     EVERY,                                                                      profile_masa              },
    {{"extension-twice", "each extension once", "RFC 5280 4.2"},          EVERY,
     profile_twice                                                                                         },
    {{"extension-unknown", "no critical extension but those of the profile",
         "RFC 5280 4.2"},
     EVERY,                                                                      profile_known_critical    },
};

static const struct {
    struct profile_rule rule;
    profile_link_rule *keeps;
} link_rules[] = {
    {{"issuer-name", "the subject of the certificate above, to the byte",
         "RFC 5280 4.1.2.4, 7.1"},
     profile_issuer_name    },
    {{"issuer-role", "device below batch below vendor below root",
         "profile: chain"},
     profile_issuer_role    },
    {{"issuer-key-id", "the subject key identifier of the one above",
         "RFC 5280 4.2.1.1"},
     profile_issuer_key_id  },
    {{"signature", "signed by the key of the one above", "RFC 5280 4.1.1.3"},
     profile_signature      },
    {{"issuer-constraints", "the subject begins with what is permitted above",
         "RFC 5280 4.2.1.10"},
     profile_permitted      },
    {{"issuer-purposes", "no purpose that the one above does not have",
         "RFC 5280 4.2.1.12; profile: EKU"},
     profile_issuer_purposes},
    {{"issuer-validity", "valid within the validity of the one above",
         "profile: validity"},
     profile_nesting        },
};

static const struct {
    enum profile_role role;
    const char *name;
} roles[] = {
    {PROFILE_ROOT,   "root"  },
    {PROFILE_VENDOR, "vendor"},
    {PROFILE_BATCH,  "batch" },
    {PROFILE_DEVICE, "device"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum profile_role profile_role_of(const struct view *v)
{
    const struct view_extension *basic =
        view_extension(v, OID_BASIC_CONSTRAINTS);
    struct item sequence;

    if (basic == NULL ||
        (reader_whole(basic->value, 0x30, &sequence) &&
            sequence.content.len == 0))
        return PROFILE_DEVICE;
    if (span_equal(v->subject.whole, v->issuer.whole))
        return PROFILE_ROOT;
    return view_attribute(&v->subject, OID_ORGANIZATION_UNIT) != NULL
        ? PROFILE_BATCH
        : PROFILE_VENDOR;
}

const char *profile_role_name(enum profile_role role)
{
    for (size_t i = 0; i < COUNT(roles); i++)
        if (roles[i].role == role)
            return roles[i].name;
    return "unknown";
}

bool profile_role_parse(const char *name, enum profile_role *role)
{
    for (size_t i = 0; i < COUNT(roles); i++) {
        if (strcmp(roles[i].name, name) == 0) {
            *role = roles[i].role;
            return true;
        }
    }
    return false;
}

size_t profile_check(const struct view *certificate,
    const struct profile_terms *terms, profile_report *report, void *context)
{
    size_t broken = 0;

    for (size_t i = 0; i < COUNT(certificate_rules); i++) {
        if ((certificate_rules[i].roles & terms->role) == 0 ||
            certificate_rules[i].keeps(certificate, terms))
            continue;
        report(context, &certificate_rules[i].rule);
        broken++;
    }
    return broken;
}

size_t profile_check_link(const struct view *certificate,
    const struct view *issuer, profile_report *report, void *context)
{
    size_t broken = 0;

    for (size_t i = 0; i < COUNT(link_rules); i++) {
        if (link_rules[i].keeps(certificate, issuer))
            continue;
        report(context, &link_rules[i].rule);
        broken++;
    }
    return broken;
}
