/* Any bytes as the text of an ownership record, in an envelope with signatures
 * that are none: nothing crashes, and nothing but a reset, which no key signs,
 * is believed. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The bytes in base64url, as the envelope's record; false: too many. */
static bool put(char *out, size_t size, const uint8_t *bytes, size_t len)
{
    char text[4096];

    if (4 * len / 3 + 2 > sizeof(text))
        return false;
    proof_encode(bytes, len, text);
    (void)snprintf(out, size,
        "{\"record\":\"%s\",\"signatures\":[{\"device\":true,\"key\":\"AAAA\","
        "\"signature\":\"AAAA\"}]}",
        text);
    return true;
}

static void judge(const struct json *envelope)
{
    struct record *record = NULL;
    const char *why = NULL;
    enum err e = record_read(envelope, "acme:thermo-1:S1", &why, &record);

    if ((e == ERR_OK) == (record == NULL) || (e == ERR_INVALID && why == NULL))
        abort();
    if (record == NULL)
        return;
#ifdef PLANT_A_FAULT /* test_cloudd_record proves that it would be found */
    abort();
#endif
    if (record_act(record) != RECORD_RESET || record_owned(record) ||
        record_fault_after(record, record) == NULL)
        abort();
    record_free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char text[8192];
    struct json *json = NULL;

    if (!put(text, sizeof(text), bytes, len))
        return 0;
    if (json_parse(text, strlen(text), (struct json_limits){sizeof(text), 5},
            &json) == ERR_OK)
        judge(json);
    json_free(json);
    json = NULL;
    /* And as the envelope itself. */
    if (json_parse(bytes, len, (struct json_limits){8192, 8}, &json) == ERR_OK)
        judge(json);
    json_free(json);
    return 0;
}
