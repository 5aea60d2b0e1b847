"""Compiles kernels, loads their images and runs them on NumPy arrays.

The loader is the test's own and only as careful as a test needs; it takes the
image apart with struct, so that it shares nothing with the compiler.
"""

import ctypes
import json
import mmap
import os
import struct
import subprocess
import sys

import numpy as np

LEVELS = ["x86-64-v3", "x86-64-v4"]

PHASE = ctypes.CFUNCTYPE(
    ctypes.c_int32, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32
)


def supported_levels():
    with open("/proc/cpuinfo") as info:
        flags = next(line for line in info if line.startswith("flags")).split()
    v4 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
    return LEVELS if v4 <= set(flags) else LEVELS[:1]


class Image:
    """An ELF image at some address of this process."""

    def __init__(self, path):
        data = open(path, "rb").read()
        phoff = struct.unpack_from("<Q", data, 32)[0]
        phnum = struct.unpack_from("<H", data, 56)[0]
        headers = [struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i) for i in range(phnum)]
        loads = [h for h in headers if h[0] == 1]
        size = max(h[3] + h[6] for h in loads)
        self.memory = mmap.mmap(
            -1, size, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        )
        self.base = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        for _, _, offset, address, _, stored, _, _ in loads:
            self.memory[address : address + stored] = data[offset : offset + stored]
        tags = {}
        for h in headers:
            if h[0] == 2:
                for at in range(h[3], h[3] + h[6], 16):
                    tag, value = struct.unpack_from("<QQ", self.memory, at)
                    tags.setdefault(tag, value)
        for at in range(tags.get(7, 0), tags.get(7, 0) + tags.get(8, 0), 24):
            where, info, addend = struct.unpack_from("<QQq", self.memory, at)
            assert info == 8, f"relocation {info} is not relative"
            struct.pack_into("<Q", self.memory, where, self.base + addend)
        # The symbol after the null one is the only one.
        name, _, _, _, value, length = struct.unpack_from("<IBBHQQ", self.memory, tags[6] + 24)
        start = tags[5] + name
        assert self.memory[start : start + 18] == b"moe_kernel_phases\0"
        self.phases = struct.unpack_from(f"<{length // 8}Q", self.memory, value)


class Kernels:
    """The kernels of a module at every level this machine can run."""

    def __init__(self, tool, text, folder):
        os.makedirs(folder, exist_ok=True)
        source = os.path.join(folder, "kernels.mlir")
        with open(source, "w") as file:
            file.write(text)
        subprocess.run([tool, source, "-o", folder], check=True)
        with open(os.path.join(folder, "kernels.json")) as file:
            self.table = json.load(file)
        self.images = {l: Image(os.path.join(folder, l + ".so")) for l in supported_levels()}
        self.levels = list(self.images)

    def run(self, name, level, arguments, workers=2, chunk=None):
        """Runs a kernel; `arguments` are arrays (destinations are written),
        integers, or (pool bytes, slot_of) pairs. Items are handed out `chunk`
        at a time (all at once if None), the last first, to workers in turn.
        Returns the first failure code, or 0; `items` are those of the last
        phase."""
        first = 0
        for entry in self.table:
            if entry["name"] == name:
                break
            first += len(entry["grains"])
        else:
            raise KeyError(name)
        count = len(entry["grains"])
        # struct moe_environment as far as kernels look at it.
        environment = np.zeros(64, np.uint8)
        struct.pack_into("<QHHi", environment, 0, 64, 1, 0, workers)
        slots = [environment.ctypes.data, 0, entry["scratch"], 1] + [0] * (count - 1)
        keep = [environment]
        for argument in arguments:
            slots += self._slots(argument)
        assert len(slots) == 3 + count + entry["slots"], (slots, entry)
        # Poisoned scratch: nothing may be read before it is written.
        scratch = np.full(workers * entry["scratch"] + 64, 0xCB, np.uint8)
        slots[1] = (scratch.ctypes.data + 63) & ~63
        keep.append(scratch)
        block = np.array([s & (2**64 - 1) for s in slots], np.uint64)
        for index in range(count):
            phase = PHASE(self.images[level].phases[first + index])
            items = int(block[3 + index].view(np.int64))
            assert items >= 0
            self.items = items
            step = chunk or max(items, 1)
            starts = range(0, items, step)
            for turn, begin in enumerate(reversed(starts)):
                code = phase(
                    block.ctypes.data, begin, min(begin + step, items), turn % workers
                )
                if code != 0:
                    return code
        return 0

    @staticmethod
    def _slots(argument):
        if isinstance(argument, tuple):
            pool, slot_of = argument
            return [pool.ctypes.data, slot_of.ctypes.data]
        if isinstance(argument, Tensor):
            array = argument.array
            assert array.flags.c_contiguous
            return [array.ctypes.data] + [array.shape[d] for d in argument.dynamic]
        return [int(argument)]


class Tensor:
    """An array together with which of its dimensions the kernel's type leaves
    open (all by default)."""

    def __init__(self, array, dynamic=None):
        self.array = array
        self.dynamic = range(array.ndim) if dynamic is None else dynamic


class Test:
    """Counts checks; reports failures; exits with 1 if there were any."""

    def __init__(self):
        self.checks = 0
        self.failures = 0

    def check(self, good, message):
        self.checks += 1
        if not good:
            self.failures += 1
            if self.failures <= 20:
                print("FAIL:", message)

    def same_bits(self, got, want, message):
        same = got.shape == want.shape and got.tobytes() == want.tobytes()
        if not same and got.shape == want.shape and got.size:
            where = np.flatnonzero(
                (got.reshape(-1).view(np.uint8) != want.reshape(-1).view(np.uint8))
                .reshape(got.size, -1)
                .any(axis=1)
            )
            at = where[0] if len(where) else 0
            message += f": {len(where)} differ, first at {at}: {got.flat[at]} and {want.flat[at]}"
        self.check(same, message)

    def close(self, got, want, rtol, atol, message):
        got = np.asarray(got, np.float64)
        want = np.asarray(want, np.float64)
        with np.errstate(invalid="ignore"):
            good = (
                (np.abs(got - want) <= atol + rtol * np.abs(want))
                | (got == want)
                | (np.isnan(got) & np.isnan(want))
            )
        if not good.all():
            at = np.flatnonzero(~good.reshape(-1))[0]
            message += f": {(~good).sum()} differ, first at {at}: {got.flat[at]} and {want.flat[at]}"
        self.check(bool(good.all()), message)

    def finish(self):
        print(f"{self.checks} checks, {self.failures} failed")
        if self.checks == 0 or self.failures:
            sys.exit(1)
