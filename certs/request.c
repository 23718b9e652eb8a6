/* request.c */

#include "certs/request.h"

#include <string.h>

#include "certs/der.h"
#include "certs/disk.h"
#include "certs/say.h"
#include "identity/oid.h"
#include "identity/pem.h"
#include "identity/reader.h"
#include "identity/spki.h"
#include "identity/view.h"

#define REQUEST_LIMIT 16384

/* CertificationRequest, as far as it is needed. */
struct request {
    struct span info; /* what is signed */
    struct span spki;
    char algorithm[READER_OID_SIZE];
    struct span signature;
};

static bool take_apart(struct span der, struct request *r)
{
    struct item whole, info, version, subject, spki, algorithm, oid, bits;

    if (!reader_whole(der, DER_SEQUENCE, &whole) ||
        !reader_take(&whole.content, DER_SEQUENCE, &info) ||
        !reader_take(&whole.content, DER_SEQUENCE, &algorithm) ||
        !reader_take(&algorithm.content, DER_OID, &oid) ||
        !reader_oid(oid.content, r->algorithm) ||
        !reader_take(&whole.content, DER_BIT_STRING, &bits) ||
        bits.content.len < 2 || whole.content.len != 0)
        return false;
    r->info = info.whole;
    r->signature = (struct span){bits.content.at + 1, bits.content.len - 1};
    if (!reader_take(&info.content, DER_INTEGER, &version) ||
        !reader_take(&info.content, DER_SEQUENCE, &subject) ||
        !reader_take(&info.content, DER_SEQUENCE, &spki))
        return false;
    r->spki = spki.whole;
    return true;
}

/* Why the request is refused, or NULL. */
static const char *fault_of(struct span der, struct request *r)
{
    char algorithm[READER_OID_SIZE], curve[READER_OID_SIZE];
    struct spki_signed what;
    enum err e;

    if (!take_apart(der, r))
        return "it is not a PKCS #10 request";
    if (!view_key_type(r->spki, algorithm, curve) ||
        strcmp(algorithm, OID_EC_PUBLIC_KEY) != 0)
        return "its key is not an elliptic-curve key; expected P-256";
    if (strcmp(curve, OID_P256) != 0)
        return "its key is on another curve; expected P-256";
    what = (struct spki_signed){r->algorithm, r->info, r->signature};
    e = spki_verify(r->spki, &what);
    if (e == ERR_OK)
        return NULL;
    if (e == ERR_INVALID)
        return "its key is not a point on P-256";
    return "its signature is wrong or not ecdsa-with-SHA256/384: whoever"
           " made it has not proved to hold the key";
}

enum err request_read(const char *path, struct bytes *spki)
{
    struct bytes file = {NULL, 0}, der = {NULL, 0};
    struct request request;
    const char *text, *fault;
    enum err e = disk_read(path, REQUEST_LIMIT, &file);

    if (e == ERR_NOT_FOUND)
        say("the request %s is not there; give the path of a file", path);
    if (e != ERR_OK)
        return e;
    text = (const char *)file.at;
    e = pem_next(PEM_REQUEST, &text, &der);
    if (e == ERR_NOT_FOUND) /* no PEM: take it as DER */
        e = bytes_copy(bytes_span(&file), &der);
    fault = e == ERR_OK ? fault_of(bytes_span(&der), &request)
                        : "its PEM is damaged";
    if (fault != NULL) {
        say("the request %s is refused: %s; make it again on the device", path,
            fault);
        e = ERR_INVALID;
    } else {
        e = bytes_copy(request.spki, spki);
    }
    bytes_free(&file);
    bytes_free(&der);
    return e;
}
