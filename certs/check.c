/* check.c - the table of rules. */

#include "certs/check.h"

#include <string.h>

#include "certs/check_rules.h"
#include "certs/oid.h"

#define EVERY (CHECK_ROOT | CHECK_VENDOR | CHECK_BATCH | CHECK_DEVICE)
#define CAS   (CHECK_ROOT | CHECK_VENDOR | CHECK_BATCH)

const struct check_rule check_encoding = {"encoding",
    "a certificate in DER, every part of it", "RFC 5280 4.1, X.690 10"};

static const struct {
    struct check_rule rule;
    unsigned roles;
    check_certificate_rule *keeps;
} certificate_rules[] = {
    {{"version", "version 3", "RFC 5280 4.1.2.1"},                        EVERY, check_version           },
    {{"serial-number", "8 to 20 octets, positive, no needless zeros",
         "RFC 5280 4.1.2.2; profile: serial"},
     EVERY,                                                                      check_serial            },
    {{"signature-algorithm-twice", "the same algorithm inside and outside",
         "RFC 5280 4.1.1.2"},
     EVERY,                                                                      check_same_algorithm    },
    {{"signature-algorithm",
         "ecdsa-with-SHA256 or ecdsa-with-SHA384, no parameters",
         "profile: chain; RFC 5758 3.2"},
     EVERY,                                                                      check_algorithm         },
    {{"key", "P-384 for root and vendor, P-256 for batch and device",
         "profile: chain"},
     EVERY,                                                                      check_key               },
    {{"validity-form", "UTCTime to 2049, GeneralizedTime from 2050, in Zulu",
         "RFC 5280 4.1.2.5"},
     EVERY,                                                                      check_time_form         },
    {{"validity-order", "notBefore before notAfter", "RFC 5280 4.1.2.5"}, EVERY,
     check_time_order                                                                                    },
    {{"validity-end", "99991231235959Z; a root may have 30 years, a vendor 20",
         "profile: validity"},
     EVERY,                                                                      check_time_end          },
    {{"subject-order",
         "root O CN, vendor O CN, batch O OU CN, device O OU CN serialNumber,"
         " each once and alone, in this order",
         "profile: subject"},
     EVERY,                                                                      check_subject_order     },
    {{"subject-strings", "UTF8String; serialNumber PrintableString",
         "profile: subject; X.520"},
     EVERY,                                                                      check_subject_strings   },
    {{"subject-length", "1 to 64 characters; a thing name up to 128",
         "RFC 5280 A.1; profile: naming"},
     EVERY,                                                                      check_subject_lengths   },
    {{"subject-characters",
         "no space, comma, '+', '#', '$' or control character in vendor, model"
         " and serial number",
         "profile: naming"},
     CHECK_VENDOR | CHECK_BATCH | CHECK_DEVICE,                                  check_subject_characters},
    {{"thing-name", "CN is the mapping of vendor, model and serial number",
         "profile: naming"},
     CHECK_DEVICE,                                                               check_thing_name        },
    {{"basic-constraints",
         "critical; path length 2, 1, 0 for root, vendor, batch; no CA for a"
         " device",
         "RFC 5280 4.2.1.9; profile: basicConstraints"},
     EVERY,                                                                      check_basic_constraints },
    {{"key-usage",
         "critical; keyCertSign and cRLSign for a CA, digitalSignature for a"
         " device, nothing else",
         "RFC 5280 4.2.1.3; profile: keyUsage"},
     EVERY,                                                                      check_key_usage         },
    {{"extended-key-usage",
         "clientAuth alone, or what --eku chose for the model; in a CA at least"
         " clientAuth; none in a root",
         "RFC 5280 4.2.1.12; profile: EKU"},
     EVERY,                                                                      check_extended_key_usage},
    {{"name-constraints",
         "critical; permitted O (and OU for a batch) of the subject; excluded"
         " every DNS name, IP address, e-mail address and URI; none in a root"
         " or device",
         "RFC 5280 4.2.1.10; profile: nameConstraints"},
     EVERY,                                                                      check_name_constraints  },
    {{"hardware-module-name", "a subjectAltName with one hardwareModuleName",
         "RFC 4108 5; IEEE 802.1AR 8; profile: SAN"},
     CHECK_DEVICE,                                                               check_hardware_module   },
    {{"hardware-serial", "hwSerialNum is the subject's serialNumber",
         "RFC 4108 5; profile: SAN"},
     CHECK_DEVICE,                                                               check_hardware_serial   },
    {{"other-names", "no DNS name or other name that is for servers",
         "profile: SAN"},
     EVERY,                                                                      check_other_names       },
    {{"subject-key-id", "20 octets, not critical; a device may do without",
         "RFC 5280 4.2.1.2; profile: SKI/AKI"},
     EVERY,                                                                      check_subject_key_id    },
    {{"authority-key-id", "a key identifier, not critical",
         "RFC 5280 4.2.1.1; profile: SKI/AKI"},
     CHECK_VENDOR | CHECK_BATCH | CHECK_DEVICE,                                  check_authority_key_id  },
    {{"revocation-pointers", "no cRLDistributionPoints, no authorityInfoAccess",
         "profile: CDP/AIA"},
     CHECK_DEVICE,                                                               check_pointers          },
    {{"masa-url", "an IA5String, not critical, in a device only",
         "RFC 8995 2.3.2; profile: MASA URL"},
     EVERY,                                                                      check_masa              },
    {{"extension-twice", "each extension once", "RFC 5280 4.2"},          EVERY,
     check_twice                                                                                         },
    {{"extension-unknown", "no critical extension but those of the profile",
         "RFC 5280 4.2"},
     EVERY,                                                                      check_known_critical    },
};

