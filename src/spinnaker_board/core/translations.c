/* Files of translated code: loaded once for the machine, given to every core on which they hold (native.c). */
#include <dlfcn.h>
#include <stdlib.h>

#include "chip.h"
#include "decoded.h"
#include "native.h"

struct translation {
    void *library;
    const struct native_table *table;
};

/* Loads a file and gives its parts to the cores that run. Returns NULL, or what is wrong with the file. */
const char *translations_load(struct machine *machine, const char *path, unsigned *parts) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return dlerror();
    }
    const struct native_table *table = dlsym(library, "native_table");
    struct translation *list = NULL;
    if (table != NULL && native_fits(table)) {
        list = realloc(machine->translation, (machine->translations + 1) * sizeof *list);
    }
    if (list == NULL) {
        dlclose(library);
        return "it is no translation, or not of this version";
    }
    machine->translation = list;
    list[machine->translations++] = (struct translation){library, table};
    *parts = 0;
    for (unsigned n = 0; n < machine->active; n++) {
        *parts += native_install(&machine->cores[n]->arm, table);
    }
    return NULL;
}

/* To be called when a core's ITCM is loaded. */
void translations_install(struct core *core) {
    const struct machine *machine = core->chip->machine;
    for (unsigned n = 0; n < machine->translations; n++) {
        native_install(&core->arm, machine->translation[n].table);
    }
    core->native_losses = core->arm.decoded->native_losses;
}

/* Cores whose code was written over get what holds for the code that they have now. */
void translations_restore(struct machine *machine) {
    for (unsigned n = 0; n < machine->active; n++) {
        struct core *core = machine->cores[n];
        if (core->native_losses != core->arm.decoded->native_losses) {
            translations_install(core);
        }
    }
}

/* After the cores are gone. */
void translations_free(struct machine *machine) {
    for (unsigned n = 0; n < machine->translations; n++) {
        dlclose(machine->translation[n].library);
    }
    free(machine->translation);
}
