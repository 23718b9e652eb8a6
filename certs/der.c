/* der.c */

#include "certs/der.h"

#include <mbedtls/asn1write.h>
#include <mbedtls/oid.h>
#include <mbedtls/platform.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "identity/reader.h"

#define UTC_TIME_ENDS 2524608000 /* 2050-01-01T00:00:00Z */

void der_start(struct der *d, unsigned char *buffer, size_t size)
{
    *d = (struct der){buffer, buffer + size, buffer + size, ERR_OK};
}

enum err der_done(const struct der *d, struct span *out)
{
    if (d->error == ERR_OK)
        *out = (struct span){d->at, der_mark(d)};
    return d->error;
}

size_t der_mark(const struct der *d)
{
    return (size_t)(d->end - d->at);
}

/* mbedTLS's writers return a length, or an error below zero. */
static void note(struct der *d, int written)
{
    if (written < 0 && d->error == ERR_OK)
        d->error = ERR_TOO_BIG;
}

void der_wrap(struct der *d, unsigned char tag, size_t mark)
{
    size_t len = der_mark(d) - mark;

    if (d->error != ERR_OK)
        return;
    note(d, mbedtls_asn1_write_len(&d->at, d->start, len));
    note(d, mbedtls_asn1_write_tag(&d->at, d->start, tag));
}

void der_put(struct der *d, struct span bytes)
{
    if (d->error != ERR_OK || bytes.len == 0)
        return;
    note(d,
        mbedtls_asn1_write_raw_buffer(&d->at, d->start, bytes.at, bytes.len));
}

void der_put_tagged(struct der *d, unsigned char tag, struct span content)
{
    size_t mark = der_mark(d);

    der_put(d, content);
    der_wrap(d, tag, mark);
}

void der_put_text(struct der *d, unsigned char tag, const char *text)
{
    der_put_tagged(
        d, tag, (struct span){(const unsigned char *)text, strlen(text)});
}

void der_put_oid(struct der *d, const char *dotted)
{
    mbedtls_asn1_buf oid = {0};

    if (d->error != ERR_OK)
        return;
    if (mbedtls_oid_from_numeric_string(&oid, dotted, strlen(dotted)) != 0) {
        d->error = ERR_INVALID;
        return;
    }
    der_put_tagged(d, DER_OID, (struct span){oid.p, oid.len});
    mbedtls_free(oid.p);
}

void der_put_true(struct der *d)
{
    der_put_tagged(
        d, DER_BOOLEAN, (struct span){(const unsigned char *)"\xff", 1});
}

void der_put_integer(struct der *d, struct span n)
{
    size_t mark = der_mark(d);

    while (n.len > 1 && n.at[0] == 0) {
        n.at++;
        n.len--;
    }
    der_put(d, n);
    if (n.len == 0 || n.at[0] >= 0x80)
        der_put(d, (struct span){(const unsigned char *)"\0", 1});
    der_wrap(d, DER_INTEGER, mark);
}

void der_put_number(struct der *d, uint64_t number)
{
    unsigned char bytes[8];

    for (size_t i = sizeof(bytes); i > 0; i--) {
        bytes[i - 1] = (unsigned char)(number & 0xff);
        number >>= 8;
    }
    der_put_integer(d, (struct span){bytes, sizeof(bytes)});
}

void der_put_enumerated(struct der *d, unsigned char number)
{
    der_put_tagged(d, DER_ENUMERATED, (struct span){&number, 1});
}

void der_put_bits(struct der *d, struct span octets)
{
    size_t mark = der_mark(d);

    der_put(d, octets);
    der_put(d, (struct span){(const unsigned char *)"\0", 1});
    der_wrap(d, DER_BIT_STRING, mark);
}

void der_put_flags(struct der *d, unsigned char flags)
{
    unsigned char content[2] = {0, flags};

    while (flags != 0 && (flags & 1) == 0) {
        flags >>= 1;
        content[0]++; /* unused bits */
    }
    der_put_tagged(
        d, DER_BIT_STRING, (struct span){content, flags == 0 ? 1 : 2});
}

void der_put_time(struct der *d, int64_t seconds)
{
    struct tm t = {0};
    time_t when = (time_t)seconds;
    char text[32];

    if (seconds < 0 || seconds > READER_FOR_EVER ||
        gmtime_r(&when, &t) == NULL) {
        d->error = d->error == ERR_OK ? ERR_INVALID : d->error;
        return;
    }
    if (seconds < UTC_TIME_ENDS) {
        (void)strftime(text, sizeof(text), "%y%m%d%H%M%SZ", &t);
        der_put_text(d, DER_UTC_TIME, text);
    } else {
        (void)strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &t);
        der_put_text(d, DER_GENERALIZED_TIME, text);
    }
}
