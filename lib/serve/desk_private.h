#ifndef SRD_SERVE_DESK_PRIVATE_H
#define SRD_SERVE_DESK_PRIVATE_H

#include "lib/serve/cache.h"
#include "lib/serve/clusters.h"
#include "lib/serve/desk.h"
#include "lib/serve/kept.h"
#include "lib/serve/results.h"
#include "lib/serve/ticket.h"

/*
 * The files of the desk, from the bottom up:
 *
 *   sheet.c      clean and short JSON           results.c   a report or a view as an answer
 *   cache.c      what was said lately           kept.c      what is behind an answer
 *   ticket.c     what clients come back with    pages.c     what is not in one answer
 *   clusters.c   sources, and what is known     loans.c     who may ask now
 *   work.c       threads                        schema.c    how answers look
 *   orders.c     one call: cluster, run, answer   returns.c   the rest of it, here or elsewhere
 *   tools.c      the table of tools             general.c   tools that no expert has
 *   query.c      a statement of the client's own
 *   resources.c  articles and reports to read   prompts.c   entry points, completion
 *   desk.c       life, reload, figures
 */

/* What reload exchanges: clusters, thresholds, sizes. Calls hold the one they began with. */
struct srd_books {
    atomic_uint users;
    unsigned number; /* of the reload: part of the keys of answers */
    struct srd_arena *arena;
    struct srd_place **places; /* @count; held */
    size_t count;
    const struct srd_override *overrides; /* copies; ended by a NULL name */
    int64_t heavy_limit;
    int64_t keep_ms;                      /* of the cache */
    struct srd_secrets secrets;
};

/* A tool that runs an expert or a view. */
struct srd_tool_row {
    struct srd_desk *desk;
    const char *tool;                /* name */
    const struct srd_expert *expert; /* NULL: all of them */
    const struct srd_view *view;     /* NULL: the diagnosis */
    const struct srd_arg *args;      /* its own; may be NULL */
    size_t arg_count;
    /* where the common arguments stand behind its own; (size_t)-1: it has none of that name */
    size_t at_cluster, at_detail, at_cursor;
};

struct srd_desk {
    const struct srd_catalogue *catalogue;
    const char *tool_version;
    struct srd_arena *arena; /* of the tables */
    struct srd_mcp_tables tables;
    struct srd_tool_row *others; /* that have no tool of their own; ended by a NULL tool */
    struct srd_cache *cache;
    struct srd_kept *kept;
    struct srd_secrets own; /* of this process */
    struct srd_work *work;
    struct srd_work *looks; /* at agents that are down */
    struct srd_work *hands; /* what the runs ask with */
    struct srd_hands lent;  /* the same, for them */
    pthread_mutex_t lock;
    struct srd_books *books; /* the current ones */
    pthread_cond_t ending;   /* wakes the sweeper */
    pthread_t sweeper;
    bool sweeping, quit;
};

struct srd_books *srd_books_hold(struct srd_desk *desk);
void srd_books_drop(struct srd_books **books); /* for SRD_CLEANUP */

/* ---- schema.c: JSON texts in @arena ---- */

const char *srd_schema_of_report(void);
const char *srd_schema_of_view(const struct srd_view *view, struct srd_arena *arena);

/* ---- orders.c ---- */

/*
 * Which cluster does @name (NULL: none was named) mean for this caller? Held; NULL with a text for
 * the caller in @why.
 */
struct srd_place *srd_place_choose(const struct srd_books *books, const char *tenant,
                                   const char *name, struct srd_arena *arena, const char **why);

/* @key and one more part of it. */
const char *srd_key_part(struct srd_arena *arena, const char *key, const char *text);
/* What @about says, as the key of an answer: that of one reading of the settings. */
const char *srd_books_key(const struct srd_books *books, const char *about,
                          struct srd_arena *arena);
/* What to do about an error of this kind, in a sentence. */
const char *srd_next_step(enum srd_code code);
/* @took_ms: since the call began. */
void srd_say_error(const char *tool, const struct srd_place *place, int64_t took_ms,
                   const struct srd_error *err, struct srd_arena *arena, struct srd_buf *members);
/* Joins or begins @errand and waits for it as the caller of @call. */
void srd_errand_await(struct srd_mcp_call *call, struct srd_desk *desk, const char *key,
                      const struct srd_errand *errand, struct srd_mcp_result *out);
#define SRD_MARGIN_MS 2000 /* of a call's time: to end what runs and to write the answer */
#define SRD_FAIR_MS 2000   /* who had less, and no answer, has learnt nothing of the cluster */

