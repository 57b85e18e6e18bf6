/* The machine as a Python type: its life, its cores, its time. Chips are named by their index. */
#include "pymachine.h"

#include <time.h>

#define MAX_THREADS 64

struct chip *chip_of(MachineObject *self, unsigned long index) {
    if (index >= self->machine.chips) {
        PyErr_Format(PyExc_IndexError, "chip %lu of %u", index, self->machine.chips);
        return NULL;
    }
    return &self->machine.chip[index];
}

static struct core *core_of(MachineObject *self, unsigned long index, unsigned long number) {
    struct chip *chip = chip_of(self, index);
    if (chip == NULL) {
        return NULL;
    }
    if (number == 0 || number >= CHIP_CORES) {
        PyErr_Format(PyExc_IndexError, "core %lu: application cores are 1 to %u", number, CHIP_CORES - 1);
        return NULL;
    }
    return chip->core[number];
}

struct core *core_of_arguments(PyObject *object, PyObject *args) {
    unsigned long index, number;
    if (!PyArg_ParseTuple(args, "kk", &index, &number)) {
        return NULL;
    }
    return core_of((MachineObject *)object, index, number);
}

static int machine_init(PyObject *object, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"neighbours", "threads", "start_unix_s", NULL};
    MachineObject *self = (MachineObject *)object;
    PyObject *neighbours;
    unsigned threads = 1;
    unsigned long long start_unix_s = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!|IK", names, &PyList_Type, &neighbours, &threads,
                                     &start_unix_s)) {
        return -1;
    }
    Py_ssize_t chips = PyList_GET_SIZE(neighbours);
    if (self->machine.chip != NULL || chips < 1 || chips > 65536 || threads < 1 || threads > MAX_THREADS) {
        PyErr_SetString(PyExc_ValueError, "a machine is made once, with 1 to 65536 chips and 1 to 64 threads");
        return -1;
    }
    self->running = PyThread_allocate_lock();
    if (self->running == NULL || machine_create(&self->machine, (unsigned)chips, threads)) {
        PyErr_NoMemory();
        return -1;
    }
    self->machine.start_unix_s = start_unix_s;
    for (Py_ssize_t n = 0; n < chips; n++) {
        int link[CHIP_LINKS];
        PyObject *row = PyList_GET_ITEM(neighbours, n);
        if (!PyTuple_Check(row) ||
            !PyArg_ParseTuple(row, "iiiiii", &link[0], &link[1], &link[2], &link[3], &link[4], &link[5])) {
            PyErr_SetString(PyExc_TypeError, "neighbours: for each chip a tuple of six chip indices, -1 for no link");
            return -1;
        }
        for (unsigned l = 0; l < CHIP_LINKS; l++) {
            if (link[l] >= chips) {
                PyErr_SetString(PyExc_ValueError, "neighbours: no such chip");
                return -1;
            }
            self->machine.chip[n].neighbour[l] = link[l] < 0 ? NULL : &self->machine.chip[link[l]];
        }
    }
    machine_set_clock(&self->machine);
    return 0;
}

static void machine_dealloc(PyObject *object) {
    MachineObject *self = (MachineObject *)object;
    machine_destroy(&self->machine);
    if (self->running != NULL) {
        PyThread_free_lock(self->running);
    }
    Py_TYPE(object)->tp_free(object);
}

static PyObject *machine_start(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    unsigned long index, number, r0, pc;
    if (!PyArg_ParseTuple(args, "kkkk", &index, &number, &r0, &pc)) {
        return NULL;
    }
    struct core *core = core_of(self, index, number);
    if (core == NULL) {
        return NULL;
    }
    if (core_start(core, (uint32_t)r0, (uint32_t)pc)) {
        return PyErr_NoMemory();
    }
    machine_list_active(&self->machine);
    Py_RETURN_NONE;
}

static PyObject *machine_stop(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    struct core *core = core_of_arguments(object, args);
    if (core == NULL) {
        return NULL;
    }
    core_stop(core);
    machine_list_active(&self->machine);
    Py_RETURN_NONE;
}

static PyObject *machine_running(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    unsigned long index, cores = 0;
    if (!PyArg_ParseTuple(args, "k", &index)) {
        return NULL;
    }
    struct chip *chip = chip_of(self, index);
    if (chip == NULL) {
        return NULL;
    }
    for (unsigned n = 1; n < CHIP_CORES; n++) {
        cores |= (unsigned long)chip->core[n]->on << n;
    }
    return PyLong_FromUnsignedLong(cores);
}

static PyObject *machine_interrupt(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    unsigned long index, cores;
    if (!PyArg_ParseTuple(args, "kk", &index, &cores)) {
        return NULL;
    }
    struct chip *chip = chip_of(self, index);
    if (chip == NULL) {
        return NULL;
    }
    chip_interrupt(chip, (uint32_t)cores);
    Py_RETURN_NONE;
}

static PyObject *machine_locked(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    unsigned long index, lock;
    if (!PyArg_ParseTuple(args, "kk", &index, &lock)) {
        return NULL;
    }
    struct chip *chip = chip_of(self, index);
    return chip == NULL ? NULL : PyBool_FromLong(chip->control.test_and_set >> (lock & 31u) & 1u);
}

