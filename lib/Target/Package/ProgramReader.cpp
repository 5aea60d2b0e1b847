//===- ProgramReader.cpp - a program section as a moert.program -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/Program.h"

#include "moe/Dialect/MoERT/IR/MoERT.h"
#include "moe_rt/contract/program.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace moe;
using namespace moe::rt;

namespace {

/// Reads the tables of a validated program.
class ProgramDeserializer {
public:
  ProgramDeserializer(ArrayRef<uint8_t> bytes, MLIRContext *context)
      : bytes(bytes), builder(UnknownLoc::get(context), context) {}

  OwningOpRef<ModuleOp> run();

private:
  template <typename T>
  ArrayRef<T> table(moe_table entry) const {
    return ArrayRef<T>(reinterpret_cast<const T *>(bytes.data() + entry.offset),
                       entry.count);
  }
  StringRef text(moe_string string) const {
    return StringRef(reinterpret_cast<const char *>(bytes.data()) +
                         header.strings.offset + string.offset,
                     string.length);
  }
  FlatSymbolRefAttr symbol(moe_string name) {
    return FlatSymbolRefAttr::get(builder.getContext(), text(name));
  }

  void declare();
  void readBorder();
  void readOutputs();
  void readCommands();
  void readCommand(const moe_command &command);
  void readMemoryCommand(const moe_command &command);
  void readKernelCommand(const moe_command &command);
  void readExpertCommand(const moe_command &command);
  void readControl(const moe_command &command);
  Type elementType(uint32_t dtype);
  EncodingAttr encoding(uint16_t kind, uint16_t version);
  RankedTensorType tensorType(const moe_program_tensor &tensor,
                              SmallVectorImpl<uint32_t> &dimRegisters,
                              ArrayAttr &names);
  Value reg(uint32_t index);
  Value buffer(uint32_t index);
  Value operand(uint32_t index);
  SmallVector<Value> operands(uint32_t first, uint32_t count);

  ArrayRef<uint8_t> bytes;
  ImplicitLocOpBuilder builder;
  moe_program_header header = {};
  SmallVector<Value> registers, buffers;
  /// Commands that are branched to start a block.
  llvm::DenseMap<uint32_t, Block *> blocks;
};

} // namespace

Type ProgramDeserializer::elementType(uint32_t dtype) {
  auto unsignedType = [&](unsigned width) {
    return IntegerType::get(builder.getContext(), width, IntegerType::Unsigned);
  };
  switch (dtype) {
  case MOE_DTYPE_BOOL:
    return builder.getI1Type();
  case MOE_DTYPE_U8:
    return unsignedType(8);
  case MOE_DTYPE_I8:
    return builder.getI8Type();
  case MOE_DTYPE_U16:
    return unsignedType(16);
  case MOE_DTYPE_I16:
    return builder.getI16Type();
  case MOE_DTYPE_U32:
    return unsignedType(32);
  case MOE_DTYPE_I32:
    return builder.getI32Type();
  case MOE_DTYPE_U64:
    return unsignedType(64);
  case MOE_DTYPE_I64:
    return builder.getI64Type();
  case MOE_DTYPE_F16:
    return builder.getF16Type();
  case MOE_DTYPE_BF16:
    return builder.getBF16Type();
  case MOE_DTYPE_F64:
    return builder.getF64Type();
  default:
    return builder.getF32Type();
  }
}

RankedTensorType
ProgramDeserializer::tensorType(const moe_program_tensor &tensor,
                                SmallVectorImpl<uint32_t> &dimRegisters,
                                ArrayAttr &names) {
  SmallVector<int64_t> shape;
  SmallVector<StringRef> symbols;
  bool named = false;
  for (const moe_program_dim &dim :
       table<moe_program_dim>(header.dims)
           .slice(tensor.first_dim, tensor.rank)) {
    shape.push_back(dim.reg == MOE_NONE ? dim.value : ShapedType::kDynamic);
    if (dim.reg != MOE_NONE) {
      dimRegisters.push_back(dim.reg);
    }
    symbols.push_back(text(dim.symbol));
    named |= dim.symbol.length != 0;
  }
  names = named ? builder.getStrArrayAttr(symbols) : ArrayAttr();
  return RankedTensorType::get(shape, elementType(tensor.dtype));
}

