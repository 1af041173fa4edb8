#ifndef SRD_SOURCE_GUARD_LEXER_H
#define SRD_SOURCE_GUARD_LEXER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Words of a SQL text, cut where a StarRocks FE cuts them. For guard*.c.
 *
 * The rules are those of the FE's grammar (one for all of 3.2 to 4.1), tried on a FE where they
 * surprise:
 *
 * - A comment "--" needs no blank behind it, and ends at a carriage return as well as at a newline.
 *   "#" begins none. Comments in slash and star do not nest; one that begins with "!" is a comment
 *   like any other; one that begins with "+" is a hint, and only if the "+" follows at once.
 * - Strings in ' and in " take a backslash before any character, and doubled quotes. x'...' takes neither.
 * - Every character from U+0080 to U+FFFF is a letter, also blanks, quotes and letters of full width;
 *   U+3000 is white space only behind an ASCII blank. What is above U+FFFF is nothing.
 * - "$$ ... $$" is one word.
 * - What fits no rule is dropped by the FE without a word, and it goes on behind it: an unknown
 *   character alone, an unclosed quote with all the rest. Here it is STRAY or UNCLOSED.
 * - The longest match wins, then the order of the rules: ".5" is a number, ".5a" a name behind a dot.
 *
 * Never fails: any bytes become tokens. Invalid UTF-8 counts as letters, as in the FE.
 */
enum srd_lex_kind {
    SRD_LEX_END,
    SRD_LEX_COMMENT,
    SRD_LEX_HINT,       /* a comment that begins with "+" */
    SRD_LEX_WORD,       /* name or keyword, also one that begins with a digit */
    SRD_LEX_QUOTED,     /* `name` */
    SRD_LEX_DOTTED,     /* .1name: dot and name in one */
    SRD_LEX_STRING,
    SRD_LEX_BINARY,     /* x'00' */
    SRD_LEX_NUMBER,
    SRD_LEX_ATTACHMENT, /* $$ ... $$ */
    SRD_LEX_SIGN,       /* operator or bracket, of one to three characters */
    SRD_LEX_UNCLOSED,   /* quote or comment without its end: all the rest of the text */
    SRD_LEX_STRAY,      /* what no token begins with */
};

struct srd_lex_token {
    enum srd_lex_kind kind;
    size_t at, size; /* bytes */
};

struct srd_lexer {
    const char *sql;
    size_t n, at;
    bool plain_backslash; /* a backslash in a string stands for itself (other dialects; not the FE) */
};

void srd_lexer_next(struct srd_lexer *lexer, struct srd_lex_token *out);

#endif
