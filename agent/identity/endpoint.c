/* endpoint.c */

#include "identity/endpoint.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

size_t endpoint_address(
    const char *host, unsigned char out[ENDPOINT_ADDRESS_BYTES])
{
    if (inet_pton(AF_INET, host, out) == 1)
        return 4;
    return inet_pton(AF_INET6, host, out) == 1 ? 16 : 0;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* "127.1" and "0x7f000001" are addresses to a resolver (inet_aton): nothing
 * that ends in a number is a DNS name. */
static bool ends_in_number(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *last = dot == NULL ? host : dot + 1;

    if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X'))
        return last[2 + strspn(last + 2, "0123456789abcdefABCDEF")] == '\0';
    return *last != '\0' && last[strspn(last, "0123456789")] == '\0';
}

static bool is_dns_name(const char *host)
{
    for (const char *p = host; *p != '\0'; p++)
        if (!is_name_byte(*p))
            return false;
    return !ends_in_number(host);
}

bool endpoint_is_dns_name(const char *host, const void *name, size_t len)
{
    const char *pattern = name;
    const char *rest = host;

    if (!is_dns_name(host) || len == 0)
        return false;
    if (len > 2 && pattern[0] == '*' && pattern[1] == '.') {
        rest = strchr(host, '.');
        if (rest == NULL || rest == host || strchr(rest + 1, '.') == NULL)
            return false;
        pattern++;
        len--;
    }
    for (size_t i = 0; i < len; i++)
        if (!is_name_byte(pattern[i]))
            return false;
    return strlen(rest) == len && strncasecmp(rest, pattern, len) == 0;
}

bool endpoint_is_ip_address(const char *host, const void *address, size_t len)
{
    unsigned char ours[ENDPOINT_ADDRESS_BYTES];
    size_t ours_len = endpoint_address(host, ours);

    return ours_len > 0 && ours_len == len && memcmp(ours, address, len) == 0;
}
