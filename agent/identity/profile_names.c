/* profile_names.c - rules about subjects and alternative names. */

#include <string.h>

#include "identity/oid.h"
#include "identity/profile_rules.h"
#include "identity/tag.h"
#include "identity/thing_name.h"

#define NAME_MAX_CHARACTERS 64

bool profile_subject_order(
    const struct view *v, const struct profile_terms *terms)
{
    static const char *const ca[] = {OID_ORGANIZATION, OID_COMMON_NAME};
    static const char *const device[] = {OID_ORGANIZATION,
        OID_ORGANIZATION_UNIT, OID_COMMON_NAME, OID_SERIAL_NUMBER};
    bool short_name =
        terms->role == PROFILE_ROOT || terms->role == PROFILE_VENDOR;
    const char *const *order = short_name ? ca : device;
    size_t count = short_name ? 2 : terms->role == PROFILE_BATCH ? 3 : 4;

    if (v->subject.count != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!v->subject.attributes[i].alone ||
            strcmp(v->subject.attributes[i].oid, order[i]) != 0)
            return false;
    return true;
}

bool profile_subject_strings(
    const struct view *v, const struct profile_terms *terms)
{
    (void)terms;
    for (size_t i = 0; i < v->subject.count; i++) {
        const struct view_attribute *a = &v->subject.attributes[i];
        bool serial = strcmp(a->oid, OID_SERIAL_NUMBER) == 0;

        if (a->tag != (serial ? DER_PRINTABLE : DER_UTF8))
            return false;
    }
    return true;
}

/* Bytes that begin a character of UTF-8. */
static size_t characters(struct span text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += (text.at[i] & 0xc0) != 0x80;
    return count;
}

bool profile_subject_lengths(
    const struct view *v, const struct profile_terms *terms)
{
    for (size_t i = 0; i < v->subject.count; i++) {
        const struct view_attribute *a = &v->subject.attributes[i];
        bool thing = terms->role == PROFILE_DEVICE &&
            strcmp(a->oid, OID_COMMON_NAME) == 0;
        size_t count = characters(a->value);

        if (count == 0 ||
            count > (thing ? THING_NAME_MAX : NAME_MAX_CHARACTERS))
            return false;
    }
    return true;
}

static bool is_part(const char *oid)
{
    return strcmp(oid, OID_ORGANIZATION) == 0 ||
        strcmp(oid, OID_ORGANIZATION_UNIT) == 0 ||
        strcmp(oid, OID_SERIAL_NUMBER) == 0;
}

bool profile_subject_characters(
    const struct view *v, const struct profile_terms *terms)
{
    (void)terms;
    for (size_t i = 0; i < v->subject.count; i++) {
        const struct view_attribute *a = &v->subject.attributes[i];

        if (!is_part(a->oid))
            continue;
        for (size_t j = 0; j < a->value.len; j++)
            if (a->value.at[j] <= ' ' || a->value.at[j] == 0x7f ||
                strchr(",+#$", a->value.at[j]) != NULL)
                return false;
    }
    return true;
}

bool profile_thing_name(const struct view *v, const struct profile_terms *terms)
{
    char vendor[VIEW_TEXT_SIZE], model[VIEW_TEXT_SIZE];
    char serial[VIEW_TEXT_SIZE], name[VIEW_TEXT_SIZE];
    char expected[THING_NAME_SIZE];
    const struct thing_name_parts parts = {vendor, model, serial};

    (void)terms;
    view_text(&v->subject, OID_ORGANIZATION, vendor);
    view_text(&v->subject, OID_ORGANIZATION_UNIT, model);
    view_text(&v->subject, OID_SERIAL_NUMBER, serial);
    view_text(&v->subject, OID_COMMON_NAME, name);
    return thing_name_make(&parts, expected) == ERR_OK &&
        strcmp(name, expected) == 0;
}

/* The SAN's names; empty when there is none or it is malformed. */
static struct span alternative_names(const struct view *v)
{
    const struct view_extension *san = view_extension(v, OID_SUBJECT_ALT_NAME);
    struct item list;

    if (san == NULL || !reader_whole(san->value, DER_SEQUENCE, &list))
        return (struct span){NULL, 0};
    return list.content;
}

/* HardwareModuleName of a GeneralName; false when it is another. */
static bool module_name(
    struct item name, struct item *type, struct item *serial)
{
    struct item oid, value, module;
    char text[READER_OID_SIZE];

    return name.tag == DER_CONTEXT_CONSTRUCTED(0) &&
        reader_take(&name.content, DER_OID, &oid) &&
        reader_oid(oid.content, text) &&
        strcmp(text, OID_HARDWARE_MODULE) == 0 &&
        reader_whole(name.content, DER_CONTEXT_CONSTRUCTED(0), &value) &&
        reader_whole(value.content, DER_SEQUENCE, &module) &&
        reader_take(&module.content, DER_OID, type) &&
        reader_whole(module.content, DER_OCTET_STRING, serial);
}

bool profile_hardware_module(
    const struct view *v, const struct profile_terms *terms)
{
    struct span names = alternative_names(v);
    struct item name, type, serial;
    size_t count = 0;

    (void)terms;
    while (reader_next(&names, &name))
        count += module_name(name, &type, &serial);
    return count == 1;
}

bool profile_hardware_serial(
    const struct view *v, const struct profile_terms *terms)
{
    const struct view_attribute *number =
        view_attribute(&v->subject, OID_SERIAL_NUMBER);
    struct span names = alternative_names(v);
    struct item name, type, serial;

    (void)terms;
    while (reader_next(&names, &name))
        if (module_name(name, &type, &serial) &&
            (number == NULL || !span_equal(serial.content, number->value)))
            return false;
    return true;
}

bool profile_other_names(
    const struct view *v, const struct profile_terms *terms)
{
    const struct view_extension *san = view_extension(v, OID_SUBJECT_ALT_NAME);
    struct span names = alternative_names(v);
    struct item name;

    if (san == NULL)
        return true;
    if (terms->role != PROFILE_DEVICE || san->critical || names.len == 0)
        return false;
    while (reader_next(&names, &name))
        if (name.tag != DER_CONTEXT_CONSTRUCTED(0)) /* otherName */
            return false;
    return names.len == 0;
}
