//===- Probe.cpp - what this machine can do at the moment -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Memory read bandwidth and f32 FMA peak of some threads, for moe_layer.py,
// which loads this library with ctypes and probes between its measurements.
//
//===----------------------------------------------------------------------===//

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

/// Runs work(thread) on `threads` threads that start together; seconds from the
/// first start to the last end. Starting the threads is not part of it.
template <typename Work>
double timeThreads(int threads, const Work &work) {
  std::atomic<int> arrived{0};
  std::vector<Clock::time_point> begins(threads), ends(threads);
  auto body = [&](int thread) {
    ++arrived;
    while (arrived < threads) {
    }
    begins[thread] = Clock::now();
    work(thread);
    ends[thread] = Clock::now();
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) {
    others.emplace_back(body, i);
  }
  body(0);
  for (std::thread &other : others) {
    other.join();
  }
  Clock::time_point begin = begins[0], end = ends[0];
  for (int i = 1; i < threads; ++i) {
    begin = begins[i] < begin ? begins[i] : begin;
    end = ends[i] > end ? ends[i] : end;
  }
  return std::chrono::duration<double>(end - begin).count();
}

/// Results that no optimiser may drop.
std::atomic<uint64_t> sink;

uint64_t addWords(const void *data, size_t bytes) {
  uint64_t total = 0, word;
  for (size_t i = 0; i < bytes; i += sizeof(word)) {
    memcpy(&word, static_cast<const char *>(data) + i, sizeof(word));
    total += word;
  }
  return total;
}

// Four loads a step, whose sums keep them from being dropped: more of them do
// not read faster, memory is the limit. `bytes` is a multiple of 256.
__attribute__((target("avx512f"))) uint64_t readWide(const char *data,
                                                     size_t bytes) {
  __m512i sum[4] = {};
  for (size_t i = 0; i < bytes; i += 256) {
    for (int j = 0; j < 4; ++j) {
      sum[j] = _mm512_add_epi64(sum[j], _mm512_loadu_si512(data + i + 64 * j));
    }
  }
  return addWords(sum, sizeof(sum));
}

__attribute__((target("avx2"))) uint64_t readNarrow(const char *data,
                                                    size_t bytes) {
  __m256i sum[8] = {};
  for (size_t i = 0; i < bytes; i += 256) {
    for (int j = 0; j < 8; ++j) {
      sum[j] = _mm256_add_epi64(
          sum[j], _mm256_loadu_si256(
                      reinterpret_cast<const __m256i *>(data + i + 32 * j)));
    }
  }
  return addWords(sum, sizeof(sum));
}

// Independent chains: more than latency (4) x pipes (2) of them.
constexpr int kChains = 12;

// As assembly, because no compiler can then keep a chain in memory or find a
// closed form. Registers 0 to 11 are the chains, each chain = chain * a + b
// with a fixed point at 0.5: neither zero nor denormal.
#define FMA(i, w) "vfmadd213ps %%" w "13, %%" w "12, %%" w #i "\n\t"
#define SET(i, w) "vbroadcastss %1, %%" w #i "\n\t"
#define CHAINS(op, w)                                                          \
  op(0, w) op(1, w) op(2, w) op(3, w) op(4, w) op(5, w) op(6, w) op(7, w)      \
      op(8, w) op(9, w) op(10, w) op(11, w)
#define MULTIPLY(w)                                                            \
  asm volatile(CHAINS(SET, w) "vbroadcastss %2, %%" w "12\n\t"                 \
                              "vbroadcastss %3, %%" w "13\n"                   \
                              "1:\n\t" CHAINS(FMA, w) "dec %0\n\tjnz 1b"       \
               : "+r"(steps)                                                   \
               : "m"(start), "m"(factor), "m"(term)                            \
               : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", \
                 "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13")

void multiply(bool wide, int64_t steps) {
  const float start = 3.0f, factor = 0.5f, term = 0.25f;
  if (wide) {
    MULTIPLY("zmm");
  } else {
    MULTIPLY("ymm");
  }
  asm volatile("vzeroupper");
}

#undef FMA
#undef SET
#undef CHAINS
#undef MULTIPLY

} // namespace

extern "C" {

/// Bytes per second of `threads` threads that read `bytes` (a multiple of
/// `stream`) at `data` once: each claims the next `stream` bytes (a multiple of
/// 256) and reads them from first to last, as a kernel reads an expert.
__attribute__((visibility("default"))) double
moe_probe_read(const void *data, size_t bytes, size_t stream, int threads) {
  const bool wide = __builtin_cpu_supports("avx512f");
  std::atomic<size_t> next{0};
  double seconds = timeThreads(threads, [&](int) {
    uint64_t sum = 0;
    for (size_t begin; (begin = next.fetch_add(stream)) < bytes;) {
      const char *from = static_cast<const char *>(data) + begin;
      sum += wide ? readWide(from, stream) : readNarrow(from, stream);
    }
    sink += sum;
  });
  return double(bytes) / seconds;
}

/// Floating-point operations per second (an fma is two) of `threads` threads
/// that do nothing but `steps` (at least 1) times 12 independent f32 vector
/// fmas.
__attribute__((visibility("default"))) double moe_probe_fma(int64_t steps,
                                                            int threads) {
  const bool wide = __builtin_cpu_supports("avx512f");
  double seconds = timeThreads(threads, [&](int) { multiply(wide, steps); });
  return double(threads) * double(steps) * kChains * 2 * (wide ? 16 : 8) /
         seconds;
}
}
