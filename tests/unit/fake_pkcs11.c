/* fake_pkcs11.c */

#include "fake_pkcs11.h"

#include <p11-kit/pkcs11.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern struct fake_pkcs11 fake_pkcs11_controls;

struct fake_pkcs11 fake_pkcs11_controls;

static void nap(void)
{
    const struct timespec time = {0, 1000000};

    (void)nanosleep(&time, NULL);
}

static CK_RV initialize(void *arguments)
{
    (void)arguments;
    return CKR_OK;
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
    (void)session;
    return CKR_OK;
}

static CK_RV find_init(
    CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    (void)session;
    (void)attributes;
    (void)count;
    return CKR_OK;
}

static CK_RV sign_init(
    CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    (void)session;
    (void)mechanism;
    (void)key;
    return CKR_OK;
}

static CK_RV unsupported(void)
{
    return CKR_FUNCTION_NOT_SUPPORTED;
}

static CK_RV get_info(CK_INFO *info)
{
    memset(info, ' ', sizeof(*info));
    info->cryptokiVersion = (CK_VERSION){2, 40};
    info->flags = 0;
    return CKR_OK;
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *count)
{
    (void)present;
    if (list != NULL)
        list[0] = 1;
    *count = 1;
    return CKR_OK;
}

static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
    (void)slot;
    memset(info, ' ', sizeof(*info));
    info->flags = CKF_TOKEN_PRESENT;
    return CKR_OK;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    (void)slot;
    memset(info, ' ', sizeof(*info));
    memcpy(info->label, "fake", 4);
    info->flags = CKF_TOKEN_INITIALIZED | fake_pkcs11_controls.token_flags;
    return CKR_OK;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application,
    CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
    const char *hang = getenv(FAKE_HANG);

    (void)slot;
    (void)flags;
    (void)application;
    (void)notify;
    while (hang != NULL && access(hang, F_OK) == 0)
        nap();
    *session = ++fake_pkcs11_controls.sessions;
    return CKR_OK;
}

static CK_RV log_in(CK_SESSION_HANDLE session, CK_USER_TYPE user,
    CK_UTF8CHAR *pin, CK_ULONG len)
{
    (void)session;
    (void)user;
    (void)pin;
    (void)len;
    fake_pkcs11_controls.logins++;
    return fake_pkcs11_controls.login;
}

static CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects,
    CK_ULONG room, CK_ULONG *count)
{
    (void)session;
    (void)room;
    objects[0] = 7;
    *count = 1;
    return CKR_OK;
}

/* *value is lent; its length, 0 when there is no such attribute. */
static CK_ULONG value_of(CK_ATTRIBUTE_TYPE type, const void **value)
{
    static const CK_KEY_TYPE ec = CKK_EC;
    static const CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
    static const unsigned char curve[] = {
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static const unsigned char point[67] = {0x04, 65, 0x04, 1, 2, 3};
    int bare = fake_pkcs11_controls.bare_point;

    switch (type) {
    case CKA_KEY_TYPE:
        *value = &ec;
        return sizeof(ec);
    case CKA_EC_PARAMS:
        *value = curve;
        return sizeof(curve);
    case CKA_EC_POINT:
        *value = point + (bare != 0 ? 2 : 0);
        return bare != 0 ? 65 : 67;
    case CKA_EXTRACTABLE:
        *value = &no;
        return sizeof(no);
    case CKA_SENSITIVE:
        *value = &yes;
        return sizeof(yes);
    default:
        return 0;
    }
}

static CK_RV get_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    const void *value = "";
    CK_ULONG len = value_of(attributes[0].type, &value);

    (void)session;
    (void)object;
    (void)count;
    if (len == 0)
        return CKR_ATTRIBUTE_TYPE_INVALID;
    memcpy(attributes[0].pValue, value, len);
    attributes[0].ulValueLen = len;
    return CKR_OK;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len,
    CK_BYTE *signature, CK_ULONG *len)
{
    CK_RV rv = fake_pkcs11_controls.sign;

    (void)session;
    (void)data;
    if (data_len > 32) /* longer than P-256's order */
        return CKR_DATA_LEN_RANGE;
    fake_pkcs11_controls.signs++;
    fake_pkcs11_controls.sign = CKR_OK;
    while (atomic_load(&fake_pkcs11_controls.hangs) != 0)
        nap();
    memset(signature, 1, 64);
    *len = 64;
    return rv;
}

/* What is not named is not there: each is a pointer to a function that returns
 * CK_RV, whatever its arguments. */
CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    static CK_FUNCTION_LIST all;
    CK_RV (*const none)(void) = unsupported;
    unsigned char *at = (unsigned char *)&all;

    for (size_t i = offsetof(CK_FUNCTION_LIST, C_Initialize); i < sizeof(all);
         i += sizeof(none))
        memcpy(at + i, &none, sizeof(none));
    all.version = (CK_VERSION){2, 40};
    all.C_Initialize = initialize;
    all.C_Finalize = initialize;
    all.C_CloseSession = close_session;
    all.C_FindObjectsInit = find_init;
    all.C_FindObjectsFinal = close_session;
    all.C_SignInit = sign_init;
    all.C_GetInfo = get_info;
    all.C_GetFunctionList = C_GetFunctionList;
    all.C_GetSlotList = get_slot_list;
    all.C_GetSlotInfo = get_slot_info;
    all.C_GetTokenInfo = get_token_info;
    all.C_OpenSession = open_session;
    all.C_Login = log_in;
    all.C_FindObjects = find_objects;
    all.C_GetAttributeValue = get_attribute;
    all.C_Sign = sign;
    *list = &all;
    return CKR_OK;
}
