/* load.c */

#include "ports/keystore/load.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "ports/keystore/keystore_inside.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* A function's pointer is copied, since C knows no conversion to it. */
static enum err fill(
    const struct load *load, void *library, unsigned char *functions, char *why)
{
    for (size_t i = 0; i < load->count; i++) {
        void *symbol = dlsym(library, load->symbols[i].name);

        if (symbol == NULL)
            return keystore_say(why, ERR_UNSUPPORTED,
                "no_module: %s has no %s; install a newer %s", load->soname,
                load->symbols[i].name, load->package);
        memcpy(functions + load->symbols[i].offset, &symbol, sizeof(symbol));
    }
    return ERR_OK;
}

static enum err load_now(struct load *load, void *functions, char *why)
{
    void *library = dlopen(load->soname, RTLD_NOW | RTLD_LOCAL);
    enum err e;

    if (library == NULL)
        return keystore_say(why, ERR_NOT_FOUND,
            "no_module: %s is not installed; apt-get install %s", load->soname,
            load->package);
    e = fill(load, library, functions, why);
    if (e != ERR_OK)
        (void)dlclose(library);
    load->done = e == ERR_OK;
    return e;
}

enum err load_library(struct load *load, void *functions, char *why)
{
    enum err e = ERR_OK;

    (void)pthread_mutex_lock(&mutex);
    if (!load->done)
        e = load_now(load, functions, why);
    (void)pthread_mutex_unlock(&mutex);
    return e;
}
