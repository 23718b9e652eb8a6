/* http_tls.c - the one file that knows GnuTLS, through which libmicrohttpd
 * speaks TLS.  The library asks every client for a certificate and lets come
 * who has none or a bad one; what it is worth is judged here, on each request
 * that wants to know. */

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/http_room.h"
#include "core/log.h"

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

static gnutls_datum_t datum_of(char *text)
{
    return (gnutls_datum_t){(unsigned char *)text, (unsigned)strlen(text)};
}

enum err http_room_lists(struct http *http, const struct http_tls *tls)
{
    gnutls_x509_crl_t *lists = NULL;
    unsigned count = 0;
    gnutls_datum_t text;
    int rc;

    if (tls == NULL || tls->lists == NULL)
        return ERR_OK;
    http->lists = strdup(tls->lists);
    if (http->lists == NULL)
        return ERR_NO_MEMORY;
    text = datum_of(http->lists);
    rc = gnutls_x509_crl_list_import2(
        &lists, &count, &text, GNUTLS_X509_FMT_PEM, 0);
    for (unsigned i = 0; rc >= 0 && i < count; i++)
        gnutls_x509_crl_deinit(lists[i]);
    gnutls_free(lists);
    if (rc >= 0)
        return ERR_OK;
    log_error("http",
        "the lists of revoked certificates cannot be read: %s;"
        " expected CRLs in PEM",
        gnutls_strerror(rc));
    return ERR_INVALID;
}

/* The library has no option for lists, but shares what it verifies with among
 * its sessions: the first one brings them in. */
static enum err bring_lists(struct http *http, gnutls_session_t session)
{
    gnutls_certificate_credentials_t shared = NULL;
    gnutls_datum_t text;

    if (http->lists == NULL)
        return ERR_OK;
    text = datum_of(http->lists);
    if (gnutls_credentials_get(
            session, GNUTLS_CRD_CERTIFICATE, (void **)&shared) != 0 ||
        gnutls_certificate_set_x509_crl_mem(
            shared, &text, GNUTLS_X509_FMT_PEM) < 0)
        return ERR_IO;
    free(http->lists);
    http->lists = NULL;
    return ERR_OK;
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
    if (bring_lists(request->http, session) != ERR_OK) {
        (void)snprintf(why, HTTP_WHY_SIZE, "no list can be looked at");
        return ERR_DENIED;
    }
    e = judge(session, why);
    if (e != ERR_OK)
        return e;
    *der = chain[0].data;
    *len = chain[0].size;
    return ERR_OK;
}
