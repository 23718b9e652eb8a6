/* http_twin.c - what the agent would do without two of its safeguards, so that
 * the scenarios can show that they would notice.  The linker puts these in the
 * place of the real ones; NAMEPLATE_TWIN says which safeguard is gone:
 *
 *   trust   the verdict is thrown away
 *   proxy   libcurl is left to ask the environment for a proxy */

#include <curl/curl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "identity/trust.h"

void __real_trust_judge(const struct trust *trust,
    const struct trust_question *question, const mbedtls_x509_crt *sent,
    struct trust_verdict *out);
void __wrap_trust_judge(const struct trust *trust,
    const struct trust_question *question, const mbedtls_x509_crt *sent,
    struct trust_verdict *out);
CURLcode __real_curl_easy_setopt(CURL *easy, CURLoption option, ...);
CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...);

static bool is_gone(const char *safeguard)
{
    const char *twin = getenv("NAMEPLATE_TWIN");

    return twin != NULL && strcmp(twin, safeguard) == 0;
}

void __wrap_trust_judge(const struct trust *trust,
    const struct trust_question *question, const mbedtls_x509_crt *sent,
    struct trust_verdict *out)
{
    __real_trust_judge(trust, question, sent, out);
    if (is_gone("trust"))
        out->reason = TRUST_OK;
}

static CURLcode set_number(CURL *easy, CURLoption option, long value)
{
    return __real_curl_easy_setopt(easy, option, value);
}

static CURLcode set_size(CURL *easy, CURLoption option, curl_off_t value)
{
    return __real_curl_easy_setopt(easy, option, value);
}

static CURLcode set_pointer(CURL *easy, CURLoption option, void *value)
{
    return __real_curl_easy_setopt(easy, option, value);
}

CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    CURLcode code;
    va_list args;

    if (is_gone("proxy") &&
        (option == CURLOPT_PROXY || option == CURLOPT_NOPROXY))
        return CURLE_OK;
    va_start(args, option);
    if (option < CURLOPTTYPE_OBJECTPOINT)
        code = set_number(easy, option, va_arg(args, long));
    else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
        code = set_size(easy, option, va_arg(args, curl_off_t));
    else
        code = set_pointer(easy, option, va_arg(args, void *));
    va_end(args);
    return code;
}
