/* Which srdiag is this? */

#include "cmd/command.h"
#include "cmd/listing.h"
#include "experts/catalogue.h"

static int run(struct srd_call *call, struct srd_error *err)
{
    static const struct srd_list_column columns[] = {
        { .key = "version" }, { .key = "catalogue" }, { .key = "report" }, { 0 }
    };
    struct srd_listing listing;

    if (srd_format_is_prose(call->format)) {
        srd_buf_printf(&call->out, "srdiag %s (catalogue %s)\n", SRD_VERSION_TEXT,
                       srd_catalogue.version);
        return 0;
    }
    srd_listing_init(&listing, call->arena, "version", columns);
    srd_listing_add(&listing,
                    (const char *[]){ SRD_VERSION_TEXT, srd_catalogue.version, "srdiag.report/1" });
    return srd_listing_print(call, &listing, err);
}

const struct srd_command srd_command_version = {
    .name = "version",
    .group = "help",
    .operands = "",
    .summary = "print the version of srdiag and of its catalogue of checks",
    .needs = SRD_NEEDS_NOTHING,
    .run = run,
};
