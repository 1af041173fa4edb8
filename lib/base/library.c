/* Is a library there, and does it have all that we call? */

#include "lib/base/library.h"

#include <dlfcn.h>
#include <string.h>

int srd_library_load(const struct srd_library *library, struct srd_error *err)
{
    /* never closed: some start threads of their own, and a thread of ours may outlive main() */
    void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    if (!handle)
        return srd_fail(err, SRD_E_INTERNAL, "%s, which is not installed: %s", library->needed,
                        dlerror());
    for (size_t i = 0; i < library->count; i++) {
        void *function = dlsym(handle, library->symbols[i].name);

        if (!function)
            return srd_fail(err, SRD_E_INTERNAL, "%s; the one that is installed has no %s",
                            library->needed, library->symbols[i].name);
        /* ISO C knows no cast from an object to a function; POSIX wants the copy to work */
        memcpy(library->symbols[i].place, &function, sizeof(function));
    }
    return 0;
}
