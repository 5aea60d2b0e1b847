//===- allocation.h - memory inside the runtime -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The standard containers throw where memory runs out, and nothing here may.
// These few report it, and take their memory from the caller's allocator.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_ALLOCATION_H
#define MOE_RT_SRC_ALLOCATION_H

#include "status.h"

#include "moe_rt/types.h"

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace moe::rt {

/// The caller's allocator or the C library's. Cheap to copy; must outlive what
/// it allocated.
class Allocator {
public:
  /// The C library's.
  Allocator();
  /// The caller's; NULL is the C library's. Copies the struct.
  static Status fromC(const moe_rt_allocator_t *allocator, Allocator &result);

  /// Returns NULL when there is no memory. `size` > 0; `alignment` is a power
  /// of two.
  void *allocate(size_t size, size_t alignment) const;
  void deallocate(void *pointer, size_t size, size_t alignment) const;

  /// Whether it is the caller's.
  bool isCustom() const { return custom; }

private:
  moe_rt_allocator_t impl;
  bool custom = false;
};

/// Constructs a T; NULL when there is no memory. T's constructor cannot fail.
template <typename T, typename... Args>
T *create(const Allocator &allocator, Args &&...args) {
  void *memory = allocator.allocate(sizeof(T), alignof(T));
  return memory ? new (memory) T(std::forward<Args>(args)...) : nullptr;
}

template <typename T>
void destroy(const Allocator &allocator, T *object) {
  if (object) {
    object->~T();
    allocator.deallocate(object, sizeof(T), alignof(T));
  }
}

/// Owns a T made by create().
template <typename T>
class Owned {
public:
  Owned() = default;
  Owned(const Allocator &allocator, T *object)
      : allocator(allocator), object(object) {}
  Owned(Owned &&other) noexcept
      : allocator(other.allocator), object(other.release()) {}
  Owned &operator=(Owned &&other) noexcept {
    if (this != &other) {
      destroy(allocator, object);
      allocator = other.allocator;
      object = other.release();
    }
    return *this;
  }
  Owned(const Owned &) = delete;
  Owned &operator=(const Owned &) = delete;
  ~Owned() { destroy(allocator, object); }

  T *get() const { return object; }
  T *operator->() const { return object; }
  T &operator*() const { return *object; }
  explicit operator bool() const { return object; }
  T *release() {
    T *result = object;
    object = nullptr;
    return result;
  }

private:
  Allocator allocator;
  T *object = nullptr;
};

/// A growable array whose growth can fail. Elements move when it grows.
template <typename T>
class Array {
public:
  Array() = default;
  explicit Array(const Allocator &allocator) : allocator(allocator) {}
  Array(Array &&other) noexcept
      : allocator(other.allocator), elements(other.elements),
        count(other.count), room(other.room) {
    other.forget();
  }
  Array &operator=(Array &&other) noexcept {
    if (this != &other) {
      clearAndFree();
      allocator = other.allocator;
      elements = other.elements;
      count = other.count;
      room = other.room;
      other.forget();
    }
    return *this;
  }
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;
  ~Array() { clearAndFree(); }

  /// Makes room for `size` elements without changing the number of elements.
  Status reserve(size_t size) {
    if (size <= room) {
      return Status();
    }
    size_t bytes;
    if (__builtin_mul_overflow(size, sizeof(T), &bytes)) {
      return Status::outOfMemory();
    }
    auto *grown = static_cast<T *>(allocator.allocate(bytes, alignment));
    if (!grown) {
      return Status::outOfMemory();
    }
    for (size_t i = 0; i < count; ++i) {
      new (grown + i) T(std::move(elements[i]));
      elements[i].~T();
    }
    freeMemory();
    elements = grown;
    room = size;
    return Status();
  }

  /// New elements are value-initialised.
  Status resize(size_t size) {
    MOE_RT_RETURN_IF_ERROR(reserve(size));
    while (count > size) {
      elements[--count].~T();
    }
    while (count < size) {
      new (elements + count++) T();
    }
    return Status();
  }

  Status push(T element) {
    if (count == room) {
      MOE_RT_RETURN_IF_ERROR(reserve(room < 8 ? 8 : room * 2));
    }
    new (elements + count++) T(std::move(element));
    return Status();
  }

  void clear() {
    while (count) {
      elements[--count].~T();
    }
  }

  size_t size() const { return count; }
  bool empty() const { return count == 0; }
  T *data() { return elements; }
  const T *data() const { return elements; }
  T &operator[](size_t i) { return elements[i]; }
  const T &operator[](size_t i) const { return elements[i]; }
  T *begin() { return elements; }
  T *end() { return elements + count; }
  const T *begin() const { return elements; }
  const T *end() const { return elements + count; }

private:
  static constexpr size_t alignment = alignof(T) < 8 ? 8 : alignof(T);

  void freeMemory() {
    if (elements) {
      allocator.deallocate(elements, room * sizeof(T), alignment);
    }
  }
  void clearAndFree() {
    clear();
    freeMemory();
  }
  void forget() {
    elements = nullptr;
    count = 0;
    room = 0;
  }

  Allocator allocator;
  T *elements = nullptr;
  size_t count = 0;
  size_t room = 0;
};

} // namespace moe::rt

#endif // MOE_RT_SRC_ALLOCATION_H
