/* The module spinnaker_board._core. Everything is checked here, so that no argument can reach outside a chip. */
#include "pymachine.h"

#define INTERFACE 3 /* to be raised, here and in core_types.py, when what Python sees of this module changes */

static PyMethodDef module_methods[] = {
    {"decode", module_decode, METH_VARARGS,
     "decode(instruction, address): what an ARM instruction is, as core_types.Instruction; None when it is for the "
     "engine"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "spinnaker_board._core", .m_doc = "SpiNNaker chips and their processors.",
    .m_size = -1,          .m_methods = module_methods,
};

PyMODINIT_FUNC PyInit__core(void) {
    if (PyType_Ready(&RegionType) || PyType_Ready(&MachineType)) {
        return NULL;
    }
    PyObject *object = PyModule_Create(&module);
    if (object == NULL) {
        return NULL;
    }
#define NAME(name) #name " "
    if (PyModule_AddObjectRef(object, "Machine", (PyObject *)&MachineType) || PyModule_AddIntMacro(object, INTERFACE) ||
        PyModule_AddStringConstant(object, "TICK_COLUMNS", EACH_TICK_COLUMN(NAME))) {
        Py_DECREF(object);
        return NULL;
    }
    return object;
}
