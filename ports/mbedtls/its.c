/* its.c - PSA's storage, in memory: what a process writes here ends with it.
 *
 * mbedTLS stores which driver has a key, never the key, and asks for it again
 * from any thread.  A file would leave traces in the folder the program was
 * started in and could contradict the token after a restart. */

#include <psa/crypto.h>
#include <psa/internal_trusted_storage.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define ENTRIES     32
#define ENTRY_BYTES 256 /* a key's entry has about 50 */

struct entry {
    bool used;
    psa_storage_uid_t uid;
    struct psa_storage_info_t info;
    uint8_t bytes[ENTRY_BYTES];
};

static struct entry entries[ENTRIES];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static struct entry *find(psa_storage_uid_t uid)
{
    for (size_t i = 0; i < ENTRIES; i++)
        if (entries[i].used && entries[i].uid == uid)
            return &entries[i];
    return NULL;
}

static struct entry *find_or_take(psa_storage_uid_t uid)
{
    struct entry *entry = find(uid);

    for (size_t i = 0; i < ENTRIES && entry == NULL; i++)
        if (!entries[i].used)
            entry = &entries[i];
    return entry;
}

psa_status_t psa_its_set(psa_storage_uid_t uid, uint32_t data_length,
    const void *p_data, psa_storage_create_flags_t create_flags)
{
    psa_status_t status = PSA_ERROR_INSUFFICIENT_STORAGE;
    struct entry *entry;

    (void)pthread_mutex_lock(&mutex);
    entry = find_or_take(uid);
    if (entry != NULL && data_length <= ENTRY_BYTES) {
        entry->used = true;
        entry->uid = uid;
        entry->info = (struct psa_storage_info_t){data_length, create_flags};
        if (data_length > 0)
            memcpy(entry->bytes, p_data, data_length);
        status = PSA_SUCCESS;
    }
    (void)pthread_mutex_unlock(&mutex);
    return status;
}

static psa_status_t copy_out(const struct entry *entry, uint32_t offset,
    uint32_t length, void *out, size_t *out_length)
{
    if (entry == NULL)
        return PSA_ERROR_DOES_NOT_EXIST;
    if (offset > entry->info.size)
        return PSA_ERROR_INVALID_ARGUMENT;
    if (length > entry->info.size - offset)
        length = entry->info.size - offset;
    if (length > 0)
        memcpy(out, entry->bytes + offset, length);
    *out_length = length;
    return PSA_SUCCESS;
}

psa_status_t psa_its_get(psa_storage_uid_t uid, uint32_t data_offset,
    uint32_t data_length, void *p_data, size_t *p_data_length)
{
    psa_status_t status;

    (void)pthread_mutex_lock(&mutex);
    status =
        copy_out(find(uid), data_offset, data_length, p_data, p_data_length);
    (void)pthread_mutex_unlock(&mutex);
    return status;
}

psa_status_t psa_its_get_info(
    psa_storage_uid_t uid, struct psa_storage_info_t *p_info)
{
    const struct entry *entry;

    (void)pthread_mutex_lock(&mutex);
    entry = find(uid);
    if (entry != NULL)
        *p_info = entry->info;
    (void)pthread_mutex_unlock(&mutex);
    return entry != NULL ? PSA_SUCCESS : PSA_ERROR_DOES_NOT_EXIST;
}

psa_status_t psa_its_remove(psa_storage_uid_t uid)
{
    struct entry *entry;

    (void)pthread_mutex_lock(&mutex);
    entry = find(uid);
    if (entry != NULL)
        memset(entry, 0, sizeof(*entry));
    (void)pthread_mutex_unlock(&mutex);
    return entry != NULL ? PSA_SUCCESS : PSA_ERROR_DOES_NOT_EXIST;
}