EncodingAttr ProgramDeserializer::encoding(uint16_t kind, uint16_t version) {
  if (kind == MOE_ENCODING_PLAIN) {
    return {};
  }
  return EncodingAttr::get(builder.getContext(),
                           static_cast<EncodingKind>(kind), version);
}

void ProgramDeserializer::declare() {
  ArrayRef<moe_program_phase> phases =
      table<moe_program_phase>(header.phases);
  for (const moe_program_kernel &kernel :
       table<moe_program_kernel>(header.kernels)) {
    SmallVector<int64_t> grains;
    for (const moe_program_phase &phase :
         phases.slice(kernel.first_phase, kernel.phase_count)) {
      grains.push_back(phase.grain);
    }
    KernelOp::create(builder, text(kernel.name), grains, kernel.argument_slots,
                     kernel.scratch_bytes);
  }
  for (const moe_program_weight &weight :
       table<moe_program_weight>(header.weights)) {
    // The program knows bytes, not shapes.
    Type element = elementType(weight.dtype);
    int64_t width = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
    auto type = RankedTensorType::get(
        {static_cast<int64_t>(weight.length) / width}, element);
    WeightOp::create(builder, text(weight.name), type, ElementsAttr(), false,
                     encoding(weight.encoding, weight.encoding_version));
  }
  for (const moe_program_pool &pool : table<moe_program_pool>(header.pools)) {
    PoolOp::create(builder, text(pool.name), pool.experts, pool.stride,
                   encoding(pool.encoding, pool.encoding_version));
  }
  for (const moe_program_layer &layer :
       table<moe_program_layer>(header.layers)) {
    LayerOp::create(builder, text(layer.name), layer.experts);
  }
}

void ProgramDeserializer::readBorder() {
  registers.resize(header.register_count);
  ArrayRef<moe_program_buffer> table_ =
      table<moe_program_buffer>(header.buffers);
  buffers.resize(table_.size());
  for (const moe_program_tensor &input :
       table<moe_program_tensor>(header.inputs)) {
    SmallVector<uint32_t> dimRegisters;
    ArrayAttr names;
    RankedTensorType type = tensorType(input, dimRegisters, names);
    SmallVector<Type> results{BufferType::get(builder.getContext())};
    results.append(dimRegisters.size(), builder.getI64Type());
    auto op = InputOp::create(builder, results,
                              builder.getStringAttr(text(input.name)),
                              TypeAttr::get(type), names);
    buffers[input.buffer] = op.getBuffer();
    for (auto [index, value] : llvm::zip_equal(dimRegisters, op.getDims())) {
      registers[index] = value;
    }
  }
}

void ProgramDeserializer::readOutputs() {
  for (const moe_program_tensor &output :
       table<moe_program_tensor>(header.outputs)) {
    SmallVector<uint32_t> dimRegisters;
    ArrayAttr names;
    RankedTensorType type = tensorType(output, dimRegisters, names);
    SmallVector<Value> dims;
    for (uint32_t index : dimRegisters) {
      dims.push_back(reg(index));
    }
    OutputOp::create(builder, builder.getStringAttr(text(output.name)),
                     buffer(output.buffer), dims, TypeAttr::get(type), names);
  }
}

/// A register that nothing wrote holds zero.
Value ProgramDeserializer::reg(uint32_t index) {
  if (!registers[index]) {
    registers[index] =
        ConstOp::create(builder, builder.getI64Type(),
                        builder.getI64IntegerAttr(0));
  }
  return registers[index];
}

Value ProgramDeserializer::buffer(uint32_t index) {
  if (!buffers[index]) {
    auto type = BufferType::get(builder.getContext());
    moe_program_buffer entry = table<moe_program_buffer>(header.buffers)[index];
    if (entry.kind == MOE_BUFFER_WEIGHT) {
      auto weight = table<moe_program_weight>(header.weights)[entry.index];
      buffers[index] =
          WeightRefOp::create(builder, type, symbol(weight.name));
    } else {
      buffers[index] = BufferOp::create(builder, type);
    }
  }
  return buffers[index];
}

