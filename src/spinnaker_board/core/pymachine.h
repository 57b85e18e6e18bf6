/* What the files of spinnaker_board._core share. */
#ifndef SPINNAKER_BOARD_PYMACHINE_H
#define SPINNAKER_BOARD_PYMACHINE_H

#define PY_SSIZE_T_CLEAN
#define _POSIX_C_SOURCE 200809L
#include <Python.h>

#include "chip.h"

typedef struct {
    PyObject_HEAD
    struct machine machine;
    PyThread_type_lock running; /* held while a quantum runs without the interpreter's lock */
} MachineObject;

extern PyTypeObject MachineType, RegionType;

/* pymachine.c: a chip by its number, or the application core that a method's arguments (chip, core) name; NULL with an
   exception if there is none. */
struct chip *chip_of(MachineObject *self, unsigned long index);
struct core *core_of_arguments(PyObject *object, PyObject *args);

/* pymemory.c */
PyObject *machine_sdram(PyObject *object, PyObject *args);
PyObject *machine_sysram(PyObject *object, PyObject *args);
PyObject *machine_tcm(PyObject *object, PyObject *args);
PyObject *machine_read(PyObject *object, PyObject *args);
PyObject *machine_write(PyObject *object, PyObject *args);

/* pyobserve.c */
PyObject *machine_registers(PyObject *object, PyObject *args);
PyObject *machine_statistics(PyObject *object, PyObject *args);
PyObject *machine_translate(PyObject *object, PyObject *args);
PyObject *machine_restore(PyObject *object, PyObject *ignored);
PyObject *machine_profile(PyObject *object, PyObject *args);

/* pydecode.c */
PyObject *module_decode(PyObject *module, PyObject *args);

#endif
