# RUN: %python %s %{source}/lib/Target/Image/builtins %t.so
"""The helper archive of images: memory functions, remainders, conversions and
128-bit division, from the sources that the compiler embeds, loaded as a
library of their own."""

import ctypes
import os
import subprocess
import sys

import ml_dtypes
import numpy as np

failures = 0
checks = 0


def check(good, message):
    global failures, checks
    checks += 1
    if not good:
        failures += 1
        print("FAIL:", message)


def build(folder, output):
    sources = [os.path.join(folder, f) for f in sorted(os.listdir(folder)) if f.endswith(".c")]
    flags = "-shared -nostdlib -O2 -std=c11 -ffreestanding -fno-builtin -fPIC -ffp-contract=off -march=x86-64-v3"
    subprocess.run(["clang-22", *flags.split(), *sources, "-o", output], check=True)
    return ctypes.CDLL(output)


def check_memory(lib):
    for function in (lib.memcpy, lib.memmove, lib.memset, lib.memcmp, lib.bcmp):
        function.restype = ctypes.c_void_p
        function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    lib.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    lib.memcmp.restype = lib.bcmp.restype = ctypes.c_int
    random = np.random.default_rng(1)
    sizes = list(range(0, 140)) + [255, 256, 257, 1000, 4096, 10001]
    for size in sizes:
        for shift in (0, 1, 7, 31, 32, 33, 63, 64, 100):
            # Overlapping both ways, within guarded surroundings.
            for source, target in ((50, 50 + shift), (50 + shift, 50)):
                data = random.integers(0, 256, size + 300).astype(np.uint8)
                want = data.copy()
                want[target : target + size] = data[source : source + size]
                base = data.ctypes.data
                result = lib.memmove(base + target, base + source, size)
                check(result == base + target, "memmove returns its target")
                check((data == want).all(), f"memmove of {size} from {source} to {target}")
        data = random.integers(0, 256, size + 200).astype(np.uint8)
        want = data.copy()
        want[33 : 33 + size] = 0xA5
        lib.memset(data.ctypes.data + 33, 0x1A5, size)
        check((data == want).all(), f"memset of {size}")
        out = np.zeros(size + 3, np.uint8)
        lib.memcpy(out.ctypes.data + 1, data.ctypes.data, size)
        check((out[1 : size + 1] == data[:size]).all() and not out[0] and not out[size + 1], f"memcpy of {size}")
        left, right = data[:size].copy(), data[:size].copy()
        check(lib.memcmp(left.ctypes.data, right.ctypes.data, size) == 0, f"memcmp of equal {size}")
        for at in range(0, size, 17):
            right[at] = (int(left[at]) + 1) % 256
            want = -1 if left[at] < right[at] else 1
            check(lib.memcmp(left.ctypes.data, right.ctypes.data, size) == want, f"memcmp of {size} at {at}")
            check(lib.bcmp(left.ctypes.data, right.ctypes.data, size) != 0, f"bcmp of {size} at {at}")
            right[at] = left[at]


def check_remainders(lib):
    lib.fmod.restype, lib.fmod.argtypes = ctypes.c_double, [ctypes.c_double] * 2
    lib.fmodf.restype, lib.fmodf.argtypes = ctypes.c_float, [ctypes.c_float] * 2
    random = np.random.default_rng(2)
    edges = np.array([0.0, -0.0, 1.0, -1.0, 3.0, 0.1, 1e308, 5e-324, -5e-324, 2.2250738585072014e-308, np.inf, -np.inf, np.nan, 1e-300])
    pairs = [(a, b) for a in edges for b in edges]
    bits = random.integers(0, 2**64, (3000, 2), np.uint64).view(np.float64)
    pairs += [tuple(p) for p in bits] + [tuple(p) for p in random.standard_normal((3000, 2)) * [1e6, 3]]
    with np.errstate(all="ignore"):
        for a, b in pairs:
            got, want = lib.fmod(a, b), np.fmod(a, b)
            same = (np.isnan(got) and np.isnan(want)) or (got == want and np.signbit(got) == np.signbit(want))
            check(bool(same), f"fmod({a!r}, {b!r}) is {got!r}, not {want!r}")
            a, b = np.float32(a), np.float32(b)
            got, want = np.float32(lib.fmodf(a, b)), np.fmod(a, b)
            same = (np.isnan(got) and np.isnan(want)) or (got == want and np.signbit(got) == np.signbit(want))
            check(bool(same), f"fmodf({a!r}, {b!r}) is {got!r}, not {want!r}")


HALF = """
typedef unsigned short u16;
__bf16 __truncsfbf2(float); __bf16 __truncdfbf2(double);
_Float16 __truncdfhf2(double); _Float16 __truncsfhf2(float); float __extendhfsf2(_Float16);
static u16 b(__bf16 v) { u16 r; __builtin_memcpy(&r, &v, 2); return r; }
static u16 h(_Float16 v) { u16 r; __builtin_memcpy(&r, &v, 2); return r; }
void sfbf(const float *x, u16 *y, long n) { for (long i = 0; i < n; ++i) y[i] = b(__truncsfbf2(x[i])); }
void dfbf(const double *x, u16 *y, long n) { for (long i = 0; i < n; ++i) y[i] = b(__truncdfbf2(x[i])); }
void dfhf(const double *x, u16 *y, long n) { for (long i = 0; i < n; ++i) y[i] = h(__truncdfhf2(x[i])); }
void sfhf(const float *x, u16 *y, long n) { for (long i = 0; i < n; ++i) y[i] = h(__truncsfhf2(x[i])); }
void hfsf(const u16 *x, float *y, long n) {
  for (long i = 0; i < n; ++i) { _Float16 v; __builtin_memcpy(&v, &x[i], 2); y[i] = __extendhfsf2(v); }
}
"""


