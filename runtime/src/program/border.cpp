//===- border.cpp - inputs and outputs of a session -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "program/border.h"

#include "program/text.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

using namespace moe::rt;

/// Bytes of a tensor with these extents (none negative); false if no 64-bit
/// number holds them. A zero does not hide that the others overflow.
static bool bytesOf(uint32_t dtype, const int64_t *extents, uint32_t rank,
                    int64_t &bytes) {
  bytes = int64_t(dtypeSize(dtype));
  bool empty = false;
  for (uint32_t i = 0; i < rank; ++i) {
    if (!extents[i]) {
      empty = true;
    } else if (__builtin_mul_overflow(bytes, extents[i], &bytes)) {
      return false;
    }
  }
  if (empty) {
    bytes = 0;
  }
  return true;
}

/// f32[3, 64]
static void addShape(Text &text, uint32_t dtype, const int64_t *extents,
                     uint32_t rank) {
  text.add("%s[", moe_rt_dtype_name(moe_rt_dtype_t(dtype)));
  for (uint32_t i = 0; i < rank; ++i) {
    text.add("%s%" PRId64, i ? ", " : "", extents[i]);
  }
  text.add("]");
}

/// f32[N, 64]; a dynamic dimension without symbol is "?".
static void addWanted(Text &text, const Program &program,
                      const moe_program_tensor &tensor) {
  text.add("%s[", moe_rt_dtype_name(moe_rt_dtype_t(tensor.dtype)));
  for (uint32_t i = 0; i < tensor.rank; ++i) {
    const moe_program_dim &dim = program.dims[tensor.first_dim + i];
    text.add("%s", i ? ", " : "");
    if (dim.reg == MOE_NONE) {
      text.add("%" PRId64, dim.value);
    } else if (dim.symbol.length) {
      text.add(program.text(dim.symbol));
    } else {
      text.add("?");
    }
  }
  text.add("]");
}

Status Border::create(const Allocator &allocator, const Program &program,
                      Border &result) {
  Border border;
  border.allocator = allocator;
  border.program = &program;
  border.inputs = Array<Input>(allocator);
  border.outputs = Array<Output>(allocator);
  border.extents = Array<int64_t>(allocator);
  border.outputExtents = Array<int64_t>(allocator);
  border.sameAs = Array<uint32_t>(allocator);
  MOE_RT_RETURN_IF_ERROR(border.inputs.resize(program.inputs.size()));
  MOE_RT_RETURN_IF_ERROR(border.outputs.resize(program.outputs.size()));
  uint64_t count = 0;
  for (uint32_t i = 0; i < program.inputs.size(); ++i) {
    border.inputs[i].first = uint32_t(count);
    count += program.inputs[i].rank;
  }
  uint64_t outputCount = 0;
  for (uint32_t i = 0; i < program.outputs.size(); ++i) {
    border.outputs[i].first = uint32_t(outputCount);
    border.outputs[i].own = Block(allocator);
    outputCount += program.outputs[i].rank;
  }
  if (count > UINT32_MAX || outputCount > UINT32_MAX) {
    return Status::outOfMemory();
  }
  MOE_RT_RETURN_IF_ERROR(border.extents.resize(count));
  MOE_RT_RETURN_IF_ERROR(border.outputExtents.resize(outputCount));
  MOE_RT_RETURN_IF_ERROR(border.indexSymbols());
  result = std::move(border);
  return Status();
}

