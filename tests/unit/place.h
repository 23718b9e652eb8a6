/* place.h - an address and a port as the system wants them. */

#ifndef TESTS_PLACE_H
#define TESTS_PLACE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "cmocka_all.h"

static inline struct sockaddr_storage place(
    const char *address, uint16_t port, socklen_t *len)
{
    struct sockaddr_storage out = {.ss_family = AF_INET};

    if (strchr(address, ':') != NULL) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)&out;

        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        assert_int_equal(inet_pton(AF_INET6, address, &six->sin6_addr), 1);
        *len = sizeof(*six);
    } else {
        struct sockaddr_in *four = (struct sockaddr_in *)&out;

        four->sin_port = htons(port);
        assert_int_equal(inet_pton(AF_INET, address, &four->sin_addr), 1);
        *len = sizeof(*four);
    }
    return out;
}

#endif
