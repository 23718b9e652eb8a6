/* home.h - the factory's folder: what is where.
 *
 *   settings.json                     what init was told
 *   root.crt .key, vendor.crt .key    Device Root, Vendor CA
 *   models/<type>/<batch>/ca.crt .key Model/Batch CA
 *   devices/<thing>/device.crt .key   the chain to show, the device's key
 *   devices/<thing>/claim-verifier    what it keeps of its pass code
 *   devices/<thing>/label.json        the code, until its label is printed
 *   server/ca.crt .key                the CA of servers, a world of its own
 *   server/<host>/server.crt .key
 *   revoked/<serial>.json             what was revoked, when and why
 *   *.crl, revoked.crl                lists; all of them in one */

#ifndef CERTS_HOME_H
#define CERTS_HOME_H

#include "certs/authority.h"
#include "certs/disk.h"
#include "certs/options.h"
#include "certs/parts.h"
#include "identity/eku.h"

#define HOME_FOLDER_SIZE  512
#define HOME_SETTING_SIZE 300
#define HOME_DEFAULT      "factory"

struct home {
    char folder[HOME_FOLDER_SIZE];
    char program[HOME_SETTING_SIZE];
    char vendor[HOME_SETTING_SIZE];
    char hardware_type[HOME_SETTING_SIZE]; /* dotted OID */
    char masa[HOME_SETTING_SIZE];          /* "" is none */
    enum eku eku;                          /* what the Vendor CA permits */
};

/* --folder or the default, without slashes at the end.  ERR_TOO_BIG (said). */
enum err home_folder(
    const struct options *options, char folder[HOME_FOLDER_SIZE]) MUST_CHECK;

/* Has init come to its end there? */
bool home_is_complete(const char *folder);

/* Open what init made.  Failures are said. */
enum err home_open(const struct options *options, struct home *home) MUST_CHECK;

/* Write the settings; init's first step. */
enum err home_write_settings(const struct home *home) MUST_CHECK;

/* The folder of a device, and its certificate: where they are or would be. */
enum err home_device_folder(const struct home *home, const char *model,
    const char *serial, char folder[DISK_PATH_SIZE]) MUST_CHECK;
enum err home_device_path(const struct home *home, const char *model,
    const char *serial, char path[DISK_PATH_SIZE]) MUST_CHECK;

/* Where a model's batches stand, by the mapped name of its type. */
enum err home_model_folder(const struct home *home, const char *model,
    char folder[DISK_PATH_SIZE]) MUST_CHECK;
/* Where one batch stands. */
enum err home_batch_folder(const struct home *home, const char *model,
    const char *batch, char folder[DISK_PATH_SIZE]) MUST_CHECK;

/* Where the newest batch of a model stands.  ERR_NOT_FOUND (not said): there
 * is none; ERR_INVALID (said): the model is spelled otherwise, and would share
 * the names of its things. */
enum err home_newest_batch(const struct home *home, const char *model,
    char folder[DISK_PATH_SIZE]) MUST_CHECK;
/* The named batch, or without a name (NULL) the newest.  All is said. */
enum err home_find_batch(const struct home *home, const char *model,
    const char *batch, char folder[DISK_PATH_SIZE]) MUST_CHECK;

/* The first certificate of a PEM file, taken apart.  Failures are said; the
 * caller frees .der, from which .view is lent. */
struct home_certificate {
    struct bytes der;
    struct view view;
};
enum err home_read_certificate(
    const char *path, struct home_certificate *out) MUST_CHECK;

/* Visit the base path (add ".crt", ".key") of each authority: root, vendor,
 * batches, and the servers' if there is one; until one is not ERR_OK. */
enum err home_each_authority(
    const struct home *home, disk_visit *visit, void *context) MUST_CHECK;

/* The authority in a batch's folder. */
enum err home_load_batch(const char *folder, struct authority *out) MUST_CHECK;

#endif