Status Border::indexSymbols() {
  MOE_RT_RETURN_IF_ERROR(sameAs.resize(extents.size()));
  struct Named {
    std::string_view symbol;
    uint32_t index;
  };
  Array<Named> named(allocator);
  for (uint32_t i = 0; i < program->inputs.size(); ++i) {
    const moe_program_tensor &tensor = program->inputs[i];
    for (uint32_t j = 0; j < tensor.rank; ++j) {
      uint32_t index = inputs[i].first + j;
      sameAs[index] = index;
      moe_string symbol = program->dims[tensor.first_dim + j].symbol;
      if (symbol.length) {
        MOE_RT_RETURN_IF_ERROR(named.push({program->text(symbol), index}));
      }
    }
  }
  std::sort(named.begin(), named.end(), [](const Named &a, const Named &b) {
    int compared = a.symbol.compare(b.symbol);
    return compared ? compared < 0 : a.index < b.index;
  });
  for (size_t i = 1; i < named.size(); ++i) {
    if (named[i].symbol == named[i - 1].symbol) {
      sameAs[named[i].index] = sameAs[named[i - 1].index];
    }
  }
  return Status();
}

Status Border::checkIndex(const char *kind, size_t index, size_t count) const {
  if (index < count) {
    return Status();
  }
  return Status::error(MOE_RT_NOT_FOUND,
                       "%s %zu does not exist; the model has %zu", kind, index,
                       count);
}

Status Border::find(const char *kind,
                    const ProgramTable<moe_program_tensor> &tensors,
                    const char *name, size_t &index) const {
  if (!name) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "the name of the %s is NULL",
                         kind);
  }
  std::string_view wanted(name);
  Text known;
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    std::string_view text = program->text(tensors[i].name);
    if (text == wanted) {
      index = i;
      return Status();
    }
    if (i < 8) {
      known.add("%s'%.*s'", i ? ", " : "", int(text.size()), text.data());
    }
  }
  if (!tensors.size()) {
    known.add("none");
  } else if (tensors.size() > 8) {
    known.add(" and %u more", tensors.size() - 8);
  }
  return Status::error(MOE_RT_NOT_FOUND,
                       "the model has no %s '%s'; its %ss are: %s", kind, name,
                       kind, known.get());
}

Status Border::findInput(const char *name, size_t &index) const {
  return find("input", program->inputs, name, index);
}

Status Border::findOutput(const char *name, size_t &index) const {
  return find("output", program->outputs, name, index);
}

/// Whether type, rank and static dimensions are those of the model.
static bool fits(const Program &program, const moe_program_tensor &wanted,
                 const moe_rt_tensor_t &given) {
  if (uint32_t(given.dtype) != wanted.dtype ||
      uint32_t(given.rank) != wanted.rank) {
    return false;
  }
  for (uint32_t i = 0; i < wanted.rank; ++i) {
    const moe_program_dim &dim = program.dims[wanted.first_dim + i];
    if (dim.reg == MOE_NONE && dim.value != given.dims[i]) {
      return false;
    }
  }
  return true;
}

/// What is wrong with the tensor whatever the model wants.
static Status checkTensor(std::string_view name,
                          const moe_rt_tensor_t &tensor) {
  int length = int(name.size());
  if (!dtypeSize(uint32_t(tensor.dtype))) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "input '%.*s': type %d is unknown", length,
                         name.data(), int(tensor.dtype));
  }
  if (tensor.rank < 0 || tensor.rank > 64) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "input '%.*s': rank %" PRId32 " is not in [0, 64]",
                         length, name.data(), tensor.rank);
  }
  if (tensor.rank && !tensor.dims) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "input '%.*s': its dims are NULL", length,
                         name.data());
  }
  for (int32_t i = 0; i < tensor.rank; ++i) {
    if (tensor.dims[i] < 0) {
      return Status::error(MOE_RT_INVALID_ARGUMENT,
                           "input '%.*s': dimension %" PRId32
                           " is negative, %" PRId64,
                           length, name.data(), i, tensor.dims[i]);
    }
  }
  return Status();
}

