/* Which output formats are there? */

#include <string.h>

#include "lib/render/render.h"

#define FORMAT(name) extern const struct srd_format srd_format_##name;
#include "lib/render/formats.def"
#undef FORMAT

const struct srd_format *const srd_formats[] = {
#define FORMAT(name) &srd_format_##name,
#include "lib/render/formats.def"
#undef FORMAT
    NULL,
};

const struct srd_format *srd_format_find(const char *name)
{
    for (const struct srd_format *const *format = srd_formats; *format; format++)
        if (name && !strcmp((*format)->name, name))
            return *format;
    return NULL;
}
