/* reader.c */

#include "identity/reader.h"

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <string.h>
#include <time.h>

#include "identity/tag.h"

/* X.690 10.1: definite and as short as possible. */
static bool take_length(struct span *rest, size_t *len)
{
    size_t count, value = 0;

    if (rest->len == 0)
        return false;
    count = rest->at[0];
    rest->at++;
    rest->len--;
    if (count < 0x80) {
        *len = count;
        return true;
    }
    count -= 0x80;
    if (count == 0 || count > 4 || count > rest->len || rest->at[0] == 0)
        return false;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | rest->at[i];
    rest->at += count;
    rest->len -= count;
    *len = value;
    return value >= 0x80;
}

bool reader_next(struct span *rest, struct item *out)
{
    struct span r = *rest;
    struct item item;
    size_t len;

    if (r.len == 0 || (r.at[0] & 0x1f) == 0x1f)
        return false;
    item.tag = r.at[0];
    r.at++;
    r.len--;
    if (!take_length(&r, &len) || len > r.len)
        return false;
    item.content = (struct span){r.at, len};
    item.whole = (struct span){rest->at, (size_t)(r.at - rest->at) + len};
    rest->at += item.whole.len;
    rest->len -= item.whole.len;
    *out = item;
    return true;
}

bool reader_take(struct span *rest, unsigned char tag, struct item *out)
{
    return rest->len > 0 && rest->at[0] == tag && reader_next(rest, out);
}

bool reader_whole(struct span bytes, unsigned char tag, struct item *out)
{
    return reader_take(&bytes, tag, out) && bytes.len == 0;
}

bool reader_oid(struct span content, char out[READER_OID_SIZE])
{
    mbedtls_asn1_buf oid = {
        MBEDTLS_ASN1_OID, content.len, (unsigned char *)content.at};

    return content.len > 0 &&
        mbedtls_oid_get_numeric_string(out, READER_OID_SIZE, &oid) > 0;
}

static bool take_digits(const char **text, int count, int *value)
{
    *value = 0;
    for (; count > 0; count--, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *value = *value * 10 + (**text - '0');
    }
    return true;
}

bool reader_time(const struct item *time, int64_t *seconds)
{
    bool utc = time->tag == DER_UTC_TIME;
    char text[16] = "";
    const char *t = text;
    struct tm when = {0}, check;
    time_t result;

    if ((!utc && time->tag != DER_GENERALIZED_TIME) ||
        time->content.len != (utc ? 13 : 15))
        return false;
    memcpy(text, time->content.at, time->content.len);
    if (!take_digits(&t, utc ? 2 : 4, &when.tm_year) ||
        !take_digits(&t, 2, &when.tm_mon) ||
        !take_digits(&t, 2, &when.tm_mday) ||
        !take_digits(&t, 2, &when.tm_hour) ||
        !take_digits(&t, 2, &when.tm_min) ||
        !take_digits(&t, 2, &when.tm_sec) || strcmp(t, "Z") != 0)
        return false;
    when.tm_year += !utc ? -1900 : when.tm_year < 50 ? 100 : 0;
    when.tm_mon -= 1;
    check = when;
    result = timegm(&check);
    /* timegm mends the 31st of February; then it is not the same day. */
    if (check.tm_mon != when.tm_mon || check.tm_mday != when.tm_mday ||
        check.tm_hour != when.tm_hour || check.tm_sec != when.tm_sec)
        return false;
    *seconds = (int64_t)result;
    return true;
}