Status Border::setInput(size_t index, const moe_rt_tensor_t &tensor) {
  MOE_RT_RETURN_IF_ERROR(checkIndex("input", index, inputs.size()));
  const moe_program_tensor &wanted = program->inputs[uint32_t(index)];
  std::string_view name = program->text(wanted.name);
  int length = int(name.size());
  MOE_RT_RETURN_IF_ERROR(checkTensor(name, tensor));
  auto rank = uint32_t(tensor.rank);
  Text given;
  int64_t bytes = 0;
  bool countable = bytesOf(uint32_t(tensor.dtype), tensor.dims, rank, bytes);
  bool right = fits(*program, wanted, tensor);
  if (!countable || !right || uint64_t(bytes) != tensor.byte_size) {
    addShape(given, uint32_t(tensor.dtype), tensor.dims, rank);
  }
  if (!right) {
    Text model;
    addWanted(model, *program, wanted);
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "input '%.*s' wants %s, but %s was given", length,
                         name.data(), model.get(), given.get());
  }
  if (!countable) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "input '%.*s': %s has more bytes than there are",
                         length, name.data(), given.get());
  }
  if (uint64_t(bytes) != tensor.byte_size) {
    return Status::error(
        MOE_RT_INVALID_ARGUMENT,
        "input '%.*s': %s has %" PRId64 " bytes, but %zu were given", length,
        name.data(), given.get(), bytes, tensor.byte_size);
  }
  if (bytes && !tensor.data) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "input '%.*s': its data is NULL", length, name.data());
  }
  if (reinterpret_cast<uintptr_t>(tensor.data) % dtypeSize(wanted.dtype)) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "input '%.*s': its data is not aligned to %" PRIu64
                         " bytes",
                         length, name.data(), dtypeSize(wanted.dtype));
  }
  Input &input = inputs[index];
  input.data = tensor.data;
  input.bytes = uint64_t(bytes);
  input.bound = true;
  if (rank) {
    memcpy(&extents[input.first], tensor.dims, rank * sizeof(int64_t));
  }
  return Status();
}

Status Border::bindOutput(size_t index, void *data, size_t size) {
  MOE_RT_RETURN_IF_ERROR(checkIndex("output", index, outputs.size()));
  const moe_program_tensor &tensor = program->outputs[uint32_t(index)];
  std::string_view name = program->text(tensor.name);
  if (reinterpret_cast<uintptr_t>(data) % dtypeSize(tensor.dtype)) {
    return Status::error(
        MOE_RT_INVALID_ARGUMENT,
        "output '%.*s': its data is not aligned to %" PRIu64 " bytes",
        int(name.size()), name.data(), dtypeSize(tensor.dtype));
  }
  forgetOutputs();
  outputs[index].bound = data;
  outputs[index].boundBytes = data ? size : 0;
  if (data) {
    outputs[index].own.reset();
  }
  return Status();
}

/// The tensor that a dimension belongs to is searched for only here.
Status Border::symbolsDiffer(uint32_t dimension, uint32_t other) const {
  auto owner = [&](uint32_t index) {
    uint32_t input = 0;
    while (index >= inputs[input].first + program->inputs[input].rank) {
      ++input;
    }
    return input;
  };
  uint32_t a = owner(other);
  uint32_t b = owner(dimension);
  const moe_program_tensor &tensor = program->inputs[b];
  uint32_t dim = dimension - inputs[b].first;
  std::string_view symbol =
      program->text(program->dims[tensor.first_dim + dim].symbol);
  std::string_view nameA = program->text(program->inputs[a].name);
  std::string_view nameB = program->text(tensor.name);
  return Status::error(
      MOE_RT_INVALID_ARGUMENT,
      "inputs disagree about '%.*s': dimension %u of '%.*s' is %" PRId64
      ", but dimension %u of '%.*s' is %" PRId64,
      int(symbol.size()), symbol.data(), other - inputs[a].first,
      int(nameA.size()), nameA.data(), extents[other], dim, int(nameB.size()),
      nameB.data(), extents[dimension]);
}

