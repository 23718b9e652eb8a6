/* http_tls.c - the one file that knows GnuTLS, through which libmicrohttpd
 * speaks TLS.  The library asks every client for a certificate and lets come
 * who has none or a bad one; what it is worth is judged here, on each request
 * that wants to know. */

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cloudd/http_room.h"

static const char priorities[] =
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-SHA1:%SERVER_PRECEDENCE";

static struct MHD_OptionItem text_item(enum MHD_OPTION option, const char *text)
{
    return (struct MHD_OptionItem){option, 0, (void *)(uintptr_t)text};
}

void http_room_tls(const struct http_tls *tls,
    struct MHD_OptionItem items[HTTP_ROOM_TLS_ITEMS])
{
    size_t count = 0;

    if (tls != NULL) {
        items[count++] = text_item(MHD_OPTION_HTTPS_MEM_CERT, tls->certificate);
        items[count++] = text_item(MHD_OPTION_HTTPS_MEM_KEY, tls->key);
        items[count++] = text_item(MHD_OPTION_HTTPS_MEM_TRUST, tls->trust);
        items[count++] = text_item(MHD_OPTION_HTTPS_PRIORITIES, priorities);
    }
    items[count] = text_item(MHD_OPTION_END, NULL);
}

/* Does the chain lead to one of our CAs, now, and is it for clients? */
static enum err judge(gnutls_session_t session, char why[HTTP_WHY_SIZE])
{
    gnutls_typed_vdata_st purpose = {
        .type = GNUTLS_DT_KEY_PURPOSE_OID,
        .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT,
    };
    gnutls_datum_t words;
    unsigned status = 0;
    int rc = gnutls_certificate_verify_peers(session, &purpose, 1, &status);

    if (rc == 0 && status == 0)
        return ERR_OK;
    if (rc != 0 ||
        gnutls_certificate_verification_status_print(
            status, GNUTLS_CRT_X509, &words, 0) != 0) {
        (void)snprintf(why, HTTP_WHY_SIZE, "%s", gnutls_strerror(rc));
        return ERR_DENIED;
    }
    (void)snprintf(why, HTTP_WHY_SIZE, "%s", (const char *)words.data);
    gnutls_free(words.data);
    return ERR_DENIED;
}

enum err http_client_certificate(struct http_request *request, const void **der,
    size_t *len, char why[HTTP_WHY_SIZE])
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        request->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info != NULL ? info->tls_session : NULL;
    const gnutls_datum_t *chain;
    unsigned count = 0;
    enum err e;

    chain =
        session != NULL ? gnutls_certificate_get_peers(session, &count) : NULL;
    if (chain == NULL || count == 0)
        return ERR_NOT_FOUND;
    e = judge(session, why);
    if (e != ERR_OK)
        return e;
    *der = chain[0].data;
    *len = chain[0].size;
    return ERR_OK;
}
