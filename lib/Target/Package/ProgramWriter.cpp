//===- ProgramWriter.cpp - a moert.program as a program section -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/Program.h"

#include "moe/Dialect/MoERT/IR/MoERT.h"
#include "moe/Support/Quote.h"
#include "moe_rt/contract/program.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cstring>

using namespace mlir;
using namespace moe;
using namespace moe::rt;

namespace {

/// Collects the tables of one program.
class ProgramSerializer {
public:
  ProgramSerializer(ProgramOp program,
                    const llvm::StringMap<StoredBytes> &stored)
      : program(program), stored(stored) {}

  FailureOr<std::vector<uint8_t>> run();

private:
  LogicalResult addDeclarations();
  void addKernel(KernelOp op);
  LogicalResult addWeight(WeightOp op);
  LogicalResult addPool(PoolOp op);
  void addLayer(LayerOp op);
  LogicalResult addBorder();
  LogicalResult addTensor(Operation *op, StringRef name, Type type,
                          std::optional<ArrayAttr> names, Value buffer,
                          ValueRange dims,
                          std::vector<moe_program_tensor> &table);
  LogicalResult addCommand(Operation *op);
  LogicalResult addElement(LoadOp op);
  LogicalResult addElement(StoreOp op);
  void addCopy(CopyOp op);
  void addCheck(CheckOp op);
  LogicalResult addRun(RunOp op);
  void addExperts(PinOp op);
  void addExperts(UnpinOp op);
  void addExperts(CountExpertsOp op);
  LogicalResult addArgumentCommand(uint16_t code, uint32_t a,
                                   ArrayRef<Value> items, ValueRange arguments);
  LogicalResult addBranch(Operation *op);
  uint32_t addLaunch(LaunchOp op);
  uint32_t addMessage(StringRef text);

  void emit(uint16_t op, uint32_t a = 0, uint32_t b = 0, uint32_t c = 0,
            int64_t imm = 0) {
    commands.push_back({op, 0, a, b, c, imm});
  }
  moe_string string(StringRef text);
  moe_string label(StringRef text);
  static LogicalResult checkName(Operation *op, StringRef name);
  uint32_t reg(Value value) {
    auto [entry, isNew] = registers.try_emplace(value, registerCount);
    registerCount += isNew;
    return entry->second;
  }
  uint32_t buffer(Value value);
  uint32_t operand(Value value);
  static FailureOr<uint32_t> dtype(Operation *op, Type type);
  std::vector<uint8_t> layOut();

  ProgramOp program;
  const llvm::StringMap<StoredBytes> &stored;
  llvm::DenseMap<Value, uint32_t> registers;
  llvm::DenseMap<Value, uint32_t> buffers;
  llvm::StringMap<uint32_t> kernelIndex, weightIndex, poolIndex, layerIndex;
  llvm::StringMap<moe_string> stringTable;
  llvm::DenseMap<Block *, uint32_t> blockStart;
  std::vector<std::pair<uint32_t, Operation *>> branches;
  /// Register 0 holds zero: item counts that a kernel fills in itself.
  static constexpr uint32_t zeroRegister = 0;
  uint32_t registerCount = 1;

  std::vector<moe_command> commands;
  std::vector<moe_program_operand> operands;
  std::vector<moe_program_buffer> bufferTable;
  std::vector<moe_program_tensor> inputs, outputs;
  std::vector<moe_program_dim> dims;
  std::vector<moe_program_kernel> kernels;
  std::vector<moe_program_phase> phases;
  std::vector<moe_program_launch> launches;
  std::vector<moe_program_weight> weights;
  std::vector<moe_program_pool> pools;
  std::vector<moe_program_layer> layers;
  std::vector<moe_string> messages;
  std::vector<char> strings;
};

} // namespace

/// A text for people. What no program can hold is cut.
moe_string ProgramSerializer::label(StringRef raw) {
  std::string text = escapeControls(raw);
  if (text.size() > MOE_PROGRAM_MAX_STRING) {
    size_t end = MOE_PROGRAM_MAX_STRING - 3;
    while (end > 0 && (text[end] & 0xC0) == 0x80) {
      --end; // inside a character
    }
    text.resize(end);
    text += "...";
  }
  return string(text);
}

/// What inputs, outputs and their dimensions are called is never cut.
LogicalResult ProgramSerializer::checkName(Operation *op, StringRef name) {
  size_t bytes = escapeControls(name).size();
  if (bytes <= MOE_PROGRAM_MAX_STRING) {
    return success();
  }
  return op->emitError("the name ")
         << quote(name) << " has " << bytes
         << " bytes; a package holds names of up to " << MOE_PROGRAM_MAX_STRING
         << ", so shorten it";
}

