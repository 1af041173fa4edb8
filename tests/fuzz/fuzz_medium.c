/* Does any storage_root_path give a path a medium that is none, or is read beyond its end? */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "experts/storage/storage.h"
#include "lib/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path, a NUL, and the setting. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SRD_CLEANUP(srd_free_text) char *text = malloc(size + 2);
    const char *setting, *medium;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = text[size + 1] = '\0';
    setting = text + strlen(text) + 1;
    medium = srd_storage_medium_of_path(setting <= text + size ? setting : "", text);
    if (strcmp(medium, "SSD") && strcmp(medium, "HDD") && *medium)
        abort();
    return 0;
}
