/* certs_only.c */

#include "identity/certs_only.h"

#include <string.h>

#include "identity/reader.h"
#include "identity/tag.h"

#define OID_DATA        "1.2.840.113549.1.7.1"
#define OID_SIGNED_DATA "1.2.840.113549.1.7.2"
#define VERSION_MOST    5 /* RFC 5652 section 5.1 */

static bool takes_oid(struct span *rest, const char *wanted)
{
    struct item oid;
    char text[READER_OID_SIZE];

    return reader_take(rest, DER_OID, &oid) && reader_oid(oid.content, text) &&
        strcmp(text, wanted) == 0;
}

static bool takes_version(struct span *rest)
{
    struct item version;

    return reader_take(rest, DER_INTEGER, &version) &&
        version.content.len == 1 && version.content.at[0] >= 1 &&
        version.content.at[0] <= VERSION_MOST;
}

/* EncapsulatedContentInfo: of type data, and empty. */
static bool takes_no_content(struct span *rest)
{
    struct item info;

    return reader_take(rest, DER_SEQUENCE, &info) &&
        takes_oid(&info.content, OID_DATA) && info.content.len == 0;
}

/* Two SEQUENCEs and a BIT STRING, and nothing behind. */
static bool is_certificate(const struct item *item)
{
    struct span in = item->content;
    struct item part;

    return item->tag == DER_SEQUENCE && reader_take(&in, DER_SEQUENCE, &part) &&
        reader_take(&in, DER_SEQUENCE, &part) &&
        reader_take(&in, DER_BIT_STRING, &part) && in.len == 0;
}

static enum err take_certificates(
    struct span in, struct certs_only *out, const char **why)
{
    struct item item;

    while (in.len > 0) {
        *why = "what stands among the certificates is none";
        if (!reader_next(&in, &item) || !is_certificate(&item))
            return ERR_INVALID;
        *why = "more than 32 certificates";
        if (out->count == CERTS_ONLY_MOST)
            return ERR_TOO_BIG;
        *why = "a certificate of more than 8192 bytes";
        if (item.whole.len > CERTS_ONLY_BYTES)
            return ERR_TOO_BIG;
        out->certificates[out->count++] = item.whole;
    }
    *why = "an envelope without a certificate";
    return out->count > 0 ? ERR_OK : ERR_INVALID;
}

/* Behind the certificates: perhaps revocation lists, and signers that are
 * none. */
static const char *fault_behind(struct span in)
{
    struct item item;

    if (in.len > 0 && in.at[0] == DER_CONTEXT_CONSTRUCTED(1) &&
        !reader_next(&in, &item))
        return "the revocation lists in it are malformed";
    if (!reader_take(&in, DER_SET, &item) || in.len != 0)
        return "no list of signers where one, empty, is due";
    return item.content.len == 0 ? NULL
                                 : "somebody signs it: it is not certs-only";
}

/* Down to what is in SignedData. */
static const char *unwrap(struct span der, struct span *in)
{
    struct item outer, content, data;

    if (!reader_whole(der, DER_SEQUENCE, &outer))
        return "not one piece of DER";
    if (!takes_oid(&outer.content, OID_SIGNED_DATA))
        return "no PKCS #7 SignedData";
    if (!reader_whole(outer.content, DER_CONTEXT_CONSTRUCTED(0), &content) ||
        !reader_whole(content.content, DER_SEQUENCE, &data))
        return "SignedData that is malformed";
    *in = data.content;
    return NULL;
}

enum err certs_only_read(
    struct span der, struct certs_only *out, const char **why)
{
    struct certs_only found = {.count = 0};
    struct item item;
    struct span in;
    enum err e;

    *why = unwrap(der, &in);
    if (*why != NULL)
        return ERR_INVALID;
    *why = "no version, digests and empty content as in certs-only";
    if (!takes_version(&in) || !reader_take(&in, DER_SET, &item) ||
        !takes_no_content(&in))
        return ERR_INVALID;
    *why = "an envelope without certificates";
    if (!reader_take(&in, DER_CONTEXT_CONSTRUCTED(0), &item))
        return ERR_INVALID;
    e = take_certificates(item.content, &found, why);
    if (e != ERR_OK)
        return e;
    *why = fault_behind(in);
    if (*why != NULL)
        return ERR_INVALID;
    *out = found;
    return ERR_OK;
}
