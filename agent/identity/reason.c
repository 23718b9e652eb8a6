/* reason.c */

#include "identity/reason.h"

static const struct {
    const char *name, *advice;
} table[TRUST_REASONS] = {
    [TRUST_OK] = {"ok",                    ""                                       },
    [TRUST_EXPIRED] = {"expired",               "it is expired; its owner must renew it" },
    [TRUST_NOT_YET] = {"not_yet_valid",
                  "it is not valid yet; compare both clocks"                        },
    [TRUST_UNKNOWN_ISSUER] = {"unknown_issuer",
                  "no trusted CA signed it; is the right CA in the trust file, and does "
        "the peer send its intermediates?"                                          },
    [TRUST_BAD_SIGNATURE] = {"bad_signature",
                  "its issuer's key did not make its signature; it is damaged, or made "
        "by another CA of that name"                                                },
    [TRUST_NAME] = {"wrong_name",
                  "its subjectAltName does not name this endpoint; check the endpoint, "
        "or issue a certificate for it"                                             },
    [TRUST_PURPOSE] = {"wrong_purpose",
                  "its keyUsage or extendedKeyUsage does not allow this use"        },
    [TRUST_NOT_A_CA] = {"not_a_ca",
                  "it signed a certificate and may not (basicConstraints, keyUsage)"},
    [TRUST_PATH_LENGTH] = {"path_length",
                  "more CAs stand below it than its pathLenConstraint allows"       },
    [TRUST_CONSTRAINTS] = {"name_constraints",
                  "a CA above may not speak for one of its names"                   },
    [TRUST_CRITICAL_EXTENSION] = {"critical_extension",
                  "it has a critical extension that we cannot evaluate"             },
    [TRUST_WEAK_KEY] = {"weak_key",
                  "its key is too weak, or odd; expected P-256, P-384, or RSA of 2048 to "
        "4096 bits with a short exponent"                                           },
    [TRUST_WEAK_SIGNATURE] = {"weak_signature",
                  "its signature is too weak; expected SHA-256 or better"           },
    [TRUST_UNSUPPORTED] = {"unsupported_algorithm",
                  "an algorithm in it is not known here; expected P-256, P-384 or RSA, "
        "and SHA-256, SHA-384 or SHA-512"                                           },
    [TRUST_REVOKED] = {"revoked",               "its CA has revoked it"                  },
    [TRUST_CRL_STALE] = {"crl_stale",
                  "its CA's revocation list is over; fetch a new one"               },
    [TRUST_CRL_BAD] = {"crl_bad",
                  "the revocation list in its CA's name is not signed by it"        },
    [TRUST_PIN] = {"wrong_pin",             "no pinned key stands in its path"       },
    [TRUST_HIT] = {"wrong_hit",             "its key has another Host Identity Tag"  },
    [TRUST_VENDOR] = {"wrong_vendor",
                  "the CA that vouches for it speaks for another vendor"            },
    [TRUST_MODEL] = {"wrong_model",           "it is another model"                    },
    [TRUST_SERIAL] = {"wrong_serial",          "it is another device of this model"     },
    [TRUST_LEVEL] = {"low_level",             "less is proved than was asked for"      },
    [TRUST_NAMEPLATE] = {"not_a_nameplate",
                  "it is no factory certificate: vendor (O), model (OU), serialNumber "
        "and thing name (CN) must stand there once and agree"                       },
    [TRUST_TOO_COMPLEX] = {"too_complex",
                  "the chain is longer or larger than any honest one"               },
    [TRUST_MALFORMED] = {"malformed",             "it is malformed"                        },
};

const char *trust_reason_name(enum trust_reason reason)
{
    return table[reason].name;
}

const char *trust_reason_advice(enum trust_reason reason)
{
    return table[reason].advice;
}