static const struct {
    struct check_rule rule;
    check_link_rule *keeps;
} link_rules[] = {
    {{"issuer-name", "the subject of the certificate above, to the byte",
         "RFC 5280 4.1.2.4, 7.1"},
     check_issuer_name    },
    {{"issuer-role", "device below batch below vendor below root",
         "profile: chain"},
     check_issuer_role    },
    {{"issuer-key-id", "the subject key identifier of the one above",
         "RFC 5280 4.2.1.1"},
     check_issuer_key_id  },
    {{"signature", "signed by the key of the one above", "RFC 5280 4.1.1.3"},
     check_signature      },
    {{"issuer-constraints", "the subject begins with what is permitted above",
         "RFC 5280 4.2.1.10"},
     check_permitted      },
    {{"issuer-purposes", "no purpose that the one above does not have",
         "RFC 5280 4.2.1.12; profile: EKU"},
     check_issuer_purposes},
    {{"issuer-validity", "valid within the validity of the one above",
         "profile: validity"},
     check_nesting        },
};

static const struct {
    enum check_role role;
    const char *name;
} roles[] = {
    {CHECK_ROOT,   "root"  },
    {CHECK_VENDOR, "vendor"},
    {CHECK_BATCH,  "batch" },
    {CHECK_DEVICE, "device"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum check_role check_role_of(const struct view *v)
{
    const struct view_extension *basic =
        view_extension(v, OID_BASIC_CONSTRAINTS);
    struct item sequence;

    if (basic == NULL ||
        (reader_whole(basic->value, 0x30, &sequence) &&
            sequence.content.len == 0))
        return CHECK_DEVICE;
    if (span_equal(v->subject.whole, v->issuer.whole))
        return CHECK_ROOT;
    return view_attribute(&v->subject, OID_ORGANIZATION_UNIT) != NULL
        ? CHECK_BATCH
        : CHECK_VENDOR;
}

const char *check_role_name(enum check_role role)
{
    for (size_t i = 0; i < COUNT(roles); i++)
        if (roles[i].role == role)
            return roles[i].name;
    return "unknown";
}

bool check_role_parse(const char *name, enum check_role *role)
{
    for (size_t i = 0; i < COUNT(roles); i++) {
        if (strcmp(roles[i].name, name) == 0) {
            *role = roles[i].role;
            return true;
        }
    }
    return false;
}

size_t check_certificate(const struct view *certificate,
    const struct check_terms *terms, check_report *report, void *context)
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

size_t check_link(const struct view *certificate, const struct view *issuer,
    check_report *report, void *context)
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
