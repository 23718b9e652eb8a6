/* oid.h - object identifiers by name, in dotted text. */

#ifndef IDENTITY_OID_H
#define IDENTITY_OID_H

#define OID_COMMON_NAME       "2.5.4.3"
#define OID_SERIAL_NUMBER     "2.5.4.5"
#define OID_ORGANIZATION      "2.5.4.10"
#define OID_ORGANIZATION_UNIT "2.5.4.11"

#define OID_EC_PUBLIC_KEY "1.2.840.10045.2.1"
#define OID_P256          "1.2.840.10045.3.1.7"
#define OID_P384          "1.3.132.0.34"
#define OID_ECDSA_SHA256  "1.2.840.10045.4.3.2"
#define OID_ECDSA_SHA384  "1.2.840.10045.4.3.3"

/* RFC 5280 4.2 and 5.2, 5.3 */
#define OID_SUBJECT_KEY_ID     "2.5.29.14"
#define OID_KEY_USAGE          "2.5.29.15"
#define OID_SUBJECT_ALT_NAME   "2.5.29.17"
#define OID_BASIC_CONSTRAINTS  "2.5.29.19"
#define OID_CRL_NUMBER         "2.5.29.20"
#define OID_REASON_CODE        "2.5.29.21"
#define OID_NAME_CONSTRAINTS   "2.5.29.30"
#define OID_CRL_DISTRIBUTION   "2.5.29.31"
#define OID_AUTHORITY_KEY_ID   "2.5.29.35"
#define OID_EXTENDED_KEY_USAGE "2.5.29.37"
#define OID_AUTHORITY_INFO     "1.3.6.1.5.5.7.1.1"
#define OID_MASA_URL           "1.3.6.1.5.5.7.1.32" /* RFC 8995 2.3.2 */
#define OID_SERVER_AUTH        "1.3.6.1.5.5.7.3.1"
#define OID_CLIENT_AUTH        "1.3.6.1.5.5.7.3.2"
#define OID_HARDWARE_MODULE    "1.3.6.1.5.5.7.8.4" /* RFC 4108 section 5 */
#define OID_ENTERPRISE         "1.3.6.1.4.1"       /* .<PEN> */

#endif