Status Border::startRun(int64_t *registers) {
  forgetOutputs();
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    const moe_program_tensor &tensor = program->inputs[i];
    if (!inputs[i].bound) {
      std::string_view name = program->text(tensor.name);
      return Status::error(MOE_RT_FAILED_PRECONDITION,
                           "input '%.*s' is not set", int(name.size()),
                           name.data());
    }
    for (uint32_t j = 0; j < tensor.rank; ++j) {
      uint32_t index = inputs[i].first + j;
      if (extents[index] != extents[sameAs[index]]) {
        return symbolsDiffer(index, sameAs[index]);
      }
      const moe_program_dim &dim = program->dims[tensor.first_dim + j];
      if (dim.reg != MOE_NONE) {
        registers[dim.reg] = extents[index];
      }
    }
  }
  return Status();
}

Status Border::placeOutput(uint32_t index, const int64_t *registers,
                           int64_t size, uint8_t *&data) {
  const moe_program_tensor &tensor = program->outputs[index];
  std::string_view name = program->text(tensor.name);
  int length = int(name.size());
  Output &output = outputs[index];
  if (output.placed) {
    return Status::error(MOE_RT_INTERNAL, "output '%.*s' is placed twice",
                         length, name.data());
  }
  int64_t *dims = outputExtents.data() + output.first;
  bool negative = false;
  for (uint32_t i = 0; i < tensor.rank; ++i) {
    const moe_program_dim &dim = program->dims[tensor.first_dim + i];
    dims[i] = dim.reg == MOE_NONE ? dim.value : registers[dim.reg];
    negative |= dims[i] < 0;
  }
  int64_t bytes = 0;
  bool right = !negative && bytesOf(tensor.dtype, dims, tensor.rank, bytes);
  if (!right || bytes != size) {
    Text shape;
    addShape(shape, tensor.dtype, dims, tensor.rank);
    return Status::error(MOE_RT_INTERNAL,
                         "output '%.*s' is %s, which does not have the %" PRId64
                         " bytes it is placed with",
                         length, name.data(), shape.get(), size);
  }
  if (output.bound) {
    if (uint64_t(size) > output.boundBytes) {
      Text shape;
      addShape(shape, tensor.dtype, dims, tensor.rank);
      return Status::error(MOE_RT_INVALID_ARGUMENT,
                           "output '%.*s' is %s and needs %" PRId64
                           " bytes, but %" PRIu64 " bytes are bound",
                           length, name.data(), shape.get(), size,
                           output.boundBytes);
    }
    output.data = static_cast<uint8_t *>(output.bound);
  } else {
    // Also an empty output has an address.
    MOE_RT_RETURN_IF_ERROR(
        output.own.reserve(size ? uint64_t(size) : 1, "an output"));
    output.data = output.own.data();
  }
  output.bytes = uint64_t(size);
  output.placed = true;
  data = output.data;
  return Status();
}

void Border::forgetOutputs() {
  finished = false;
  for (Output &output : outputs) {
    output.placed = false;
  }
}

Status Border::finishRun() {
  for (uint32_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].placed) {
      std::string_view name = program->text(program->outputs[i].name);
      return Status::error(MOE_RT_INTERNAL,
                           "the program ended without output '%.*s'",
                           int(name.size()), name.data());
    }
  }
  finished = true;
  return Status();
}

Status Border::output(size_t index, moe_rt_tensor_t &tensor) const {
  MOE_RT_RETURN_IF_ERROR(checkIndex("output", index, outputs.size()));
  if (!finished) {
    return Status::error(MOE_RT_FAILED_PRECONDITION,
                         "there are no outputs: no run has ended well since "
                         "the session was made or changed");
  }
  const moe_program_tensor &wanted = program->outputs[uint32_t(index)];
  tensor.data = outputs[index].data;
  tensor.byte_size = size_t(outputs[index].bytes);
  tensor.dtype = moe_rt_dtype_t(wanted.dtype);
  tensor.rank = int32_t(wanted.rank);
  tensor.dims = outputExtents.data() + outputs[index].first;
  return Status();
}

uint64_t Border::ownedOutputBytes() const {
  uint64_t bytes = 0;
  for (const Output &output : outputs) {
    bytes += output.own.size();
  }
  return bytes;
}
