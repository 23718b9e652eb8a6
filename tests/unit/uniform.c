/* uniform.c - the agent without jitter: it waits for as long as it may, like
 * every other.  The twin that shows what the jitter is for. */

#include "cloud/retry.h"

uint64_t __real_retry_wait_ms(
    struct retry *retry, const struct verdict *verdict, uint32_t random);
uint64_t __wrap_retry_wait_ms(
    struct retry *retry, const struct verdict *verdict, uint32_t random);

uint64_t __wrap_retry_wait_ms(
    struct retry *retry, const struct verdict *verdict, uint32_t random)
{
    (void)random;
    retry->backoff.offset = 0;
    return __real_retry_wait_ms(retry, verdict, UINT32_MAX);
}
