/* Any JSON as a job's document: it is refused with words, or names handlers
 * that lie in their folder and nowhere else. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "device/jobs_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void judge(const struct jobs_document *document)
{
    size_t count = jobs_document_count(document);

    if (count == 0 || count > JOBS_STEPS_MOST)
        abort();
    for (size_t i = 0; i < count; i++) {
        const struct jobs_step *step = jobs_document_step(document, i);
        size_t handler = strlen(step->handler);

        if (handler == 0 || handler > JOBS_HANDLER_MOST ||
            step->handler[0] == '.' || strchr(step->handler, '/') != NULL ||
            step->arg_count > JOBS_ARGS_MOST || step->user == NULL ||
            step->name == NULL)
            abort();
#ifdef PLANT_A_FAULT /* test_jobs proves that it would be found */
        if (step->may_fail)
            abort();
#endif
        for (size_t k = 0; k < step->arg_count; k++)
            if (step->args[k] == NULL)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct json_limits limits = {64 * 1024, 20};
    struct jobs_document *document = NULL;
    struct json *json = NULL;
    char why[JOBS_WORDS] = "";

    if (json_parse(bytes, len, limits, &json) != ERR_OK)
        return 0;
    if (jobs_document_read(json, why, &document) == ERR_OK)
        judge(document);
    else if (why[0] == '\0' || memchr(why, '\0', sizeof(why)) == NULL)
        abort();
    jobs_document_free(document);
    json_free(json);
    return 0;
}
