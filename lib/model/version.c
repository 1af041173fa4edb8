/* Which release, which run mode, and does a range of releases hold? */

#include <ctype.h>

#include "lib/model/version.h"

/* Reads up to three digits groups "a.b[.c]" at @text; 0 if there is no "a.b". */
static int parse_at(const char *text)
{
    int part[3] = { 0 };

    for (int i = 0; i < 3; i++) {
        if (!isdigit((unsigned char)*text))
            return i < 2 ? 0 : SRD_VERSION(part[0], part[1], 0);
        while (isdigit((unsigned char)*text)) {
            part[i] = part[i] * 10 + (*text++ - '0');
            if (part[i] > 99) /* no release has such a number; the neighbours must not overflow */
                return 0;
        }
        if (i < 2 && *text++ != '.')
            return i < 1 ? 0 : SRD_VERSION(part[0], part[1], 0);
    }
    return SRD_VERSION(part[0], part[1], part[2]);
}

int srd_version_parse(const char *text)
{
    bool fresh = true; /* a number that continues a word or a number is no version */

    for (; text && *text; text++) {
        if (fresh && isdigit((unsigned char)*text)) {
            int version = parse_at(text);

            if (version)
                return version;
        }
        fresh = !isalnum((unsigned char)*text) && *text != '.';
    }
    return 0;
}

bool srd_version_within(int version, int since, int until)
{
    return !version || ((!since || version >= since) && (!until || version <= until));
}

const char *srd_mode_name(enum srd_mode mode)
{
    switch (mode) {
    case SRD_MODE_SHARED_NOTHING:
        return "shared-nothing";
    case SRD_MODE_SHARED_DATA:
        return "shared-data";
    case SRD_MODE_ANY:
        break;
    }
    return "unknown";
}

bool srd_mode_includes(enum srd_mode wanted, enum srd_mode actual)
{
    return wanted == SRD_MODE_ANY || actual == SRD_MODE_ANY || (wanted & actual) != 0;
}
