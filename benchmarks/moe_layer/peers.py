# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is measured, behind one interface.

    prepare([(x, router_logits), ...])     allocates for some inputs of a size
    bind(index)                            makes one of them the next run's
    run()                                  what is timed
    output()                               y of the last run, a copy
"""

import ctypes
import mmap

import numpy as np
import onnxruntime

import moe_runtime


class OnnxRuntime:
    """ONNX Runtime's CPU execution provider."""

    def __init__(self, model, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning",
                                         "1")
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"])

    def prepare(self, inputs):
        rows, hidden = inputs[0][0].shape
        self._y = onnxruntime.OrtValue.ortvalue_from_numpy(
            np.empty((rows, hidden), np.float32))
        self._bindings = []
        for x, logits in inputs:
            binding = self._session.io_binding()
            for name, value in (("x", x), ("router_logits", logits)):
                binding.bind_ortvalue_input(
                    name, onnxruntime.OrtValue.ortvalue_from_numpy(value))
            binding.bind_ortvalue_output("y", self._y)
            self._bindings.append(binding)

    def bind(self, index):
        self._bound = self._bindings[index]

    def run(self):
        self._session.run_with_iobinding(self._bound)

    def output(self):
        return self._y.numpy().copy()

    def close(self):
        del self._session


class Moec:
    """A package of moec in the runtime."""

    def __init__(self, library, package, threads, level=0, load="map"):
        self._session = moe_runtime.Session(library, package, threads, level,
                                            load)
        self.level = self._session.level

    def prepare(self, inputs):
        self._inputs = inputs
        self._y = np.empty(inputs[0][0].shape, np.float32)
        self._session.bind_output("y", self._y)

    def bind(self, index):
        x, logits = self._inputs[index]
        self._session.set_input("x", x)
        self._session.set_input("router_logits", logits)

    def run(self):
        self._session.run()

    def output(self):
        return self._y.copy()

    def close(self):
        self._session.close()


class Probe:
    """Read bandwidth and FMA peak of as many threads (Probe.cpp).

    Reads the weights' file through a mapping if it has at least 512 MiB, the
    same kind of pages as the peers' weights; else anonymous memory.
    """

    MINIMUM = 512 << 20
    STREAM = 8 << 20
    BYTES_A_PROBE = 256 << 20
    FMA_STEPS = 2_000_000  # about 7 ms

    def __init__(self, library, threads, data_path):
        self._library = ctypes.CDLL(str(library))
        self._library.moe_probe_read.argtypes = [
            ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]
        self._library.moe_probe_fma.argtypes = [ctypes.c_int64, ctypes.c_int]
        self._library.moe_probe_read.restype = ctypes.c_double
        self._library.moe_probe_fma.restype = ctypes.c_double
        self._threads = threads
        if data_path.stat().st_size >= self.MINIMUM:
            self.pages = "file mapping"
            self._buffer = np.memmap(data_path, np.uint8, "r")
        else:
            self.pages = "anonymous memory"
            self._buffer = np.frombuffer(mmap.mmap(-1, self.MINIMUM), np.uint8)
            # Untouched pages would all be the one page of zeros.
            self._buffer[::mmap.PAGESIZE] = 1
        self._next = 0

    def bandwidth(self):
        """Bytes/s over the next part of the buffer."""
        last = self._buffer.nbytes - self.BYTES_A_PROBE
        begin = self._next if self._next <= last else 0
        self._next = begin + self.BYTES_A_PROBE
        return self._library.moe_probe_read(
            self._buffer.ctypes.data + begin, self.BYTES_A_PROBE, self.STREAM,
            self._threads)

    def peak(self):
        """f32 operations/s."""
        return self._library.moe_probe_fma(self.FMA_STEPS, self._threads)
