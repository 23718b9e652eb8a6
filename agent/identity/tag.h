/* tag.h - the tags of DER (X.690 section 8.1.2). */

#ifndef IDENTITY_TAG_H
#define IDENTITY_TAG_H

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8 = 0x0c,
    DER_PRINTABLE = 0x13,
    DER_IA5 = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
#define DER_CONTEXT(n)             ((unsigned char)(0x80 + (n)))
#define DER_CONTEXT_CONSTRUCTED(n) ((unsigned char)(0xa0 + (n)))

#endif
