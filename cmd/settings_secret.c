/* Where does a password or a token come from: a setting, or a file that holds nothing else? */

#include "cmd/settings.h"
#include "lib/base/error.h"

/* The first line of a file that holds a secret: @what is "password" or "token". */
static int secret_from_file(struct srd_settings *settings, const struct srd_chosen *file,
                            const char *what, const char **out, struct srd_error *err)
{
    unsigned mode;
    bool missing;
    char *bytes;
    size_t n, end;

    if (srd_small_file(file->text, settings->arena, &bytes, &n, &mode, &missing, err)) {
        err->code = SRD_E_CONFIG;
        return srd_while(err, "%s file (%s)", what, file->origin);
    }
    for (end = 0; end < n && bytes[end] != '\n'; end++)
        if (!bytes[end])
            return srd_fail(err, SRD_E_CONFIG, "%s file \"%s\" (%s) is no text", what, file->text,
                            file->origin);
    if (end && bytes[end - 1] == '\r')
        end--;
    if (!end)
        return srd_fail(err, SRD_E_CONFIG, "%s file \"%s\" (%s): the first line is empty", what,
                        file->text, file->origin);
    /* a group is allowed to read: that is how a secret reaches the user of a container or a unit */
    if (mode & 037)
        srd_problem_add(&settings->text, SRD_DOUBTFUL, file->text, 0,
                        "holds a %s and can be read by others: chmod 600 %s", what, file->text);
    bytes[end] = '\0';
    *out = bytes;
    return 0;
}

/* The secret itself, or that of the file, whichever ranks higher. */
static int choose_secret(struct srd_settings *settings, enum srd_setting_id word_id,
                         enum srd_setting_id file_id, const char *what, const char **out,
                         struct srd_error *err)
{
    const struct srd_chosen *word = &settings->chosen[word_id];
    const struct srd_chosen *file = &settings->chosen[file_id];

    *out = NULL;
    if (word->rank == file->rank && word->rank != SRD_RANK_DEFAULT)
        return srd_fail(err, word->rank == SRD_RANK_OPTION ? SRD_E_USAGE : SRD_E_CONFIG,
                        "a %s (%s) and a %s file (%s) are given: choose one", what, word->origin,
                        what, file->origin);
    if (file->rank > word->rank)
        return secret_from_file(settings, file, what, out, err);
    *out = *word->text ? word->text : NULL;
    return 0;
}

int srd_settings_password(struct srd_settings *settings, const char **out, struct srd_error *err)
{
    return choose_secret(settings, SRD_SET_password, SRD_SET_password_file, "password", out, err);
}

int srd_settings_token(struct srd_settings *settings, enum srd_setting_id file_id, const char **out,
                       struct srd_error *err)
{
    return choose_secret(settings, SRD_SET_agent_token, file_id, "token", out, err);
}
