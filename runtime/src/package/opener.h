//===- opener.h - the checks of a package at open ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PACKAGE_OPENER_H
#define MOE_RT_SRC_PACKAGE_OPENER_H

#include "package/reader.h"

namespace moe::rt {

/// Fills a Package from its source: what Package::open does, in the order in
/// which a file is read.
class PackageOpener {
public:
  PackageOpener(Package &package, const PackageOptions &options)
      : package(package), options(options) {}

  Status open();

private:
  Status readHeader();
  Status checkMagic(const moe_package_header &header, uint64_t bytes);
  Status readTable();
  Status checkSection(uint32_t index, uint64_t expectedOffset);
  Status checkGap(uint64_t from, uint64_t to);
  Status checkAttestations();
  Status resolvePolicy();
  Status loadSection(uint32_t index);
  Status loadLazy(uint32_t index);
  Status checkUnknown(uint32_t index);
  Status readLeaves();

  /// "NAME was altered or damaged: " with the reason, as an io error.
  Status damaged(const char *format, ...) __attribute__((format(printf, 2, 3)));

  Package &package;
  PackageOptions options;
};

/// The error for a section whose bytes are not those that were written.
Status wrongHash(const Package &package, uint32_t section);

} // namespace moe::rt

#endif // MOE_RT_SRC_PACKAGE_OPENER_H