/* One call of an expert or a view. */
struct srd_wish {
    const struct srd_tool_row *row;
    const struct srd_arg_value *args; /* as many as the row has */
    const char *cluster;              /* NULL: none was named */
    const char *cursor;               /* NULL: from the beginning */
    bool detailed;
};
/* Is the answer kept? Then it is in @out. Does not block. */
bool srd_wish_quick(struct srd_mcp_call *call, const struct srd_wish *wish,
                    struct srd_mcp_result *out);
void srd_wish_run(struct srd_mcp_call *call, const struct srd_wish *wish,
                  struct srd_mcp_result *out);
/* Whose call it is, of which cluster, and with which arguments: the same in every replica. */
const char *srd_wish_about(const struct srd_place *place, const char *tenant,
                           const struct srd_wish *wish, struct srd_arena *arena);
/*
 * Finds out anew what @ticket stands for, and keeps it under its id: rows (then the answer is the page
 * that it asks for) or a report (then there is nothing to read in it). Drops @books and @place.
 */
void srd_order_again(struct srd_mcp_call *call, const struct srd_wish *wish,
                     struct srd_books *books, struct srd_place *place, const char *key,
                     const char *about, const struct srd_ticket *ticket,
                     struct srd_mcp_result *out);

/* ---- returns.c ---- */

/* The page of an answer: what its next cursor is made of. */
struct srd_turn {
    const struct srd_books *books;
    struct srd_ticket ticket;
    struct srd_ticket_bond bond;
};
const char *srd_turn_cursor(const void *turn, size_t from, struct srd_arena *arena);
int64_t srd_ticket_life_ms(const struct srd_books *books);
/* srd_ticket_read(), and it is not too old. */
bool srd_ticket_open(const struct srd_books *books, enum srd_ticket_kind kind,
                     const struct srd_ticket_bond *bond, const char *text, struct srd_arena *arena,
                     struct srd_ticket *out);
/* Makes its words. False: the call has too many arguments. */
bool srd_ticket_name_call(struct srd_ticket *ticket, const struct srd_tool_row *row,
                          const struct srd_place *place, const struct srd_arg_value *args,
                          struct srd_arena *arena);
/* The rest of rows, for wish->cursor. Drops @books and @place. */
void srd_wish_go_on(struct srd_mcp_call *call, const struct srd_wish *wish,
                    struct srd_books *books, struct srd_place *place, const char *about,
                    struct srd_mcp_result *out);

enum srd_report_found { SRD_REPORT_FOUND, SRD_REPORT_UNKNOWN, SRD_REPORT_FAULT };
struct srd_report_kept {
    const char *text; /* srdiag.report/1 */
    struct srd_ticket ticket;
    int64_t again_ms; /* wall clock; 0: it is the very report that the ticket was given for */
};
/*
 * The report under @handle, made anew if it is not here: that may take as long as a call.
 * SRD_REPORT_UNKNOWN: there is none, or none any more; SRD_REPORT_FAULT: @fault says what went wrong.
 */
enum srd_report_found srd_report_find(struct srd_mcp_call *call, struct srd_desk *desk,
                                      const char *handle, struct srd_report_kept *out,
                                      struct srd_mcp_result *fault);

/* ---- tools.c, general.c ---- */

void srd_desk_make_tools(struct srd_desk *desk, bool run_query);
/* The diagnosis of the expert of this name ("": all of them); NULL: there is no tool for it. */
const struct srd_tool_row *srd_desk_diagnosis(const struct srd_desk *desk, const char *expert);
#define SRD_ARG_TEXT_MAX 256 /* bytes of a text argument */
size_t srd_desk_general_count(void);
/* @run_query: with that tool. */
void srd_desk_make_general(struct srd_desk *desk, bool run_query, struct srd_mcp_tool *out);
struct srd_mcp_arg srd_arg_for_tool(const struct srd_arg *arg, struct srd_arena *arena);
/* The arguments that many tools have: "cluster", "cursor", "detail". */
extern const struct srd_mcp_arg srd_arg_cluster, srd_arg_cursor, srd_arg_detail;
/* Result of an object that is clean already. */
void srd_result_put(struct srd_mcp_result *out, const struct srd_buf *json);

/* ---- query.c ---- */

extern const struct srd_mcp_tool srd_tool_run_query; /* its data is the desk's */

/* ---- resources.c, prompts.c ---- */

void srd_desk_make_resources(struct srd_desk *desk);
void srd_desk_make_prompts(struct srd_desk *desk);

#endif
