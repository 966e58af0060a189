"""Reads the fields of `msgspec.Struct`s as C does: by where the class says that they lie.

A class shows each field as a member descriptor, and that tells the place (Python's structmember.h).
"""

from cpython.object cimport PyObject, PyTypeObject

cdef extern from "structmember.h":
    int T_OBJECT_EX
    ctypedef struct PyMemberDef:
        int type
        Py_ssize_t offset
    ctypedef struct PyMemberDescrObject:
        PyMemberDef *d_member
    PyTypeObject PyMemberDescr_Type


cdef inline Py_ssize_t place_of(object cls, str name) except -1:
    """Return where *cls* has the field *name*; ImportError: it is no plain field."""
    cdef object found = cls.__dict__.get(name)
    cdef PyMemberDef *member
    if found is not None and (<PyObject *> found).ob_type == &PyMemberDescr_Type:
        member = (<PyMemberDescrObject *> found).d_member
        if member.type == T_OBJECT_EX and 0 < member.offset < cls.__basicsize__:
            return member.offset
    raise ImportError(f"{cls.__name__}.{name} is not where a struct has its fields")


cdef inline PyObject *at_place(PyObject *struct, Py_ssize_t place) noexcept:
    """Return the field of a struct of exactly the class that *place* is of; borrowed."""
    return (<PyObject **> ((<char *> struct) + place))[0]