Value ProgramDeserializer::operand(uint32_t index) {
  moe_program_operand entry = table<moe_program_operand>(header.operands)[index];
  MLIRContext *context = builder.getContext();
  switch (entry.kind) {
  case MOE_OPERAND_REGISTER:
    return reg(entry.index);
  case MOE_OPERAND_WEIGHT:
    return WeightRefOp::create(
        builder, BufferType::get(context),
        symbol(table<moe_program_weight>(header.weights)[entry.index].name));
  case MOE_OPERAND_POOL:
    return PoolRefOp::create(
        builder, PoolType::get(context),
        symbol(table<moe_program_pool>(header.pools)[entry.index].name));
  default:
    break;
  }
  Value value = buffer(entry.index);
  return entry.offset_reg == MOE_NONE
             ? value
             : ViewOp::create(builder, BufferType::get(context), value,
                              reg(entry.offset_reg));
}

SmallVector<Value> ProgramDeserializer::operands(uint32_t first,
                                                 uint32_t count) {
  SmallVector<Value> result;
  for (uint32_t i = 0; i < count; ++i) {
    result.push_back(operand(first + i));
  }
  return result;
}

void ProgramDeserializer::readMemoryCommand(const moe_command &c) {
  switch (c.op) {
  case MOE_CMD_LOAD:
    registers[c.a] =
        LoadOp::create(builder, builder.getI64Type(), buffer(c.b), reg(c.c),
                       TypeAttr::get(elementType(c.imm)));
    return;
  case MOE_CMD_STORE:
    StoreOp::create(builder, reg(c.c), buffer(c.a), reg(c.b),
                    TypeAttr::get(elementType(c.imm)));
    return;
  case MOE_CMD_PLACE:
    PlaceOp::create(builder, buffer(c.a), reg(c.b));
    return;
  case MOE_CMD_RELEASE:
    ReleaseOp::create(builder, buffer(c.a));
    return;
  default: // MOE_CMD_COPY
    CopyOp::create(builder, operand(c.b), operand(c.a), reg(c.c));
  }
}

void ProgramDeserializer::readKernelCommand(const moe_command &c) {
  ArrayRef<moe_program_kernel> kernels =
      table<moe_program_kernel>(header.kernels);
  if (c.op == MOE_CMD_RUN) {
    const moe_program_kernel &kernel = kernels[c.a];
    RunOp::create(builder, symbol(kernel.name),
                  operands(c.b, kernel.phase_count),
                  operands(c.b + kernel.phase_count, c.c - kernel.phase_count));
    return;
  }
  auto launch = table<moe_program_launch>(header.launches)[c.a];
  auto triple = [](const uint32_t (&values)[3]) {
    return SmallVector<int32_t>(values, values + 3);
  };
  LaunchOp::create(builder, symbol(kernels[launch.kernel].name),
                   ValueRange{reg(launch.grid_reg[0]), reg(launch.grid_reg[1]),
                              reg(launch.grid_reg[2])},
                   operands(c.b, c.c),
                   builder.getDenseI32ArrayAttr(triple(launch.block)),
                   builder.getDenseI32ArrayAttr(triple(launch.cluster)),
                   builder.getI32IntegerAttr(launch.shared_bytes),
                   builder.getI32IntegerAttr(launch.queue),
                   launch.flags & 1 ? builder.getUnitAttr() : UnitAttr(),
                   launch.flags & 2 ? builder.getUnitAttr() : UnitAttr());
}

void ProgramDeserializer::readExpertCommand(const moe_command &c) {
  if (c.op == MOE_CMD_COUNT_EXPERTS) {
    auto layer = table<moe_program_layer>(header.layers)[c.a];
    CountExpertsOp::create(builder, symbol(layer.name), buffer(c.b));
    return;
  }
  auto pool = table<moe_program_pool>(header.pools)[c.a];
  if (c.op == MOE_CMD_PIN) {
    PinOp::create(builder, symbol(pool.name), buffer(c.b), reg(c.c));
  } else {
    UnpinOp::create(builder, symbol(pool.name));
  }
}

