#ifndef SRD_BASE_SECRET_H
#define SRD_BASE_SECRET_H

#include <stdbool.h>

#include "lib/base/buf.h"

/*
 * What must not leave the house. A name says so (password, secret, token, credential, access_key,
 * private_key ... in any spelling); a value under such a name is a secret unless it is empty, a
 * truth value, or a number under a name that goes on ("arrow_token_cache_size").
 */
bool srd_secret_name(const char *name);
bool srd_secret_value(const char *name, const char *value); /* NULL value: false */
bool srd_secret_possible(const char *value); /* is it one under the most secret of names? */
/*
 * @text with the values of such names in it replaced by ***: "aws.s3.secret_key" = "x",
 * {"password":"x"}, token=x, jdbc:mysql://user:x@host. In @out, which is cleared first; false:
 * there were none.
 */
bool srd_secret_hide(struct srd_buf *out, const char *text);

#endif
