/* What cores did, and the translation of what they do often, as Python sees it. */
#include "pymachine.h"

#include "native.h"

PyObject *machine_registers(PyObject *object, PyObject *args) {
    const struct core *core = core_of_arguments(object, args);
    if (core == NULL) {
        return NULL;
    }
    const uint32_t *r = core->arm.r;
    return Py_BuildValue("(IIIIIIIIIIIIIIIII)", r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10],
                         r[11], r[12], r[13], r[14], r[15], core->arm.cpsr);
}

PyObject *machine_statistics(PyObject *object, PyObject *args) {
    const struct core *core = core_of_arguments(object, args);
    if (core == NULL) {
        return NULL;
    }
    const struct tick_log *log = &core->log;
    return Py_BuildValue("{sOsKsKsKsKsKsKsKsKsKsKsIsIsKsKsKsIsy#}", "on", core->on ? Py_True : Py_False, "cycles",
                         core->arm.cycles, "busy_cycles", core->arm.cycles - core->arm.sleep_cycles, "instructions",
                         core->arm.instructions, "translated", core->arm.native_instructions, "packets_in",
                         core->count.packets_in, "packets_out", core->count.packets_out, "packets_lost",
                         core->count.packets_lost, "payloads_in", core->count.payloads_in, "payloads_out",
                         core->count.payloads_out, "dma_bytes", core->count.dma_bytes, "inbox_longest",
                         core->count.inbox_longest, "tick_cycles", log->period, "ticks", log->ticks, "overruns",
                         log->overruns, "tick_busy_sum", log->busy_sum, "tick_busy_max", log->busy_max, "series",
                         (const char *)log->series, (Py_ssize_t)(log->recorded * sizeof(struct tick)));
}

PyObject *machine_translate(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    PyObject *path;
    unsigned parts = 0;
    if (!PyArg_ParseTuple(args, "O&", PyUnicode_FSConverter, &path)) {
        return NULL;
    }
    const char *problem = translations_load(&self->machine, PyBytes_AS_STRING(path), &parts);
    Py_DECREF(path);
    return problem ? PyErr_Format(PyExc_ValueError, "%s", problem) : PyLong_FromUnsignedLong(parts);
}

PyObject *machine_restore(PyObject *object, PyObject *Py_UNUSED(ignored)) {
    translations_restore(&((MachineObject *)object)->machine);
    Py_RETURN_NONE;
}

PyObject *machine_profile(PyObject *object, PyObject *args) {
    struct core *core = core_of_arguments(object, args);
    if (core == NULL) {
        return NULL;
    }
    PyObject *profile = PyTuple_New(3);
    static const Py_ssize_t width[3] = {1, 1, sizeof(uint32_t)};
    char *to[3];
    for (int n = 0; profile != NULL && n < 3; n++) {
        PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)ITCM_BYTES / 4 * width[n]);
        if (bytes == NULL) {
            Py_CLEAR(profile);
        } else {
            to[n] = PyBytes_AS_STRING(bytes);
            PyTuple_SET_ITEM(profile, n, bytes);
        }
    }
    if (profile != NULL) {
        native_profile(&core->arm, (uint8_t *)to[0], (uint8_t *)to[1], (uint32_t *)(void *)to[2]);
    }
    return profile;
}
