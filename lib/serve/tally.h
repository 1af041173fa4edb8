#ifndef SRD_SERVE_TALLY_H
#define SRD_SERVE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/json.h"

/*
 * How much did each tenant ask? Every one is counted, however many there are: the page of /metrics
 * has a ceiling, an account has none. Any thread.
 */
struct srd_tally;

struct srd_tally_row {
    uint64_t requests, errors; /* of HTTP: answered, of them with 400 and above */
    uint64_t calls, failed;    /* of tools, whatever brought them */
};

struct srd_tally *srd_tally_new(void);
void srd_tally_free(struct srd_tally **tally);
void srd_tally_request(struct srd_tally *tally, const char *tenant, bool failed);
void srd_tally_call(struct srd_tally *tally, const char *tenant, bool failed);
/* Zeroes for one that asked nothing yet. */
struct srd_tally_row srd_tally_get(struct srd_tally *tally, const char *tenant);
/* [{"tenant_id":...,"requests":...,"errors":...,"calls":...,"failed_calls":...}], by id. */
struct srd_json *srd_tally_json(struct srd_tally *tally);
/* The members behind tenant_id. */
void srd_tally_put(const struct srd_tally_row *row, struct srd_json *object);

#endif