/// Names come from models and must be fit to be printed.
moe_string ProgramSerializer::string(StringRef raw) {
  std::string text = escapeControls(raw);
  auto [entry, isNew] = stringTable.try_emplace(text);
  if (isNew) {
    entry->second = {static_cast<uint32_t>(strings.size()),
                     static_cast<uint32_t>(text.size())};
    strings.insert(strings.end(), text.begin(), text.end());
  }
  return entry->second;
}

uint32_t ProgramSerializer::addMessage(StringRef text) {
  messages.push_back(label(text));
  return messages.size() - 1;
}

FailureOr<uint32_t> ProgramSerializer::dtype(Operation *op, Type type) {
  if (type.isF16()) {
    return MOE_DTYPE_F16;
  }
  if (type.isBF16()) {
    return MOE_DTYPE_BF16;
  }
  if (type.isF32()) {
    return MOE_DTYPE_F32;
  }
  if (type.isF64()) {
    return MOE_DTYPE_F64;
  }
  if (isa<IndexType>(type)) {
    return MOE_DTYPE_I64;
  }
  if (auto integer = dyn_cast<IntegerType>(type)) {
    bool isUnsigned = integer.isUnsigned();
    switch (integer.getWidth()) {
    case 1:
      return MOE_DTYPE_BOOL;
    case 8:
      return isUnsigned ? MOE_DTYPE_U8 : MOE_DTYPE_I8;
    case 16:
      return isUnsigned ? MOE_DTYPE_U16 : MOE_DTYPE_I16;
    case 32:
      return isUnsigned ? MOE_DTYPE_U32 : MOE_DTYPE_I32;
    case 64:
      return isUnsigned ? MOE_DTYPE_U64 : MOE_DTYPE_I64;
    default:
      break;
    }
  }
  op->emitOpError("has an element type that no package can hold: ") << type;
  return failure();
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

void ProgramSerializer::addKernel(KernelOp op) {
  kernelIndex[op.getSymName()] = kernels.size();
  moe_program_kernel kernel = {};
  kernel.name = label(op.getSymName());
  kernel.first_phase = phases.size();
  kernel.phase_count = op.getGrains().size();
  kernel.argument_slots = op.getArguments();
  kernel.scratch_bytes = op.getScratch();
  kernels.push_back(kernel);
  for (int64_t grain : op.getGrains()) {
    phases.push_back({grain});
  }
}

static_assert(unsigned(EncodingKind::Plain) == MOE_ENCODING_PLAIN);
static_assert(unsigned(EncodingKind::Panels) == MOE_ENCODING_PANELS);

/// Kind and version; plain if there is no attribute.
static std::pair<uint16_t, uint16_t>
encoding(std::optional<EncodingAttr> attribute) {
  if (!attribute) {
    return {MOE_ENCODING_PLAIN, 0};
  }
  return {static_cast<uint16_t>(attribute->getKind()),
          attribute->getVersion()};
}

LogicalResult ProgramSerializer::addWeight(WeightOp op) {
  auto place = stored.find(op.getSymName());
  if (place == stored.end()) {
    return op.emitOpError("was not stored in the package");
  }
  FailureOr<uint32_t> type =
      dtype(op, cast<ShapedType>(op.getType()).getElementType());
  if (failed(type)) {
    return failure();
  }
  weightIndex[op.getSymName()] = weights.size();
  auto [kind, version] = encoding(op.getEncoding());
  weights.push_back({label(op.getSymName()), place->second.section, *type,
                     place->second.offset, place->second.length, kind, version,
                     0});
  return success();
}

LogicalResult ProgramSerializer::addPool(PoolOp op) {
  auto place = stored.find(op.getSymName());
  if (place == stored.end()) {
    return op.emitOpError("was not stored in the package");
  }
  auto [kind, version] = encoding(op.getEncoding());
  poolIndex[op.getSymName()] = pools.size();
  pools.push_back({label(op.getSymName()), place->second.section,
                   static_cast<uint32_t>(op.getExperts()), op.getStride(), kind,
                   version, 0});
  return success();
}

void ProgramSerializer::addLayer(LayerOp op) {
  layerIndex[op.getSymName()] = layers.size();
  layers.push_back(
      {label(op.getSymName()), static_cast<uint32_t>(op.getExperts()), 0});
}

LogicalResult ProgramSerializer::addDeclarations() {
  for (Operation &op : program->getParentRegion()->front()) {
    if (auto kernel = dyn_cast<KernelOp>(op)) {
      addKernel(kernel);
    } else if (auto layer = dyn_cast<LayerOp>(op)) {
      addLayer(layer);
    } else if (auto weight = dyn_cast<WeightOp>(op)) {
      if (failed(addWeight(weight))) {
        return failure();
      }
    } else if (auto pool = dyn_cast<PoolOp>(op)) {
      if (failed(addPool(pool))) {
        return failure();
      }
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Border and buffers
//===----------------------------------------------------------------------===//

uint32_t ProgramSerializer::buffer(Value value) {
  auto known = buffers.find(value);
  if (known != buffers.end()) {
    return known->second;
  }
  moe_program_buffer entry = {MOE_BUFFER_TEMP, 0};
  if (auto weight = value.getDefiningOp<WeightRefOp>()) {
    entry = {MOE_BUFFER_WEIGHT, weightIndex.lookup(weight.getWeight())};
  }
  bufferTable.push_back(entry);
  return buffers[value] = bufferTable.size() - 1;
}

LogicalResult ProgramSerializer::addTensor(
    Operation *op, StringRef name, Type type, std::optional<ArrayAttr> names,
    Value value, ValueRange dimRegisters,
    std::vector<moe_program_tensor> &table) {
  auto tensor = cast<RankedTensorType>(type);
  FailureOr<uint32_t> element = dtype(op, tensor.getElementType());
  if (failed(element) || failed(checkName(op, name))) {
    return failure();
  }
  table.push_back({string(name), *element,
                   static_cast<uint32_t>(tensor.getRank()),
                   static_cast<uint32_t>(dims.size()), buffer(value)});
  unsigned next = 0;
  for (auto [index, size] : llvm::enumerate(tensor.getShape())) {
    moe_program_dim dim = {size, MOE_NONE, 0, {0, 0}};
    if (ShapedType::isDynamic(size)) {
      dim.value = -1;
      dim.reg = reg(dimRegisters[next++]);
    }
    if (names) {
      StringRef symbol = cast<StringAttr>((*names)[index]).getValue();
      if (failed(checkName(op, symbol))) {
        return failure();
      }
      dim.symbol = string(symbol);
    }
    dims.push_back(dim);
  }
  return success();
}

LogicalResult ProgramSerializer::addBorder() {
  WalkResult walk = program.walk([&](Operation *op) {
    LogicalResult added = success();
    if (auto input = dyn_cast<InputOp>(op)) {
      bufferTable.push_back(
          {MOE_BUFFER_INPUT, static_cast<uint32_t>(inputs.size())});
      buffers[input.getBuffer()] = bufferTable.size() - 1;
      added = addTensor(op, input.getName(), input.getType(),
                        input.getDimNames(), input.getBuffer(),
                        input.getDims(), inputs);
    } else if (auto output = dyn_cast<OutputOp>(op)) {
      bufferTable.push_back(
          {MOE_BUFFER_OUTPUT, static_cast<uint32_t>(outputs.size())});
      buffers[output.getBuffer()] = bufferTable.size() - 1;
      added = addTensor(op, output.getName(), output.getType(),
                        output.getDimNames(), output.getBuffer(),
                        output.getDims(), outputs);
    }
    return failed(added) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(walk.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// Commands
//===----------------------------------------------------------------------===//

uint32_t ProgramSerializer::operand(Value value) {
  moe_program_operand entry = {MOE_OPERAND_REGISTER, 0, MOE_NONE, 0};
  if (isa<PoolType>(value.getType())) {
    entry.kind = MOE_OPERAND_POOL;
    entry.index =
        poolIndex.lookup(value.getDefiningOp<PoolRefOp>().getPool());
  } else if (!isa<BufferType>(value.getType())) {
    entry.index = reg(value);
  } else if (auto weight = value.getDefiningOp<WeightRefOp>()) {
    entry.kind = MOE_OPERAND_WEIGHT;
    entry.index = weightIndex.lookup(weight.getWeight());
  } else {
    entry.kind = MOE_OPERAND_BUFFER;
    if (auto view = value.getDefiningOp<ViewOp>()) {
      // A view of a view adds its offsets in a register of its own.
      uint32_t offset = reg(view.getOffset());
      Value source = view.getSource();
      while (auto outer = source.getDefiningOp<ViewOp>()) {
        uint32_t sum = registerCount++;
        emit(MOE_CMD_ADD, sum, offset, reg(outer.getOffset()));
        offset = sum;
        source = outer.getSource();
      }
      entry.offset_reg = offset;
      value = source;
    }
    entry.index = buffer(value);
  }
  operands.push_back(entry);
  return operands.size() - 1;
}

LogicalResult
ProgramSerializer::addArgumentCommand(uint16_t code, uint32_t a,
                                      ArrayRef<Value> items,
                                      ValueRange arguments) {
  // Resolving an operand may add a command, never another operand.
  uint32_t first = operands.size();
  for (Value item : items) {
    if (item) {
      operand(item);
    } else {
      operands.push_back({MOE_OPERAND_REGISTER, zeroRegister, MOE_NONE, 0});
    }
  }
  for (Value argument : arguments) {
    operand(argument);
  }
  emit(code, a, first, operands.size() - first);
  return success();
}

uint32_t ProgramSerializer::addLaunch(LaunchOp op) {
  moe_program_launch launch = {};
  launch.kernel = kernelIndex.lookup(op.getKernel());
  launch.queue = op.getQueue();
  for (unsigned i = 0; i < 3; ++i) {
    launch.grid_reg[i] = reg(op.getGrid()[i]);
    launch.block[i] = op.getBlock()[i];
    launch.cluster[i] = op.getCluster()[i];
  }
  launch.shared_bytes = op.getShared();
  launch.flags = (op.getCooperative() ? 1 : 0) | (op.getProgrammatic() ? 2 : 0);
  launches.push_back(launch);
  return launches.size() - 1;
}

LogicalResult ProgramSerializer::addBranch(Operation *op) {
  branches.push_back({static_cast<uint32_t>(commands.size()), op});
  if (auto branch = dyn_cast<BranchOp>(op)) {
    emit(MOE_CMD_BRANCH, reg(branch.getCondition()));
  } else {
    emit(MOE_CMD_JUMP);
  }
  return success();
}

LogicalResult ProgramSerializer::addElement(LoadOp op) {
  FailureOr<uint32_t> type = dtype(op, op.getType());
  if (failed(type)) {
    return failure();
  }
  emit(MOE_CMD_LOAD, reg(op.getResult()), buffer(op.getBuffer()),
       reg(op.getIndex()), *type);
  return success();
}

LogicalResult ProgramSerializer::addElement(StoreOp op) {
  FailureOr<uint32_t> type = dtype(op, op.getType());
  if (failed(type)) {
    return failure();
  }
  emit(MOE_CMD_STORE, buffer(op.getBuffer()), reg(op.getIndex()),
       reg(op.getValue()), *type);
  return success();
}

void ProgramSerializer::addCopy(CopyOp op) {
  uint32_t destination = operand(op.getDestination());
  uint32_t source = operand(op.getSource());
  emit(MOE_CMD_COPY, destination, source, reg(op.getBytes()));
}

void ProgramSerializer::addCheck(CheckOp op) {
  // The values a message shows lie in consecutive registers.
  uint32_t first = registerCount;
  registerCount += op.getValues().size();
  for (auto [index, value] : llvm::enumerate(op.getValues())) {
    emit(MOE_CMD_ADD, first + index, reg(value), zeroRegister);
  }
  emit(MOE_CMD_FAIL, reg(op.getCondition()), addMessage(op.getMessage()),
       op.getValues().size(), first);
}

LogicalResult ProgramSerializer::addRun(RunOp op) {
  uint32_t index = kernelIndex.lookup(op.getKernel());
  SmallVector<Value> items(op.getItems());
  items.resize(kernels[index].phase_count);
  return addArgumentCommand(MOE_CMD_RUN, index, items, op.getArguments());
}

void ProgramSerializer::addExperts(PinOp op) {
  emit(MOE_CMD_PIN, poolIndex.lookup(op.getPool()), buffer(op.getIds()),
       reg(op.getCount()));
}

void ProgramSerializer::addExperts(UnpinOp op) {
  emit(MOE_CMD_UNPIN, poolIndex.lookup(op.getPool()));
}

void ProgramSerializer::addExperts(CountExpertsOp op) {
  emit(MOE_CMD_COUNT_EXPERTS, layerIndex.lookup(op.getLayer()),
       buffer(op.getOffsets()));
}

LogicalResult ProgramSerializer::addCommand(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<InputOp, OutputOp, BufferOp, WeightRefOp, PoolRefOp, ViewOp>(
          [](auto) { return success(); })
      .Case([&](ConstOp c) {
        emit(MOE_CMD_CONST, reg(c.getResult()), 0, 0, c.getValue());
        return success();
      })
      .Case([&](ComputeOp c) {
        uint32_t lhs = reg(c.getLhs()), rhs = reg(c.getRhs());
        emit(static_cast<uint16_t>(c.getKind()), reg(c.getResult()), lhs, rhs);
        return success();
      })
      .Case([&](SelectOp c) {
        emit(MOE_CMD_SELECT, reg(c.getResult()), reg(c.getCondition()),
             reg(c.getTrueValue()), reg(c.getFalseValue()));
        return success();
      })
      .Case<LoadOp, StoreOp>([&](auto c) { return addElement(c); })
      .Case([&](PlaceOp c) {
        emit(MOE_CMD_PLACE, buffer(c.getBuffer()), reg(c.getBytes()));
        return success();
      })
      .Case([&](ReleaseOp c) {
        emit(MOE_CMD_RELEASE, buffer(c.getBuffer()));
        return success();
      })
      .Case([&](CopyOp c) {
        addCopy(c);
        return success();
      })
      .Case([&](RunOp c) { return addRun(c); })
      .Case([&](LaunchOp c) {
        return addArgumentCommand(MOE_CMD_LAUNCH, addLaunch(c), {},
                                  c.getArguments());
      })
      .Case([&](CheckOp c) {
        addCheck(c);
        return success();
      })
      .Case<PinOp, UnpinOp, CountExpertsOp>([&](auto c) {
        addExperts(c);
        return success();
      })
      .Case<BranchOp, JumpOp>([&](auto c) { return addBranch(c); })
      .Case([&](EndOp) {
        emit(MOE_CMD_END);
        return success();
      })
      .Default([](Operation *other) {
        return other->emitOpError("is no command of a program");
      });
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

template <typename T>
static moe_table append(std::vector<uint8_t> &bytes, const std::vector<T> &rows) {
  bytes.resize(llvm::alignTo(bytes.size(), 8));
  moe_table table = {static_cast<uint32_t>(bytes.size()),
                     static_cast<uint32_t>(rows.size())};
  size_t length = rows.size() * sizeof(T);
  if (length != 0) {
    bytes.resize(bytes.size() + length);
    std::memcpy(bytes.data() + table.offset, rows.data(), length);
  }
  return table;
}

std::vector<uint8_t> ProgramSerializer::layOut() {
  std::vector<uint8_t> bytes(sizeof(moe_program_header));
  moe_program_header header = {};
  header.major = MOE_PROGRAM_MAJOR;
  header.minor = MOE_PROGRAM_MINOR;
  header.register_count = registerCount;
  header.commands = append(bytes, commands);
  header.operands = append(bytes, operands);
  header.buffers = append(bytes, bufferTable);
  header.inputs = append(bytes, inputs);
  header.outputs = append(bytes, outputs);
  header.dims = append(bytes, dims);
  header.kernels = append(bytes, kernels);
  header.phases = append(bytes, phases);
  header.launches = append(bytes, launches);
  header.weights = append(bytes, weights);
  header.pools = append(bytes, pools);
  header.layers = append(bytes, layers);
  header.messages = append(bytes, messages);
  header.strings = append(bytes, strings);
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

FailureOr<std::vector<uint8_t>> ProgramSerializer::run() {
  emit(MOE_CMD_CONST, zeroRegister);
  if (failed(addDeclarations()) || failed(addBorder())) {
    return failure();
  }
  for (Block &block : program.getBody()) {
    blockStart[&block] = commands.size();
    for (Operation &op : block) {
      if (failed(addCommand(&op))) {
        return failure();
      }
    }
  }
  for (auto [index, op] : branches) {
    if (auto branch = dyn_cast<BranchOp>(op)) {
      commands[index].b = blockStart[branch.getTrueDest()];
      commands[index].c = blockStart[branch.getFalseDest()];
    } else {
      commands[index].a = blockStart[cast<JumpOp>(op).getDest()];
    }
  }
  std::vector<uint8_t> bytes = layOut();
  if (bytes.size() > UINT32_MAX) {
    program.emitOpError("needs more than 4 GiB of tables");
    return failure();
  }
  return bytes;
}

FailureOr<std::vector<uint8_t>>
moe::serializeProgram(ProgramOp program,
                      const llvm::StringMap<StoredBytes> &stored) {
  return ProgramSerializer(program, stored).run();
}
