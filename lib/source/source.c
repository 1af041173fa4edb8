/* How is a source of any kind given back? */

#include "lib/source/source.h"

void srd_source_close(struct srd_source **src)
{
    struct srd_source *s = *src;

    *src = NULL;
    if (s)
        s->ops->close(s);
}
