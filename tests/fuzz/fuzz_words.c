/* Any text as a time, pins, a level, an endpoint: what is read is what stands
 * there, and is printed so that it is read again. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "identity/endpoint.h"
#include "identity/moment.h"
#include "identity/pin.h"
#include "identity/proof.h"
#include "identity/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void as_time(const char *text)
{
    char printed[MOMENT_TEXT];
    int64_t moment, again;

    if (!moment_parse(text, &moment))
        return;
    moment_print(moment, printed);
#ifdef PLANT_A_FAULT /* test_trust proves that it would be found */
    printed[18] = '0';
#endif
    /* An offset can lead out of the years that are printed. */
    if (moment > READER_FOR_EVER || moment < INT64_C(-2208988800))
        return;
    if (!moment_parse(printed, &again) || again != moment)
        abort();
}

static void as_pins(const char *text)
{
    struct pins pins;

    if (pins_parse(text, &pins) == ERR_OK &&
        (pins.count < 2 || pins.count > PIN_MAX))
        abort();
}

static void as_level(const char *text)
{
    enum proof level, again;

    if (proof_parse(text, &level) &&
        (!proof_parse(proof_name(level), &again) || again != level))
        abort();
}

/* host '\n' name */
static void as_endpoint(char *host)
{
    unsigned char address[ENDPOINT_ADDRESS_BYTES];
    char *name = strchr(host, '\n');
    size_t len, n;
    bool is_dns, is_ip;

    if (name == NULL)
        return;
    *name++ = '\0';
    len = strlen(name);
    n = endpoint_address(host, address);
    is_dns = endpoint_is_dns_name(host, name, len);
    is_ip = endpoint_is_ip_address(host, name, len);
    if ((is_dns && (is_ip || n > 0)) || (is_ip && n != len))
        abort();
    if (is_dns && name[0] != '*' && strcasecmp(host, name) != 0)
        abort();
    if (is_dns && name[0] == '*' &&
        strcasecmp(strchr(host, '.'), name + 1) != 0)
        abort();
    if (n > 0 && !endpoint_is_ip_address(host, address, n))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len + 1);

    if (text == NULL)
        return 0;
    memcpy(text, bytes, len);
    text[len] = '\0';
    as_time(text);
    as_pins(text);
    as_level(text);
    as_endpoint(text);
    free(text);
    return 0;
}
