# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The part of the runtime's C ABI that the benchmark needs, through ctypes.

Struct fields are those of runtime/include/moe_rt/{types,device,model}.h, and
struct_size tells the library how many of them there are.
"""

import ctypes

import numpy as np

_SIZE, _POINTER = ctypes.c_size_t, ctypes.c_void_p
_F32 = 12
LOAD_POLICIES = {"map": 1, "populate": 2, "copy": 3, "huge": 4}


class MoeError(Exception):
    """A status of the library that is not success: its code and message."""


class _Struct(ctypes.Structure):
    def __init__(self, **fields):
        super().__init__(struct_size=ctypes.sizeof(self), **fields)


class _Tensor(_Struct):
    _fields_ = [("struct_size", _SIZE), ("data", _POINTER),
                ("byte_size", _SIZE), ("dtype", ctypes.c_int),
                ("rank", ctypes.c_int32),
                ("dims", ctypes.POINTER(ctypes.c_int64))]


class _CpuOptions(_Struct):
    _fields_ = [("struct_size", _SIZE), ("threads", ctypes.c_int32),
                ("max_level", ctypes.c_int32), ("parallel", _POINTER),
                ("parallel_context", _POINTER), ("allocator", _POINTER)]


class _ModelOptions(_Struct):
    _fields_ = [("struct_size", _SIZE), ("load_policy", ctypes.c_int),
                ("reserved", ctypes.c_uint32), ("allocator", _POINTER),
                ("log", _POINTER), ("image_folder", ctypes.c_char_p),
                ("linked_code", _POINTER)]


_STATUS_FUNCTIONS = {
    "moe_rt_device_create_cpu": [_POINTER, _POINTER],
    "moe_rt_model_load_path": [ctypes.c_char_p, _POINTER, _POINTER],
    "moe_rt_session_create": [_POINTER, _POINTER, _POINTER],
    "moe_rt_session_set_input_by_name": [_POINTER, ctypes.c_char_p, _POINTER],
    "moe_rt_session_bind_output_by_name":
        [_POINTER, ctypes.c_char_p, _POINTER, _SIZE],
    "moe_rt_session_run": [_POINTER],
}


class Library:
    """libmoe_rt.so; call(name, ...) raises MoeError for a bad status."""

    def __init__(self, path):
        self._library = ctypes.CDLL(str(path))
        for name, arguments in _STATUS_FUNCTIONS.items():
            function = getattr(self._library, name)
            function.argtypes, function.restype = arguments, _POINTER
        for name, result in (("moe_rt_status_message", ctypes.c_char_p),
                             ("moe_rt_session_level", ctypes.c_int32),
                             ("moe_rt_status_free", None),
                             ("moe_rt_session_free", None),
                             ("moe_rt_device_free", None),
                             ("moe_rt_model_free", None)):
            function = getattr(self._library, name)
            function.argtypes, function.restype = [_POINTER], result

    def __getattr__(self, name):
        return getattr(self._library, name)

    def check(self, status):
        if status:
            text = self._library.moe_rt_status_message(status).decode()
            self._library.moe_rt_status_free(status)
            raise MoeError(text)

    def create(self, name, *arguments):
        """The object that a create or load function makes."""
        result = _POINTER()
        self.check(getattr(self._library, name)(*arguments,
                                                ctypes.byref(result)))
        return result


class Session:
    """A session with inputs and outputs in NumPy's memory."""

    def __init__(self, library, package, threads, level=0, load="map"):
        self._library = library
        self._kept = {}
        options = _CpuOptions(threads=threads, max_level=level)
        self._device = library.create("moe_rt_device_create_cpu",
                                      ctypes.byref(options))
        options = _ModelOptions(load_policy=LOAD_POLICIES[load])
        self._model = library.create("moe_rt_model_load_path",
                                     str(package).encode(),
                                     ctypes.byref(options))
        self._session = library.create("moe_rt_session_create", self._model,
                                       self._device)
        self._run = library.moe_rt_session_run

    @property
    def level(self):
        """The x86-64 level of the code that runs."""
        return self._library.moe_rt_session_level(self._session)

    def set_input(self, name, array):
        """Binds a C-contiguous f32 array, kept alive until the next one."""
        assert array.dtype == np.float32 and array.flags.c_contiguous
        dims = (ctypes.c_int64 * array.ndim)(*array.shape)
        tensor = _Tensor(data=array.ctypes.data, byte_size=array.nbytes,
                         dtype=_F32, rank=array.ndim, dims=dims)
        self._kept[name] = array
        self._library.check(self._library.moe_rt_session_set_input_by_name(
            self._session, name.encode(), ctypes.byref(tensor)))

    def bind_output(self, name, array):
        """Lets the output be written to this array."""
        self._kept[name] = array
        self._library.check(self._library.moe_rt_session_bind_output_by_name(
            self._session, name.encode(), array.ctypes.data, array.nbytes))

    def run(self):
        status = self._run(self._session)
        if status:
            self._library.check(status)

    def close(self):
        self._library.moe_rt_session_free(self._session)
        self._library.moe_rt_model_free(self._model)
        self._library.moe_rt_device_free(self._device)
