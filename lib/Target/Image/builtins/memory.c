//===- memory.c - memory functions of images ------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What LLVM makes of loops and struct copies. 32 bytes a step; the ends of a
// range overlap the whole steps instead of going byte by byte.
//
//===----------------------------------------------------------------------===//

#include <stddef.h>
#include <stdint.h>

typedef uint8_t vector __attribute__((vector_size(32), aligned(1)));
typedef uint64_t word __attribute__((aligned(1), may_alias));
typedef uint32_t half_word __attribute__((aligned(1), may_alias));
typedef vector alias_vector __attribute__((may_alias));

static inline vector load(const void *from) {
  return *(const alias_vector *)from;
}

static inline void store(void *to, vector value) {
  *(alias_vector *)to = value;
}

/// Copies up to 64 bytes; reads everything before it writes.
static inline void copy_small(uint8_t *to, const uint8_t *from, size_t n) {
  if (n >= 32) {
    vector first = load(from), last = load(from + n - 32);
    store(to, first);
    store(to + n - 32, last);
  } else if (n >= 16) {
    const word *low = (const word *)from, *high = (const word *)(from + n - 16);
    uint64_t a = low[0], b = low[1], c = high[0], d = high[1];
    ((word *)to)[0] = a;
    ((word *)to)[1] = b;
    ((word *)(to + n - 16))[0] = c;
    ((word *)(to + n - 16))[1] = d;
  } else if (n >= 8) {
    uint64_t a = *(const word *)from, b = *(const word *)(from + n - 8);
    *(word *)to = a;
    *(word *)(to + n - 8) = b;
  } else if (n >= 4) {
    uint32_t a = *(const half_word *)from,
             b = *(const half_word *)(from + n - 4);
    *(half_word *)to = a;
    *(half_word *)(to + n - 4) = b;
  } else if (n > 0) {
    uint8_t a = from[0], b = from[n / 2], c = from[n - 1];
    to[0] = a;
    to[n / 2] = b;
    to[n - 1] = c;
  }
}

void *memmove(void *to, const void *from, size_t n) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if (n <= 64) {
    copy_small(out, in, n);
    return to;
  }
  if ((uintptr_t)out - (uintptr_t)in >= n) {
    vector last = load(in + n - 32);
    for (size_t i = 0; i < n - 32; i += 32) {
      store(out + i, load(in + i));
    }
    store(out + n - 32, last);
  } else {
    vector first = load(in);
    for (size_t i = n; i > 32; i -= 32) {
      store(out + i - 32, load(in + i - 32));
    }
    store(out, first);
  }
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  return memmove(to, from, n);
}

void *memset(void *to, int value, size_t n) {
  uint8_t *out = to;
  uint64_t pattern = (uint8_t)value * UINT64_C(0x0101010101010101);
  if (n >= 32) {
    vector fill = (vector)((uint64_t __attribute__((vector_size(32)))){
        pattern, pattern, pattern, pattern});
    for (size_t i = 0; i < n - 32; i += 32) {
      store(out + i, fill);
    }
    store(out + n - 32, fill);
  } else if (n >= 8) {
    for (size_t i = 0; i < n - 8; i += 8) {
      *(word *)(out + i) = pattern;
    }
    *(word *)(out + n - 8) = pattern;
  } else {
    for (size_t i = 0; i < n; ++i) {
      out[i] = (uint8_t)value;
    }
  }
  return to;
}

int memcmp(const void *left, const void *right, size_t n) {
  const uint8_t *a = left, *b = right;
  size_t i = 0;
  while (i + 8 <= n && *(const word *)(a + i) == *(const word *)(b + i)) {
    i += 8;
  }
  for (; i < n; ++i) {
    if (a[i] != b[i]) {
      return a[i] < b[i] ? -1 : 1;
    }
  }
  return 0;
}

int bcmp(const void *left, const void *right, size_t n) {
  return memcmp(left, right, n);
}
