//===- export.h - what the runtime exports ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_EXPORT_H
#define MOE_RT_EXPORT_H

/* Marks a function of the public C ABI; everything else stays hidden. */
#define MOE_RT_API __attribute__((visibility("default")))

/* Marks a function whose result the caller has to look at and free. */
#define MOE_RT_MUST_USE __attribute__((warn_unused_result))

/* An enum that may hold any int in C++ as it may in C, where callers can pass
 * numbers that no enumerator has. */
#ifdef __cplusplus
#define MOE_RT_ENUM(name) enum name : int
#else
#define MOE_RT_ENUM(name) enum name
#endif

#endif // MOE_RT_EXPORT_H
