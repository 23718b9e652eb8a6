/* reader.h - reading DER (X.690), strictly: what BER would also allow is not
 * accepted. */

#ifndef IDENTITY_READER_H
#define IDENTITY_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "identity/bytes.h"

struct item {
    unsigned char tag;
    struct span content;
    struct span whole; /* with tag and length */
};

/* Take the next item off the front of `rest`.  False at the end, and on
 * anything malformed: indefinite or needlessly long lengths, tags above 30,
 * content past the end; then `rest` and `out` are unchanged. */
bool reader_next(struct span *rest, struct item *out);

/* The same, and it must have this tag. */
bool reader_take(struct span *rest, unsigned char tag, struct item *out);

/* The whole of `bytes` is one item with this tag. */
bool reader_whole(struct span bytes, unsigned char tag, struct item *out);

#define READER_OID_SIZE 100

/* An OID's content in dotted text.  False when malformed or too long. */
bool reader_oid(struct span content, char out[READER_OID_SIZE]);

/* The content of a UTCTime or GeneralizedTime in the one form RFC 5280
 * 4.1.2.5 allows (Zulu, seconds, no fractions), in seconds since 1970. */
bool reader_time(const struct item *time, int64_t *seconds);

#define READER_FOR_EVER 253402300799 /* 99991231235959Z (RFC 5280 4.1.2.5) */

#endif
