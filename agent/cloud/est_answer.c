/* est_answer.c */

#include "cloud/est_answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "identity/base64.h"
#include "identity/reader.h"
#include "identity/tag.h"

#define WELL_KNOWN "/.well-known/est"
#define QUOTED     120 /* characters of what a server says that are repeated */

const char *est_operation_name(enum est_operation operation)
{
    switch (operation) {
    case EST_CACERTS:
        return "cacerts";
    case EST_CSRATTRS:
        return "csrattrs";
    case EST_ENROLL:
        return "simpleenroll";
    case EST_REENROLL:
        return "simplereenroll";
    }
    return "unknown";
}

enum err est_url(const char *base, const char *label,
    enum est_operation operation, char *out, size_t size)
{
    size_t len = strlen(base);
    bool has_well_known = strstr(base, WELL_KNOWN) != NULL;

    while (len > 0 && base[len - 1] == '/')
        len--;
    return snprintf(out, size, "%.*s%s%s%s/%s", (int)len, base,
               has_well_known ? "" : WELL_KNOWN, label != NULL ? "/" : "",
               label != NULL ? label : "",
               est_operation_name(operation)) < (int)size
        ? ERR_OK
        : ERR_TOO_BIG;
}

/* --- Retry-After --------------------------------------------------------- */

static uint32_t within(int64_t seconds)
{
    if (seconds < EST_RETRY_LEAST_S)
        return EST_RETRY_LEAST_S;
    return seconds > EST_RETRY_MOST_S ? EST_RETRY_MOST_S : (uint32_t)seconds;
}

/* IMF-fixdate, the one form that is still sent (RFC 9110 section 5.6.7), as the
 * GeneralizedTime that it says. */
static bool read_date(const char *value, int64_t *seconds)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const char form[] = "Thu, 01 Jan 1970 00:00:00 GMT";
    char text[40], month[4];
    const char *found;
    struct item time = {.tag = DER_GENERALIZED_TIME};

    if (strlen(value) != strlen(form) || strcmp(value + 25, form + 25) != 0)
        return false;
    (void)snprintf(month, sizeof(month), "%.3s", value + 8);
    found = strstr(months, month);
    if (found == NULL || (found - months) % 3 != 0)
        return false;
    (void)snprintf(text, sizeof(text), "%.4s%02d%.2s%.2s%.2s%.2sZ", value + 12,
        (int)(found - months) / 3 + 1, value + 5, value + 17, value + 20,
        value + 23);
    time.content = (struct span){(const unsigned char *)text, strlen(text)};
    return reader_time(&time, seconds);
}

uint32_t est_retry_s(const char *value, int64_t now_s)
{
    int64_t at_s;
    size_t digits;

    if (value == NULL)
        return EST_RETRY_GUESS_S;
    digits = strspn(value, "0123456789");
    if (digits > 0 && value[digits] == '\0')
        return digits > 9 ? EST_RETRY_MOST_S : within(strtol(value, NULL, 10));
    return read_date(value, &at_s) ? within(at_s - now_s) : EST_RETRY_GUESS_S;
}

/* --- answers ------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void end(
    struct est_reading *out, enum est_outcome outcome, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(out->words, sizeof(out->words), format, args);
    va_end(args);
    out->outcome = outcome;
}

/* The beginning of a body that people can read, on one line; "" for bytes. */
static void quote(struct span body, char out[QUOTED + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < body.len && n < QUOTED; i++) {
        char c = (char)body.at[i];

        if (c == '\r' || c == '\n' || c == '\t')
            c = ' ';
        if (c < ' ' || c > '~')
            break;
        if (c == '"')
            c = '\'';
        if (c != ' ' || (n > 0 && out[n - 1] != ' '))
            out[n++] = c;
    }
    out[n] = '\0';
}

static bool is_type(const char *type, const char *wanted)
{
    size_t len = strlen(wanted);

    return type != NULL && strncasecmp(type, wanted, len) == 0 &&
        (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static const char *wanted_type(enum est_operation operation)
{
    return operation == EST_CSRATTRS ? "application/csrattrs"
                                     : "application/pkcs7-mime";
}

/* What people send who did not read RFC 8951. */
static const char *hint(struct span body)
{
    static const char dashes[] = "-----BEGIN";

    if (body.len > 0 && body.at[0] == 0x30)
        return "; it is DER without base64 around it";
    if (body.len >= sizeof(dashes) - 1 &&
        memcmp(body.at, dashes, sizeof(dashes) - 1) == 0)
        return "; it is PEM, and EST sends base64 alone";
    return "";
}

static void read_body(enum est_operation operation,
    const struct est_reply *reply, struct est_reading *out)
{
    const char *type = wanted_type(operation);
    char said[QUOTED + 1];
    const char *why;
    enum err e;

    if (!is_type(reply->content_type, type)) {
        quote(reply->body, said);
        end(out, EST_GARBLED,
            "its answer is of type %.60s where %s is due; it begins \"%s\"",
            reply->content_type != NULL ? reply->content_type : "(none)", type,
            said);
        return;
    }
    e = base64_read(reply->body, &out->der, &why);
    if (e == ERR_OK && (out->der.len > 0 || operation == EST_CSRATTRS))
        end(out, EST_DONE, "%zu bytes of DER", out->der.len);
    else if (e == ERR_INVALID)
        end(out, EST_GARBLED, "its answer: %s%s", why, hint(reply->body));
    else
        end(out, EST_GARBLED, "its answer is empty");
    if (out->outcome != EST_DONE && e == ERR_OK)
        bytes_free(&out->der);
}

static void read_refusal(const struct est_reply *reply, struct est_reading *out)
{
    bool keeps_out = reply->status == 401 || reply->status == 403;
    char said[QUOTED + 1];

    quote(reply->body, said);
    if (keeps_out)
        end(out, EST_DENIED,
            "it does not let this device in (status %d) \"%s\"; is the "
            "certificate's CA known there, the user name and password right?",
            reply->status, said);
    else if (reply->status >= 400 && reply->status < 500)
        end(out, EST_REFUSED, "it refuses the request (status %d) \"%s\"",
            reply->status, said);
    else
        end(out, EST_GARBLED, "it answers with status %d \"%s\"", reply->status,
            said);
}

void est_answer_read(enum est_operation operation,
    const struct est_reply *reply, struct est_reading *out)
{
    *out = (struct est_reading){.outcome = EST_GARBLED};
    switch (reply->status) {
    case 200:
        read_body(operation, reply, out);
        break;
    case 202: /* RFC 7030 section 4.2.3 */
    case 429:
    case 503:
        out->retry_s = est_retry_s(reply->retry_after, reply->now_s);
        end(out, EST_LATER, "it wants to be asked again in %u s (status %d)",
            out->retry_s, reply->status);
        break;
    case 204:
    case 404: /* section 4.5.2: no attributes */
    case 501:
        if (operation == EST_CSRATTRS)
            end(out, EST_DONE, "it wishes for nothing (status %d)",
                reply->status);
        else
            read_refusal(reply, out);
        break;
    default:
        read_refusal(reply, out);
        break;
    }
}
