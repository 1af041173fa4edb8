/* Small questions about results and causes; the matching itself is lib/engine/causes.c. */

#include <string.h>

#include "lib/model/cause.h"

const struct srd_result *srd_results_get(const struct srd_results *results, const char *check_id)
{
    for (size_t i = 0; check_id && i < results->count; i++)
        if (strcmp(results->items[i].check->id, check_id) == 0)
            return &results->items[i];
    return NULL;
}

bool srd_finding_has(const struct srd_finding *finding, const char *field)
{
    size_t name = field ? strcspn(field, "=") : 0;

    for (size_t i = 0; field && i < SRD_MAX_FIELDS && finding->fields[i].name; i++)
        if (strlen(finding->fields[i].name) == name &&
            !strncmp(finding->fields[i].name, field, name) && field[name] &&
            !strcmp(finding->fields[i].value, field + name + 1))
            return true;
    return !field;
}

const char *srd_confidence_word(double confidence)
{
    /* 0.5 + 0.1 + 0.1 is a little less than 0.7 to a machine */
    confidence += 1e-9;
    return confidence >= 0.7 ? "high" : confidence >= 0.5 ? "medium" : "low";
}