static PyObject *machine_attention(PyObject *object, PyObject *Py_UNUSED(ignored)) {
    MachineObject *self = (MachineObject *)object;
    PyObject *list = PyList_New(0);
    for (unsigned n = 0; list != NULL && n < self->machine.chips; n++) {
        struct system_controller *control = &self->machine.chip[n].control;
        if (control->cpu_irq & 1u) {
            control->cpu_irq &= ~1u;
            PyObject *index = PyLong_FromUnsignedLong(n);
            if (index == NULL || PyList_Append(list, index)) {
                Py_CLEAR(list);
            }
            Py_XDECREF(index);
        }
    }
    return list;
}

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static PyObject *machine_run(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    unsigned long quanta, done = 0;
    unsigned long long limit_ns = 0;
    if (!PyArg_ParseTuple(args, "k|K", &quanta, &limit_ns)) {
        return NULL;
    }
    if (!PyThread_acquire_lock(self->running, NOWAIT_LOCK)) {
        PyErr_SetString(PyExc_RuntimeError, "the machine is running already");
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    uint64_t stop_ns = limit_ns ? now_ns() + limit_ns : NEVER;
    while (done < quanta) {
        bool called = machine_quantum(&self->machine);
        done++;
        if (called || (stop_ns != NEVER && now_ns() >= stop_ns)) {
            break;
        }
    }
    Py_END_ALLOW_THREADS
    PyThread_release_lock(self->running);
    return PyLong_FromUnsignedLong(done);
}

/* Moves the clock of a machine without running cores. */
static PyObject *machine_skip(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    unsigned long quanta;
    if (!PyArg_ParseTuple(args, "k", &quanta)) {
        return NULL;
    }
    if (self->machine.active > 0) {
        PyErr_SetString(PyExc_RuntimeError, "only an idle machine may skip time");
        return NULL;
    }
    self->machine.cycles += (uint64_t)quanta * QUANTUM_CYCLES;
    machine_set_clock(&self->machine);
    Py_RETURN_NONE;
}

static PyObject *machine_get_cycles(PyObject *object, void *Py_UNUSED(closure)) {
    return PyLong_FromUnsignedLongLong(((MachineObject *)object)->machine.cycles);
}

static PyObject *machine_get_active(PyObject *object, void *Py_UNUSED(closure)) {
    return PyLong_FromUnsignedLong(((MachineObject *)object)->machine.active);
}

static PyObject *machine_get_hops(PyObject *object, void *Py_UNUSED(closure)) {
    return PyLong_FromUnsignedLongLong(((MachineObject *)object)->machine.router_hops);
}

static PyMethodDef machine_methods[] = {
    {"sdram", machine_sdram, METH_VARARGS, "sdram(chip): a writable view of 128 MB"},
    {"sysram", machine_sysram, METH_VARARGS, "sysram(chip): a writable view of 32 KB"},
    {"tcm", machine_tcm, METH_VARARGS, "tcm(chip, core): writable views of ITCM and DTCM; write before start()"},
    {"read", machine_read, METH_VARARGS, "read(chip, address): a chip-wide register, as the monitor sees it"},
    {"write", machine_write, METH_VARARGS, "write(chip, address, value): sets a chip-wide register"},
    {"start", machine_start, METH_VARARGS, "start(chip, core, r0, pc): resets a core and lets it run from pc"},
    {"stop", machine_stop, METH_VARARGS, "stop(chip, core): takes the clock from a core"},
    {"running", machine_running, METH_VARARGS, "running(chip): a mask of the cores that have a clock"},
    {"interrupt", machine_interrupt, METH_VARARGS, "interrupt(chip, cores): raises CPU_INT of the cores in the mask"},
    {"locked", machine_locked, METH_VARARGS, "locked(chip, n): whether test-and-set register n is set"},
    {"attention", machine_attention, METH_NOARGS, "the chips whose monitor was called, which clears the call"},
    {"run", machine_run, METH_VARARGS,
     "run(quanta, limit_ns=0): runs up to so many quanta, returns how many; ends early when a monitor is called, or "
     "after limit_ns of wall time"},
    {"skip", machine_skip, METH_VARARGS, "skip(quanta): lets time pass on a machine without running cores"},
    {"translate", machine_translate, METH_VARARGS,
     "translate(path): loads a file of translated code, gives it to the cores that run, and to others when they start; "
     "returns how many parts they took"},
    {"restore", machine_restore, METH_NOARGS, "gives translated code to cores that lost it when their code changed"},
    {"profile", machine_profile, METH_VARARGS,
     "profile(chip, core): for each word of the ITCM, was it executed in ARM state, is it translated (a byte each), "
     "and "
     "how much the interpreter had to do there since the last call (uint32)"},
    {"registers", machine_registers, METH_VARARGS, "registers(chip, core): r0 to r15 and cpsr"},
    {"statistics", machine_statistics, METH_VARARGS, "statistics(chip, core): counters and the series of ticks"},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef machine_properties[] = {
    {"cycles", machine_get_cycles, NULL, "virtual time in cycles of 5 ns", NULL},
    {"active", machine_get_active, NULL, "number of cores that run", NULL},
    {"router_hops", machine_get_hops, NULL, "chips that packets have passed, all packets together", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyTypeObject MachineType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spinnaker_board._core.Machine",
    .tp_doc = "Machine(neighbours, threads=1, start_unix_s=0): chips with 17 application cores each",
    .tp_basicsize = sizeof(MachineObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_init = machine_init,
    .tp_dealloc = machine_dealloc,
    .tp_methods = machine_methods,
    .tp_getset = machine_properties,
};
