//===- model_loader.h - makes models from packages --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_MODEL_LOADER_H
#define MOE_RT_SRC_MODEL_LOADER_H

#include "model.h"

namespace moe::rt {

/// Turns options and a source into a model, step by step.
class ModelLoader {
public:
  /// Reads the options; `options` may be NULL.
  Status readOptions(const moe_rt_model_options_t *options);

  const Allocator &allocator() const { return memory; }

  /// Test only: see PackageOptions::checkHashes.
  bool checkHashes = true;

  /// Checks the whole package but its lazy sections, and makes a model of it.
  Status load(Source source, moe_rt_model *&result);

private:
  Status readProgram();
  Status readBorder(const ProgramTable<moe_program_tensor> &tensors,
                    Array<moe_rt_model::Border> &result);
  Status readTensor(const moe_program_tensor &tensor,
                    moe_rt_model::Border &border);
  Status readManifest();
  Status readCodes();
  Status readImage(uint32_t section);
  Status readLinkedCode();
  Status readLinkedLevel(const moe_linked_level &linked);

  moe_rt_model_options_t options = {};
  Allocator memory;
  Log log;
  moe_rt_model *model = nullptr;
};

/// Checks the head of an IMAGE section and finds its ELF image. False in `fits`
/// for code of another machine or of a level this runtime does not know.
Status findImage(const Package &package, uint32_t section, uint32_t phaseCount,
                 moe_image_header &header, bool &fits);

} // namespace moe::rt

#endif // MOE_RT_SRC_MODEL_LOADER_H
