/* Memories and registers of chips as Python sees them. Memories are exported as buffers that keep the machine alive. */
#include "pymachine.h"

/* A window on memory of the machine. */
typedef struct {
    PyObject_HEAD
    MachineObject *owner;
    uint8_t *memory;
    Py_ssize_t bytes;
} RegionObject;

static int region_buffer(PyObject *self, Py_buffer *view, int flags) {
    RegionObject *region = (RegionObject *)self;
    return PyBuffer_FillInfo(view, self, region->memory, region->bytes, 0, flags);
}

static void region_dealloc(PyObject *self) {
    Py_DECREF(((RegionObject *)self)->owner);
    Py_TYPE(self)->tp_free(self);
}

static PyBufferProcs region_as_buffer = {.bf_getbuffer = region_buffer};

PyTypeObject RegionType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spinnaker_board._core.Region",
    .tp_basicsize = sizeof(RegionObject),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = region_dealloc,
    .tp_as_buffer = &region_as_buffer,
};

static PyObject *region(MachineObject *self, uint8_t *memory, Py_ssize_t bytes) {
    RegionObject *object = PyObject_New(RegionObject, &RegionType);
    if (object == NULL) {
        return NULL;
    }
    object->owner = (MachineObject *)Py_NewRef(self);
    object->memory = memory;
    object->bytes = bytes;
    PyObject *view = PyMemoryView_FromObject((PyObject *)object);
    Py_DECREF(object);
    return view;
}

PyObject *machine_sdram(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    unsigned long index;
    if (!PyArg_ParseTuple(args, "k", &index)) {
        return NULL;
    }
    struct chip *chip = chip_of(self, index);
    return chip == NULL ? NULL : region(self, chip->sdram, SDRAM_BYTES);
}

PyObject *machine_sysram(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    unsigned long index;
    if (!PyArg_ParseTuple(args, "k", &index)) {
        return NULL;
    }
    struct chip *chip = chip_of(self, index);
    return chip == NULL ? NULL : region(self, chip->sysram, SYSRAM_BYTES);
}

PyObject *machine_tcm(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    struct core *core = core_of_arguments(object, args);
    return core == NULL ? NULL
                        : Py_BuildValue("(NN)", region(self, core->arm.itcm, ITCM_BYTES),
                                        region(self, core->arm.dtcm, DTCM_BYTES));
}

/* PyErr_Format knows no width for a long. */
static PyObject *no_register(unsigned long address) {
    char text[64];
    snprintf(text, sizeof text, "no register at 0x%08lx, or no 32-bit value", address);
    PyErr_SetString(PyExc_ValueError, text);
    return NULL;
}

PyObject *machine_read(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    unsigned long index, address;
    uint32_t value = 0;
    if (!PyArg_ParseTuple(args, "kk", &index, &address)) {
        return NULL;
    }
    struct chip *chip = chip_of(self, index);
    if (chip == NULL) {
        return NULL;
    }
    if (address > UINT32_MAX || address % 4 || chip_read(chip, (uint32_t)address, 4, &value)) {
        return no_register(address);
    }
    return PyLong_FromUnsignedLong(value);
}

PyObject *machine_write(PyObject *object, PyObject *args) {
    MachineObject *self = (MachineObject *)object;
    unsigned long index, address, value;
    if (!PyArg_ParseTuple(args, "kkk", &index, &address, &value)) {
        return NULL;
    }
    struct chip *chip = chip_of(self, index);
    if (chip == NULL) {
        return NULL;
    }
    if (address > UINT32_MAX || value > UINT32_MAX || address % 4 ||
        chip_write(chip, (uint32_t)address, 4, (uint32_t)value)) {
        return no_register(address);
    }
    Py_RETURN_NONE;
}
