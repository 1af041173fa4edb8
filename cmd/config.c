/* Which settings are in force, where do they come from, and is what is written right? */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/listing.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

static struct {
    bool origin;
} opt;

static const struct srd_option options[] = {
    { "origin", 0, SRD_OPT_FLAG, &opt.origin, NULL, "show: where each value comes from",
      .group = SRD_OF_COMMAND },
    { 0 },
};

static const struct srd_list_column with_origin[] = {
    { .key = "setting" }, { .key = "value" }, { .key = "origin" }, { 0 }
};
static const struct srd_list_column without_origin[] = {
    { .key = "setting" }, { .key = "value" }, { .key = "origin", .wide = true }, { 0 }
};

/* Never the secret, nor its length. */
static const char *value_to_show(const struct srd_settings *settings, int id)
{
    const struct srd_chosen *chosen = &settings->chosen[id];

    if (id == SRD_SET_password && settings->ask_password)
        return "(will be asked for)";
    if (!*chosen->text)
        return NULL;
    return srd_setting_table[id].secret ? "********" : chosen->text;
}

static int show(struct srd_call *call, struct srd_error *err)
{
    struct srd_settings_places places = srd_settings_places(srd_globals.config, call->arena);
    const struct srd_override *limits;
    struct srd_listing listing;

    call->settings.server = true;
    if (srd_settings_load(&call->settings, &places, err) ||
        srd_settings_limits(&call->settings, NULL, &limits, err))
        return err->code;
    srd_listing_init(&listing, call->arena, "settings", opt.origin ? with_origin : without_origin);
    for (int i = 0; i < SRD_SETTING_COUNT; i++)
        srd_listing_add(&listing, (const char *[]){ srd_setting_table[i].name,
                                                    value_to_show(&call->settings, i),
                                                    call->settings.chosen[i].origin });
    for (; limits->name; limits++)
        srd_listing_add(&listing,
                        (const char *[]){ srd_arena_printf(call->arena, "limits %s", limits->name),
                                          srd_arena_printf(call->arena, "%.15g", limits->value),
                                          limits->origin });
    return srd_listing_print(call, &listing, err);
}

/*
 * A variable that begins like ours and is none of ours is a typing error that nobody would notice.
 */
static void check_environment(struct srd_call *call)
{
    const char *known[SRD_SETTING_COUNT + 2];
    size_t n = 0;

    for (int i = 0; i < SRD_SETTING_COUNT; i++)
        known[n++] = srd_setting_table[i].env;
    known[n++] = "SRDIAG_CONFIG";
    known[n] = NULL;
    for (char **at = environ; at && *at; at++) {
        const char *name = srd_arena_copy_n(call->arena, *at, strcspn(*at, "="));

        if (srd_text_prefix(name, "SRDIAG_") && !srd_text_in(name, known))
            srd_problem_add(&call->settings.text, SRD_DOUBTFUL, "environment", 0,
                            "%s is no setting of this version%s", srd_shown(call->arena, name),
                            srd_did_you_mean(call->arena, name, known));
    }
}

static int read_all(struct srd_call *call, struct srd_error *err)
{
    struct srd_settings_places places = srd_settings_places(srd_globals.config, call->arena);
    const struct srd_override *limits;

    call->settings.server = true;
    if (call->operand_count > 1) {
        srd_settings_read(&call->settings, call->operands[1], SRD_RANK_USER_FILE, false, err);
    } else {
        check_environment(call);
        srd_settings_load(&call->settings, &places, err);
        /* what is wrong in a file is told line by line; anything else is an error of its own */
        if (err->code && srd_settings_problem(&call->settings, &(struct srd_error){ 0 }))
            err->code = SRD_OK;
    }
    if (!err->code && !srd_settings_limits(&call->settings, NULL, &limits, err))
        srd_limits_check(limits, call->arena, err);
    return err->code;
}

static int check(struct srd_call *call, struct srd_error *err)
{
    static const char *const words[] = { "error", "warning", "note" };
    static const struct srd_list_column columns[] = { { .key = "file" },
                                                      { .key = "line", .number = true },
                                                      { .key = "weight" },
                                                      { .key = "text" },
                                                      { 0 } };
    struct srd_config_text *text = &call->settings.text;
    struct srd_listing listing;
    bool prose = srd_format_is_prose(call->format);

    if (read_all(call, err))
        return err->code;
    srd_listing_init(&listing, call->arena, "problems", columns);
    for (size_t i = 0; i < text->problem_count; i++) {
        const struct srd_problem *p = &text->problems[i];
        const char *line = p->line ? srd_arena_printf(call->arena, "%d", p->line) : NULL;

        if (p->weight == SRD_WRONG)
            call->status = srd_code_exit(SRD_E_CONFIG);
        if (prose)
            srd_buf_printf(&call->out, "%s%s%s: %s: %s\n", p->file, line ? " line " : "",
                           line ? line : "", words[p->weight], p->text);
        srd_listing_add(&listing, (const char *[]){ p->file, line, words[p->weight], p->text });
    }
    if (!prose)
        return srd_listing_print(call, &listing, err);
    for (size_t i = 0; i < call->settings.file_count && !call->status; i++)
        srd_buf_printf(&call->out, "%s: can be used\n", call->settings.files[i]);
    if (!call->settings.file_count && !text->problem_count)
        srd_buf_text(&call->out, "no config file is there; nothing is wrong\n");
    return 0;
}

static int run(struct srd_call *call, struct srd_error *err)
{
    static const char *const words[] = { "show", "check", NULL };
    const char *word = call->operands[0];

    if (!strcmp(word, "check"))
        return check(call, err);
    if (strcmp(word, "show") != 0)
        return srd_fail(err, SRD_E_USAGE, "config knows show and check, not \"%s\"%s",
                        srd_shown(call->arena, word), srd_did_you_mean(call->arena, word, words));
    if (call->operand_count > 1)
        return srd_fail(err, SRD_E_USAGE, "config show: \"%s\" is one word too many",
                        srd_shown(call->arena, call->operands[1]));
    return show(call, err);
}

const struct srd_command srd_command_config = {
    .name = "config",
    .group = "help",
    .operands = "show|check [FILE]",
    .min = 1,
    .max = 2,
    .summary = "show the settings and their origin, or check a config file",
    .text =
        "Settings come from options, then from the environment (SR_HOST, SR_PORT, SR_USER, "
        "SR_PASSWORD, SR_DATABASE, and SRDIAG_ with the name of any option), then from .env in the "
        "working directory, then from ~/.config/srdiag/srdiag.cnf and /etc/srdiag/srdiag.cnf (or "
        "the "
        "one file of --config), then from the defaults. A config file has sections: [srdiag] with "
        "the names of options as keys, [cluster NAME] with a connection for --cluster NAME, "
        "[server] with the options of srdiag serve, [limits] with thresholds as for --set. Secrets "
        "are never shown.",
    .options = options,
    .needs = SRD_NEEDS_NOTHING,
    .run = run,
};
