#ifndef SRD_CMD_CONFIG_FILE_H
#define SRD_CMD_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/error.h"

/*
 * What is written in a config file or a .env file: lines become entries, and nothing is judged but
 * their form. What the keys mean is for settings.h.
 *
 * Config files speak the dialect of MySQL option files:
 *
 *     [section]          key = value          key          # comment, also after a blank; ; at the
 * start key = "value"      'value'              escapes \b \t \n \r \\ \s \" \'
 *
 * Underscores in keys count as dashes, except in [limits], whose keys are names of others. Unlike
 * there, a # inside an unquoted value is an error and not the silent end of a password, and
 * !include is refused.
 *
 * .env files are shared with other programs: KEY=VALUE, `export `, quotes, # comments, no
 * expansion. Lines that are nothing of this are skipped; only keys that @ours accepts are kept, and
 * only these can have problems.
 */
struct srd_entry {
    const char *file; /* as it shall be printed */
    int line;
    const char *section; /* "srdiag", "cluster prod" (blanks inside squeezed to one); "" of .env */
    const char *key;     /* "ssl-ca"; of .env as written; NULL: the line that opens @section */
    const char *value;   /* NULL: the key stands alone */
    int rank;            /* enum srd_rank of the file, set by settings.c */
};
enum srd_weight {
    SRD_WRONG,    /* the file cannot be used */
    SRD_DOUBTFUL, /* worth a warning in every run */
    SRD_NOTED,    /* worth a word when somebody asks */
};
struct srd_problem {
    const char *file;
    int line; /* 0: the file as a whole */
    const char *text;
    enum srd_weight weight;
};
struct srd_config_text {
    struct srd_arena *arena;
    struct srd_entry *entries;
    size_t count, room;
    struct srd_problem *problems;
    size_t problem_count, problem_room;
};

/* Both add to @out and go on after a bad line, so that a check can name all of them. */
void srd_config_parse(const char *file, const char *bytes, size_t n, struct srd_config_text *out);
void srd_dotenv_parse(const char *file, const char *bytes, size_t n, bool (*ours)(const char *key),
                      struct srd_config_text *out);

void srd_problem_add(struct srd_config_text *out, enum srd_weight weight, const char *file,
                     int line, const char *format, ...) __attribute__((format(printf, 5, 6)));

/*
 * The whole of a small file (at most 1 MiB), with its permission bits. SRD_E_SYSTEM with the
 * reason; @missing is then set when there simply is no such file.
 */
int srd_small_file(const char *path, struct srd_arena *arena, char **bytes, size_t *n,
                   unsigned *mode, bool *missing, struct srd_error *err);

#endif
