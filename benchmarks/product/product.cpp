//===- product.cpp - times the grouped products of an expert layer --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs an image with two kernels, `up` (rows by index) and `down` (grouped
// rows), on the runtime's own pool, as a layer does; run.py makes the image.
// Between the calls the same threads read as many bytes of weights and multiply
// as much from registers, so that each time stands beside what the machine
// could do at that moment.
//
//===----------------------------------------------------------------------===//

#include "image/image.h"
#include "pool/pool.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <immintrin.h>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <sys/mman.h>
#include <time.h>
#include <vector>

using namespace moe::rt;

namespace {

/// Seconds: of the clock on the wall, or what all threads have computed, shared
/// among them. The latter is for machines that do other work, too.
struct Clock {
  int threads = 0;

  double now() const {
    timespec time;
    clock_gettime(threads ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
    double seconds = time.tv_sec + 1e-9 * time.tv_nsec;
    return threads ? seconds / threads : seconds;
  }
};

/// The layer and the machine code's needs, as run.py passes them.
struct Setup {
  std::string image;
  int64_t experts, slots, hidden, inner;
  /// Weights of `up`: 2 if it is gated.
  int64_t weights;
  int64_t upScratch, downScratch;
  int threads;
  int rounds;
  bool zipf;
  Clock clock;
  std::vector<int64_t> tokens;
};

constexpr int64_t kWidth = 32;

/// Anonymous memory in huge pages where the system gives them.
float *allocate(size_t bytes) {
  constexpr size_t huge = size_t(2) << 20;
  bytes = (bytes + huge - 1) / huge * huge;
  char *memory =
      static_cast<char *>(mmap(nullptr, bytes + huge, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (memory == MAP_FAILED) {
    std::fprintf(stderr, "error: no memory for %zu bytes\n", bytes);
    std::exit(1);
  }
  auto address = (reinterpret_cast<uintptr_t>(memory) + huge - 1) / huge * huge;
  void *aligned = reinterpret_cast<void *>(address);
  madvise(aligned, bytes, MADV_HUGEPAGE);
  return static_cast<float *>(aligned);
}

void fillRandom(float *values, int64_t count, float scale) {
  uint32_t state = 12345;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    values[i] = scale * (static_cast<float>(state >> 8) * 0x1p-23f - 1.0f);
  }
}

//===----------------------------------------------------------------------===//
// Probes
//===----------------------------------------------------------------------===//

struct ReadProbe {
  const float *data;
  int64_t itemFloats;
  std::vector<float> sink;
};

__attribute__((target("avx2,fma"))) int32_t readItems(void *arg, int64_t begin,
                                                      int64_t end,
                                                      int32_t worker) {
  auto &probe = *static_cast<ReadProbe *>(arg);
  __m256 sums[4] = {};
  for (int64_t item = begin; item < end; ++item) {
    const float *p = probe.data + item * probe.itemFloats;
    for (int64_t i = 0; i < probe.itemFloats; i += 32) {
      for (int j = 0; j < 4; ++j) {
        sums[j] = _mm256_add_ps(sums[j], _mm256_loadu_ps(p + i + 8 * j));
      }
    }
  }
  __m256 sum = _mm256_add_ps(_mm256_add_ps(sums[0], sums[1]),
                             _mm256_add_ps(sums[2], sums[3]));
  probe.sink[worker * 16] += _mm256_cvtss_f32(sum);
  return 0;
}

constexpr int64_t kPeakSteps = 20000;

__attribute__((target("avx512f"))) int32_t peakWide(void *arg, int64_t begin,
                                                    int64_t end,
                                                    int32_t worker) {
  __m512 sums[16];
  for (int j = 0; j < 16; ++j) {
    sums[j] = _mm512_set1_ps(static_cast<float>(j));
  }
  __m512 a = _mm512_set1_ps(0.999f);
  for (int64_t item = begin; item < end; ++item) {
    for (int64_t i = 0; i < kPeakSteps; ++i) {
      for (int j = 0; j < 16; ++j) {
        sums[j] = _mm512_fmadd_ps(sums[j], a, a);
      }
      asm volatile("" : "+v"(sums[0]), "+v"(sums[5]), "+v"(sums[10]));
    }
  }
  float total = 0;
  for (int j = 0; j < 16; ++j) {
    total += _mm512_cvtss_f32(sums[j]);
  }
  static_cast<ReadProbe *>(arg)->sink[worker * 16] += total;
  return 0;
}

__attribute__((target("avx2,fma"))) int32_t peakNarrow(void *arg, int64_t begin,
                                                       int64_t end,
                                                       int32_t worker) {
  __m256 sums[12];
  for (int j = 0; j < 12; ++j) {
    sums[j] = _mm256_set1_ps(static_cast<float>(j));
  }
  __m256 a = _mm256_set1_ps(0.999f);
  for (int64_t item = begin; item < end; ++item) {
    for (int64_t i = 0; i < kPeakSteps; ++i) {
      for (int j = 0; j < 12; ++j) {
        sums[j] = _mm256_fmadd_ps(sums[j], a, a);
      }
      asm volatile("" : "+x"(sums[0]), "+x"(sums[5]), "+x"(sums[10]));
    }
  }
  float total = 0;
  for (int j = 0; j < 12; ++j) {
    total += _mm256_cvtss_f32(sums[j]);
  }
  static_cast<ReadProbe *>(arg)->sink[worker * 16] += total;
  return 0;
}

//===----------------------------------------------------------------------===//
// The layer
//===----------------------------------------------------------------------===//

class Layer {
public:
  explicit Layer(const Setup &setup) : setup(setup) {
    loadImage();
    PoolOptions options;
    options.threads = setup.threads;
    check(Pool::create(Allocator(), options, pool), "the pool");
    int64_t e = setup.experts;
    upFloats =
        panels(setup.inner, kWidth / setup.weights) * setup.hidden * kWidth;
    downFloats = panels(setup.hidden, kWidth) * setup.inner * kWidth;
    stride = upFloats + downFloats;
    weights = allocate(e * stride * 4);
    fillRandom(weights, e * stride, 0.05f);
    for (int64_t i = 0; i < e; ++i) {
      slotOf.push_back(static_cast<int32_t>(i));
    }
    int64_t most = *std::max_element(setup.tokens.begin(), setup.tokens.end());
    x = allocate(most * setup.hidden * 4);
    fillRandom(x, most * setup.hidden, 1.0f);
    h = allocate(most * setup.slots * setup.inner * 4);
    y = allocate(most * setup.slots * setup.hidden * 4);
    scratchStride = std::max(setup.upScratch, setup.downScratch);
    scratch = allocate(scratchStride * pool->maxWorkers());
    probe.sink.assign(pool->maxWorkers() * 16, 0);
  }

  void report(int64_t tokens) {
    Pool::Activity activity(*pool);
    std::vector<double> up, down, read, ratio;
    double bytes = 0;
    double flops = 0;
    for (int round = -1; round < setup.rounds; ++round) {
      route(tokens, round + 1);
      double active = 0;
      for (int64_t i = 0; i < setup.experts; ++i) {
        active += offsets[i + 1] > offsets[i];
      }
      bytes = active * stride * 4;
      flops = 2.0 * (setup.weights + 1) * setup.hidden * setup.inner * tokens *
              setup.slots;
      double bandwidth = probeRead(bytes);
      double a = setup.clock.now();
      runUp(tokens);
      double b = setup.clock.now();
      runDown(tokens);
      double c = setup.clock.now();
      if (round < 0) {
        continue;
      }
      up.push_back(b - a);
      down.push_back(c - b);
      read.push_back(bandwidth);
      double bound = std::max(bytes / bandwidth, flops / probePeak());
      ratio.push_back(bound / (c - a));
    }
    std::printf("%6ld %8.2f %8.2f %8.2f %8.2f %8.1f %8.1f %7.1f %7.0f\n",
                static_cast<long>(tokens), 1e3 * min(up), 1e3 * median(up),
                1e3 * min(down), 1e3 * median(down), 1e-9 * median(read),
                1e-9 * probePeak(), 1e-9 * flops / (min(up) + min(down)),
                100 * median(ratio));
    std::fflush(stdout);
  }

  static void printHeader() {
    std::printf("%6s %8s %8s %8s %8s %8s %8s %7s %7s\n", "tokens", "up min",
                "up med", "down min", "down med", "GB/s", "peak GF", "GF/s",
                "bound%");
  }

private:
  static int64_t panels(int64_t n, int64_t columns) {
    return (n + columns - 1) / columns;
  }
  static double min(std::vector<double> v) {
    return *std::min_element(v.begin(), v.end());
  }
  static double median(std::vector<double> v) {
    std::nth_element(v.begin(), v.begin() + v.size() / 2, v.end());
    return v[v.size() / 2];
  }
  static void check(Status status, const char *what) {
    if (!status.ok()) {
      std::fprintf(stderr, "error: cannot set up %s\n", what);
      std::exit(1);
    }
  }

  void loadImage() {
    std::ifstream file(setup.image, std::ios::binary);
    std::vector<char> bytes((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
    check(Image::load(setup.image.c_str(),
                      reinterpret_cast<const uint8_t *>(bytes.data()),
                      bytes.size(), 4, ImageOptions(), Log(), image),
          setup.image.c_str());
  }

  /// Distinct random experts for each token; skewed ones by a Zipf law.
  void route(int64_t tokens, int seed) {
    std::mt19937 random(seed * 7919 + tokens);
    std::vector<double> chance(setup.experts, 1.0);
    for (int64_t i = 0; setup.zipf && i < setup.experts; ++i) {
      chance[i] = 1.0 / static_cast<double>(i + 1);
    }
    std::vector<std::vector<int32_t>> rows(setup.experts);
    for (int64_t t = 0; t < tokens; ++t) {
      std::vector<double> left = chance;
      for (int64_t s = 0; s < setup.slots; ++s) {
        std::discrete_distribution<int> pick(left.begin(), left.end());
        int e = pick(random);
        left[e] = 0;
        rows[e].push_back(static_cast<int32_t>(t * setup.slots + s));
      }
    }
    offsets.assign(1, 0);
    source.clear();
    for (const auto &expert : rows) {
      source.insert(source.end(), expert.begin(), expert.end());
      offsets.push_back(static_cast<int32_t>(source.size()));
    }
  }

  void run(int kernel, std::vector<int64_t> arguments) {
    std::vector<int64_t> block = {
        reinterpret_cast<int64_t>(pool->environment()),
        reinterpret_cast<int64_t>(scratch), scratchStride, 1, 0};
    block.insert(block.end(), arguments.begin(), arguments.end());
    const moe_phase phases[2] = {
        {image.phases()[2 * kernel], MOE_SLOT_FIRST_ITEMS, 1},
        {image.phases()[2 * kernel + 1], MOE_SLOT_FIRST_ITEMS + 1, 1}};
    if (pool->run(phases, 2, block.data()) != 0) {
      std::fprintf(stderr, "error: a kernel failed\n");
      std::exit(1);
    }
  }

  template <typename T>
  static int64_t address(T *pointer) {
    return reinterpret_cast<int64_t>(pointer);
  }

  void runUp(int64_t tokens) {
    int64_t rows = tokens * setup.slots;
    run(0, {address(x), tokens, address(source.data()), rows,
            address(offsets.data()), address(weights), address(slotOf.data()),
            address(h), rows});
  }

  void runDown(int64_t tokens) {
    int64_t rows = tokens * setup.slots;
    run(1, {address(h), rows, address(offsets.data()), address(weights),
            address(slotOf.data()), address(y), rows});
  }

  /// Bytes a second when the threads read about as many bytes of weights.
  double probeRead(double bytes) {
    probe.data = weights;
    probe.itemFloats = upFloats / 2;
    double itemBytes = 4.0 * probe.itemFloats;
    int64_t most = setup.experts * stride / probe.itemFloats;
    int64_t items = std::clamp<int64_t>(bytes / itemBytes, setup.threads, most);
    return items * itemBytes / timeItems(readItems, items);
  }

  double probePeak() {
    bool wide = setup.image.find("v4") != std::string::npos;
    int64_t items = 4 * setup.threads;
    double lanes = wide ? 16 * 16 : 12 * 8;
    return 2.0 * lanes * kPeakSteps * items /
           timeItems(wide ? peakWide : peakNarrow, items);
  }

  double timeItems(moe_phase_fn fn, int64_t items) {
    // The functions take the probe itself as their block, so the count of
    // items, which the pool reads from a slot of it, lies behind it.
    struct Block {
      ReadProbe probe;
      int64_t items;
    };
    auto block = std::make_unique<Block>(Block{probe, items});
    moe_phase phase = {fn, offsetof(Block, items) / 8, 1};
    double begin = setup.clock.now();
    pool->run(&phase, 1, block.get());
    double seconds = setup.clock.now() - begin;
    probe.sink = block->probe.sink;
    return seconds;
  }

  const Setup &setup;
  Image image;
  Owned<Pool> pool;
  int64_t upFloats, downFloats, stride;
  float *weights, *x, *h, *y, *scratch;
  int64_t scratchStride;
  std::vector<int32_t> slotOf, offsets, source;
  ReadProbe probe = {};
};

} // namespace

int main(int argc, char **argv) {
  if (argc < 14) {
    std::fprintf(stderr, "usage: run.py starts this program\n");
    return 2;
  }
  Setup setup;
  setup.image = argv[1];
  setup.experts = std::atoll(argv[2]);
  setup.slots = std::atoll(argv[3]);
  setup.hidden = std::atoll(argv[4]);
  setup.inner = std::atoll(argv[5]);
  setup.weights = std::atoll(argv[6]);
  setup.upScratch = std::atoll(argv[7]);
  setup.downScratch = std::atoll(argv[8]);
  setup.threads = std::atoi(argv[9]);
  setup.rounds = std::atoi(argv[10]);
  setup.zipf = std::strcmp(argv[11], "zipf") == 0;
  setup.clock.threads = std::strcmp(argv[12], "cpu") == 0 ? setup.threads : 0;
  for (int i = 13; i < argc; ++i) {
    setup.tokens.push_back(std::atoll(argv[i]));
  }
  Layer layer(setup);
  Layer::printHeader();
  for (int64_t tokens : setup.tokens) {
    layer.report(tokens);
  }
  return 0;
}
