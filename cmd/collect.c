/* What does the cluster say, kept in a file for later and for others? */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/terminal.h"
#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/source/snapshot.h"

static struct {
    struct srd_words experts;
    bool gzip, force, share_sql;
} opt;

static const struct srd_option options[] = {
    { "for", 0, SRD_OPT_LIST, &opt.experts, "EXPERT,...", "only what these experts ask",
      .group = SRD_OF_COMMAND },
    { "gzip", 0, SRD_OPT_FLAG, &opt.gzip, NULL, "compress; a name that ends in .gz does so too",
      .group = SRD_OF_COMMAND },
    { "force", 0, SRD_OPT_FLAG, &opt.force, NULL, "replace an existing file",
      .group = SRD_OF_COMMAND },
    { "share-sql", 0, SRD_OPT_FLAG, &opt.share_sql, NULL,
      "keep the SQL texts of users, which may hold data of theirs", .group = SRD_OF_COMMAND },
    { 0 },
};

static const struct srd_probe *const *probes_to_ask(struct srd_call *call,
                                                    const struct srd_expert *const *experts)
{
    return opt.experts.count ? srd_probes_of_experts(experts, NULL, call->arena)
                             : srd_catalogue_probes(&srd_catalogue, call->arena);
}

/* Told before the cluster is asked, not after. */
static int check(struct srd_call *call, struct srd_error *err)
{
    const struct srd_expert *const *experts;
    const char *file = call->operands[0];
    struct stat st;

    if (srd_experts_named(&opt.experts, call->arena, &experts, err))
        return err->code;
    if (srd_globals.output_file)
        return srd_fail(err, SRD_E_USAGE,
                        "collect writes to its operand; --output-file is not for it");
    if (srd_globals.plan || !strcmp(file, "-"))
        return 0;
    if (!stat(file, &st) && S_ISREG(st.st_mode) && !opt.force)
        return srd_fail(err, SRD_E_USAGE, "\"%s\" exists; --force replaces it",
                        srd_shown(call->arena, file));
    return 0;
}

static bool ends_in_gz(const char *file)
{
    size_t n = strlen(file);

    return n > 3 && !strcmp(file + n - 3, ".gz");
}

/* How much was kept, as words on stderr: standard output may be the snapshot. */
static void tell(const struct srd_call *call, const struct srd_evidence *ev, bool partial)
{
    size_t answered = 0, rows = 0, denied = 0;

    for (size_t i = 0; i < ev->count; i++) {
        answered += ev->answers[i].status == SRD_ANSWERED;
        denied += ev->answers[i].status == SRD_DENIED;
        rows += ev->answers[i].table ? ev->answers[i].table->rows : 0;
    }
    if (srd_globals.quiet)
        return;
    dprintf(STDERR_FILENO, "%s: %zu of %zu questions answered, %zu rows%s\n", call->operands[0],
            answered, ev->count, rows, partial ? "; the time was over before the rest" : "");
    if (denied)
        dprintf(STDERR_FILENO, "%zu were denied: %s preflight says what that costs\n", denied,
                call->style.again);
}

static int run(struct srd_call *call, struct srd_error *err)
{
    const struct srd_expert *const *experts;
    const struct srd_probe *const *probes;
    struct srd_snapshot_options how = { .tool_version = SRD_VERSION_TEXT,
                                        .gzip = opt.gzip || ends_in_gz(call->operands[0]),
                                        .overwrite = opt.force,
                                        .share_sql = opt.share_sql };
    struct srd_evidence *ev;
    bool partial;

    if (srd_experts_named(&opt.experts, call->arena, &experts, err))
        return err->code;
    probes = probes_to_ask(call, experts);
    if (srd_globals.plan)
        return srd_plan_print(call, probes, err);
    if (srd_collect(&srd_catalogue, call->source, probes, &call->run, call->arena, &ev, &partial,
                    err))
        return err->code;
    srd_progress_end();
    srd_tell_answers(ev);
    if (srd_snapshot_write(call->operands[0], ev, call->source->connected, &how, err))
        return err->code;
    tell(call, ev, partial);
    call->status = partial ? SRD_EXIT_PARTIAL : SRD_EXIT_OKAY;
    return 0;
}

const struct srd_command srd_command_collect = {
    .name = "collect",
    .group = "keep",
    .operands = "FILE",
    .min = 1,
    .max = 1,
    .summary = "save the evidence of all experts as a snapshot",
    .text =
        "Asks the cluster everything that any command would ask and writes the answers to FILE "
        "(- is standard output). Every other command then works on the file: srdiag --input FILE "
        "comprehensive. SQL texts of users are left out unless --share-sql is given; passwords, "
        "tokens and keys are never in it.",
    .options = options,
    .needs = SRD_NEEDS_SOURCE,
    .check = check,
    .run = run,
};