def exact_round(x, dtype):
    """Float64 to a small float, rounded once: the nearest of its neighbours."""
    guess = x.astype(dtype)
    bits = guess.view(np.uint16).astype(np.int64)
    best, error = guess.copy(), np.abs(guess.astype(np.float64) - x)
    for step in (-1, 1):
        other = (bits + step).clip(0, 65535).astype(np.uint16).view(dtype)
        apart = np.abs(other.astype(np.float64) - x)
        even = (other.view(np.uint16) & 1) == 0
        better = np.isfinite(other.astype(np.float64)) & ((apart < error) | ((apart == error) & even))
        best, error = np.where(better, other, best), np.where(better, apart, error)
    return np.where(np.isfinite(guess.astype(np.float64)), best, guess)


def check_conversions(folder, output):
    source = output + ".conversions.c"
    with open(source, "w") as file:
        file.write(HALF)
    flags = "-shared -nostdlib -O2 -std=c11 -ffreestanding -fPIC -march=x86-64-v3"
    subprocess.run(["clang-22", *flags.split(), source, os.path.join(folder, "convert.c"), "-o", source + ".so"], check=True)
    lib = ctypes.CDLL(source + ".so")

    def run(name, x, out):
        y = np.empty(x.shape, out)
        getattr(lib, name)(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data), ctypes.c_long(x.size))
        return y

    def same(got, want, message):
        nan = np.isnan(want.astype(np.float64))
        good = (got.view(np.uint16) == want.view(np.uint16)) | (nan & np.isnan(got.astype(np.float64)))
        check(bool(good.all()), f"{message}: {np.flatnonzero(~good)[:5]}")

    single = np.arange(0, 2**32, 4097, np.uint64).astype(np.uint32).view(np.float32)
    halves = np.arange(65536, dtype=np.uint16)
    with np.errstate(all="ignore"):
        # Every small float, the points between neighbours, and a bit beside.
        for dtype, name in ((np.float16, "dfhf"), (ml_dtypes.bfloat16, "dfbf")):
            values = halves.view(dtype).astype(np.float64)
            middle = (values[:-1] + values[1:]) / 2
            x = np.concatenate([values, middle, np.nextafter(middle, np.inf), np.nextafter(middle, -np.inf),
                                single.astype(np.float64), [1e300, -1e300, 5e-324, 1e-310]])
            x = x[~((np.abs(x) > float(ml_dtypes.finfo(dtype).max)) & (np.abs(x) < 2 * float(ml_dtypes.finfo(dtype).max)))]
            same(run(name, x, np.uint16).view(dtype), exact_round(x, dtype), name)
        same(run("sfbf", single, np.uint16).view(ml_dtypes.bfloat16), single.astype(ml_dtypes.bfloat16), "sfbf")
        same(run("sfhf", single, np.uint16).view(np.float16), single.astype(np.float16), "sfhf")
        got, want = run("hfsf", halves, np.float32), halves.view(np.float16).astype(np.float32)
        check(bool(((got == want) | (np.isnan(got) & np.isnan(want))).all()), "hfsf")


class Wide(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def check_division(lib):
    random = np.random.default_rng(3)
    pick = lambda: int(random.integers(0, 2**63)) >> int(random.integers(0, 63)) | int(random.integers(0, 2**63)) << int(random.integers(0, 65))
    to = lambda v: Wide(v & (2**64 - 1), v >> 64 & (2**64 - 1))
    back = lambda w: w.low | w.high << 64
    signed = lambda v: v - 2**128 if v >> 127 else v
    for name in ("__udivti3", "__umodti3", "__divti3", "__modti3"):
        function = getattr(lib, name)
        function.restype, function.argtypes = Wide, [Wide, Wide]
    pairs = [(pick() % 2**128, pick() % 2**128 or 1) for _ in range(2000)]
    pairs += [(2**128 - 1, 1), (2**128 - 1, 2**128 - 1), (0, 5), (2**127, 2**127 - 1), (2**127, 3)]
    for a, b in pairs:
        check(back(lib.__udivti3(to(a), to(b))) == a // b, f"{a} / {b} unsigned")
        check(back(lib.__umodti3(to(a), to(b))) == a % b, f"{a} % {b} unsigned")
        p, q = signed(a), signed(b)
        quotient = abs(p) // abs(q) * (1 if (p < 0) == (q < 0) else -1)
        check(signed(back(lib.__divti3(to(a), to(b)))) == quotient, f"{p} / {q}")
        check(signed(back(lib.__modti3(to(a), to(b)))) == p - quotient * q, f"{p} % {q}")


def main(folder, output):
    lib = build(folder, output)
    check_memory(lib)
    check_remainders(lib)
    check_division(lib)
    check_conversions(folder, output)
    print(f"{checks} checks, {failures} failed")
    sys.exit(1 if failures or not checks else 0)


main(*sys.argv[1:])