void ProgramDeserializer::readControl(const moe_command &c) {
  switch (c.op) {
  case MOE_CMD_END:
    EndOp::create(builder);
    return;
  case MOE_CMD_BRANCH:
    BranchOp::create(builder, reg(c.a), blocks[c.b], blocks[c.c]);
    return;
  case MOE_CMD_JUMP:
    JumpOp::create(builder, blocks[c.a]);
    return;
  default: { // MOE_CMD_FAIL
    SmallVector<Value> values;
    for (uint32_t i = 0; i < c.c; ++i) {
      values.push_back(reg(c.imm + i));
    }
    CheckOp::create(builder, reg(c.a),
                    text(table<moe_string>(header.messages)[c.b]), values);
  }
  }
}

void ProgramDeserializer::readCommand(const moe_command &c) {
  Type i64 = builder.getI64Type();
  switch (c.op) {
  case MOE_CMD_CONST:
    registers[c.a] =
        ConstOp::create(builder, i64, builder.getI64IntegerAttr(c.imm));
    return;
  case MOE_CMD_SELECT:
    registers[c.a] =
        SelectOp::create(builder, i64, reg(c.b), reg(c.c), reg(c.imm));
    return;
  case MOE_CMD_LOAD:
  case MOE_CMD_STORE:
  case MOE_CMD_PLACE:
  case MOE_CMD_RELEASE:
  case MOE_CMD_COPY:
    return readMemoryCommand(c);
  case MOE_CMD_RUN:
  case MOE_CMD_LAUNCH:
    return readKernelCommand(c);
  case MOE_CMD_PIN:
  case MOE_CMD_UNPIN:
  case MOE_CMD_COUNT_EXPERTS:
    return readExpertCommand(c);
  case MOE_CMD_END:
  case MOE_CMD_BRANCH:
  case MOE_CMD_JUMP:
  case MOE_CMD_FAIL:
    return readControl(c);
  default:
    if (auto kind = symbolizeComputeKind(c.op)) {
      registers[c.a] =
          ComputeOp::create(builder, i64, *kind, reg(c.b), reg(c.c));
    }
  }
}

void ProgramDeserializer::readCommands() {
  ArrayRef<moe_command> commands = table<moe_command>(header.commands);
  Region *region = builder.getInsertionBlock()->getParent();
  auto target = [&](uint32_t index) {
    Block *&block = blocks[index];
    if (!block) {
      block = new Block();
    }
  };
  for (const moe_command &command : commands) {
    if (command.op == MOE_CMD_BRANCH) {
      target(command.b);
      target(command.c);
    } else if (command.op == MOE_CMD_JUMP) {
      target(command.a);
    }
  }
  for (auto [index, command] : llvm::enumerate(commands)) {
    auto block = blocks.find(index);
    if (block != blocks.end()) {
      Block *before = builder.getInsertionBlock();
      region->push_back(block->second);
      if (before->empty() || !before->back().hasTrait<OpTrait::IsTerminator>()) {
        JumpOp::create(builder, block->second);
      }
      builder.setInsertionPointToEnd(block->second);
    }
    if (command.op == MOE_CMD_END) {
      readOutputs();
    }
    readCommand(command);
  }
}

OwningOpRef<ModuleOp> ProgramDeserializer::run() {
  builder.getContext()->loadDialect<MoERTDialect>();
  std::memcpy(&header, bytes.data(), sizeof(header));
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getLoc());
  builder.setInsertionPointToEnd(module->getBody());
  declare();
  auto program = ProgramOp::create(builder, "main");
  builder.createBlock(&program.getBody());
  readBorder();
  readCommands();
  return module;
}

OwningOpRef<ModuleOp> moe::deserializeProgram(ArrayRef<uint8_t> bytes,
                                              MLIRContext *context) {
  return ProgramDeserializer(bytes, context).run();
}
