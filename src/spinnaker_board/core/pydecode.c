/* The decoder as Python sees it, for the translator. */
#include "pymachine.h"

#include "decoded.h"

PyObject *module_decode(PyObject *Py_UNUSED(module), PyObject *args) {
    unsigned long instruction, address;
    if (!PyArg_ParseTuple(args, "kk", &instruction, &address)) {
        return NULL;
    }
    struct entry entry = decode_instruction((uint32_t)instruction, (uint32_t)address, false);
    unsigned condition = ALWAYS;
    unsigned code = entry.code;
    if (code >= OP_IF && code < OP_IF + ALWAYS) {
        condition = code - OP_IF;
        code = entry.body;
    } else if (code >= OP_BRANCH_IF && code < OP_BRANCH_IF + ALWAYS) {
        condition = code - OP_BRANCH_IF;
        code = OP_BRANCH;
    }
    const struct operation *operation = &operations[code];
    if (operation->kind == NULL) {
        Py_RETURN_NONE;
    }
    bool branches = code == OP_BRANCH || code == OP_BRANCH_LINK;
    uint32_t immediate = branches ? (uint32_t)address + 4u * entry.immediate : entry.immediate;
    unsigned written = operation->written;
    return Py_BuildValue("(ssssIIIIIIIIIIOO)", operation->kind, operation->name, operation->form,
                         condition_name(condition), (unsigned)entry.rd, (unsigned)entry.rn, (unsigned)entry.rm,
                         (unsigned)entry.rs, immediate, (unsigned)entry.amount, (unsigned)entry.step,
                         (unsigned)entry.write_back, cycles_of(&entry, operation), registers_written(&entry, written),
                         written & WRITES_FLAGS ? Py_True : Py_False, written & WRITES_COMPARISON ? Py_True : Py_False);
}
