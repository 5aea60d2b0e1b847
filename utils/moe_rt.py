# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The runtime's C ABI through ctypes, for tests and benchmarks."""

import ctypes
import math

import numpy as np

# Values of moe_rt_dtype_t; bfloat16 is held in uint16.
DTYPES = {1: np.bool_, 2: np.uint8, 3: np.int8, 4: np.uint16, 5: np.int16,
          6: np.uint32, 7: np.int32, 8: np.uint64, 9: np.int64,
          10: np.float16, 11: np.uint16, 12: np.float32, 13: np.float64}
BF16 = 11
LOAD_POLICIES = {"default": 0, "map": 1, "populate": 2, "copy": 3, "huge": 4}


class _Tensor(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("data", ctypes.c_void_p),
                ("byte_size", ctypes.c_size_t), ("dtype", ctypes.c_int32),
                ("rank", ctypes.c_int32),
                ("dims", ctypes.POINTER(ctypes.c_int64))]


class _TensorInfo(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("name", ctypes.c_char_p),
                ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("dims", ctypes.POINTER(ctypes.c_int64)),
                ("symbols", ctypes.POINTER(ctypes.c_char_p))]


class _CpuOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_int32),
                ("max_level", ctypes.c_int32), ("parallel", ctypes.c_void_p),
                ("parallel_context", ctypes.c_void_p),
                ("allocator", ctypes.c_void_p)]


class _ModelOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t),
                ("load_policy", ctypes.c_int32), ("reserved", ctypes.c_uint32),
                ("allocator", ctypes.c_void_p), ("log", ctypes.c_void_p),
                ("image_folder", ctypes.c_char_p),
                ("linked_code", ctypes.c_void_p)]


class RuntimeFailure(Exception):
    """A status that is not success; the text is the runtime's message."""


class Library:
    """libmoe_rt.so at a path."""

    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.moe_rt_status_message.restype = ctypes.c_char_p
        for name in ("moe_rt_model_input_count", "moe_rt_model_output_count"):
            getattr(self.lib, name).restype = ctypes.c_size_t

    def call(self, name, *arguments):
        function = getattr(self.lib, name)
        function.restype = ctypes.c_void_p
        status = function(*arguments)
        if status:
            text = self.lib.moe_rt_status_message(ctypes.c_void_p(status))
            message = text.decode()
            self.lib.moe_rt_status_free(ctypes.c_void_p(status))
            raise RuntimeFailure(message)


class Session:
    """A package loaded and ready to run. `level` 3 or 4 caps the code."""

    def __init__(self, library, package, threads=0, level=0, load="default"):
        self.library = library
        self.model, self.device, self.session = (ctypes.c_void_p()
                                                 for _ in range(3))
        options = _ModelOptions(ctypes.sizeof(_ModelOptions),
                                LOAD_POLICIES[load])
        library.call("moe_rt_model_load_path", str(package).encode(),
                     ctypes.byref(options), ctypes.byref(self.model))
        cpu = _CpuOptions(ctypes.sizeof(_CpuOptions), threads, level)
        library.call("moe_rt_device_create_cpu", ctypes.byref(cpu),
                     ctypes.byref(self.device))
        library.call("moe_rt_session_create", self.model, self.device,
                     ctypes.byref(self.session))
        self.inputs = self._infos("input")
        self.outputs = self._infos("output")
        self._bound = []

    def _infos(self, kind):
        count = getattr(self.library.lib, f"moe_rt_model_{kind}_count")(
            self.model)
        infos = []
        for index in range(count):
            info = _TensorInfo(ctypes.sizeof(_TensorInfo))
            self.library.call(f"moe_rt_model_{kind}", self.model,
                              ctypes.c_size_t(index), ctypes.byref(info))
            infos.append((info.name.decode(), info.dtype))
        return infos

    def bind(self, arrays):
        """Binds inputs by name; arrays are contiguous and kept alive."""
        self._bound = []
        types = dict(self.inputs)
        for name, array in arrays.items():
            array = np.asarray(array)
            array = np.ascontiguousarray(array).reshape(array.shape)
            dims = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
            dtype = types.get(name) if array.dtype == np.uint16 else None
            if dtype != BF16:
                dtype = next(number for number, numpy in DTYPES.items()
                             if numpy == array.dtype)
            tensor = _Tensor(ctypes.sizeof(_Tensor), array.ctypes.data,
                             array.nbytes, dtype, array.ndim, dims)
            self._bound.append((array, dims, tensor))
            self.library.call("moe_rt_session_set_input_by_name", self.session,
                              name.encode(), ctypes.byref(tensor))

    def run(self):
        """Runs on what is bound."""
        self.library.call("moe_rt_session_run", self.session)

    def results(self):
        """Outputs of the last run by name, copied."""
        result = {}
        for index, (name, _) in enumerate(self.outputs):
            tensor = _Tensor(ctypes.sizeof(_Tensor))
            self.library.call("moe_rt_session_output", self.session,
                              ctypes.c_size_t(index), ctypes.byref(tensor))
            shape = tuple(tensor.dims[i] for i in range(tensor.rank))
            numpy = np.dtype(DTYPES[tensor.dtype])
            size = math.prod(shape) * numpy.itemsize
            data = ctypes.string_at(tensor.data, size) if size else b""
            result[name] = np.frombuffer(data, numpy).reshape(shape).copy()
        return result

    def __call__(self, **arrays):
        self.bind(arrays)
        self.run()
        return self.results()

    def close(self):
        """Frees session, device and model."""
        self.library.lib.moe_rt_session_free(self.session)
        self.library.lib.moe_rt_device_free(self.device)
        self.library.lib.moe_rt_model_free(self.model)
