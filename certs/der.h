/* der.h - writing DER (X.690), from the last byte to the first.
 *
 * What is written later stands earlier, so a structure is written back to
 * front and then wrapped.  Running out of room or memory is remembered, and
 * told once, by der_done. */

#ifndef CERTS_DER_H
#define CERTS_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "identity/bytes.h"
#include "identity/tag.h"

struct der {
    unsigned char *start; /* of the buffer */
    unsigned char *at;    /* first byte written so far */
    unsigned char *end;
    enum err error; /* the first one; ERR_OK so far */
};

/* Write into `buffer` (borrowed until der_done). */
void der_start(struct der *d, unsigned char *buffer, size_t size);

/* What was written so far; the span is lent until the buffer changes.
 * ERR_TOO_BIG: the buffer was too small. */
enum err der_done(const struct der *d, struct span *out) MUST_CHECK;

/* Bytes written so far: the `mark` that der_wrap needs. */
size_t der_mark(const struct der *d);

/* Put tag and length before everything written since `mark`. */
void der_wrap(struct der *d, unsigned char tag, size_t mark);

void der_put(struct der *d, struct span bytes); /* as they are */
void der_put_tagged(struct der *d, unsigned char tag, struct span content);
void der_put_text(struct der *d, unsigned char tag, const char *text);
void der_put_oid(struct der *d, const char *dotted);
void der_put_true(struct der *d);
/* A positive INTEGER from big-endian bytes: no needless zeros, 0x00 before a
 * high bit. */
void der_put_integer(struct der *d, struct span big_endian);
void der_put_number(struct der *d, uint64_t number);
void der_put_enumerated(struct der *d, unsigned char number); /* below 128 */
/* BIT STRING of whole octets. */
void der_put_bits(struct der *d, struct span octets);
/* BIT STRING of named flags: bit 0 is the highest bit, trailing zeros go. */
void der_put_flags(struct der *d, unsigned char flags);
/* UTCTime before 2050, GeneralizedTime from then on (RFC 5280 4.1.2.5). */
void der_put_time(struct der *d, int64_t seconds);

#endif
