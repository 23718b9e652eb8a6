/* link_words.c */

#include "cloud/link_words.h"

#include <mbedtls/ssl.h>
#include <stddef.h>

#include "cloud/link.h"

#define ALERT_CERTIFICATE_REQUIRED 116 /* RFC 8446; mbedTLS has no name */

const char *link_reason_name(enum link_reason reason)
{
    switch (reason) {
    case LINK_CLOSED:
        return "closed";
    case LINK_INTERFACE:
        return "interface";
    case LINK_DNS:
        return "dns";
    case LINK_TCP:
        return "tcp";
    case LINK_PROXY:
        return "proxy";
    case LINK_TLS:
        return "tls";
    case LINK_WEBSOCKET:
        return "websocket";
    case LINK_CLOCK:
        return "clock";
    case LINK_CERTIFICATE:
        return "certificate";
    case LINK_REFUSED:
        return "refused";
    case LINK_KEY:
        return "key";
    case LINK_LOST:
        return "lost";
    case LINK_LOCAL:
        return "local";
    }
    return "unknown";
}

const char *link_alert_words(int alert)
{
    switch (alert) {
    case MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE:
        return "no common protocol, suite, or no certificate it accepts";
    case MBEDTLS_SSL_ALERT_MSG_BAD_CERT:
        return "our certificate is malformed to it";
    case MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT:
        return "our kind of certificate is not supported";
    case MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED:
        return "our certificate is revoked";
    case MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED:
        return "our certificate is expired";
    case MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN:
        return "our certificate is not acceptable";
    case MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA:
        return "our certificate's CA is not known to it";
    case MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED:
        return "access denied";
    case ALERT_CERTIFICATE_REQUIRED:
        return "it wants a certificate and got none";
    default:
        return NULL;
    }
}
