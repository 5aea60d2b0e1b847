//===- program.h - The compiled program as data
//----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program is a table of fixed-size commands over 64-bit shape registers and
// a table of buffers. The compiler writes it, the runtime validates it once
// and interprets it. All integers are little-endian; tables are arrays of the
// structs below at offsets relative to the start of the program section, each
// aligned to 8 bytes. Strings are (offset, length) into the program's string
// bytes, UTF-8, without terminator.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_CONTRACT_PROGRAM_H
#define MOE_RT_CONTRACT_PROGRAM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOE_PROGRAM_MAJOR 1
#define MOE_PROGRAM_MINOR 0

/// "No register", "no string", "no index".
#define MOE_NONE UINT32_MAX

/// Element types of tensors at the program's border and of LOAD and STORE.
/// Values are stable.
enum moe_dtype {
  MOE_DTYPE_BOOL = 1, ///< one byte, 0 or 1
  MOE_DTYPE_U8 = 2,
  MOE_DTYPE_I8 = 3,
  MOE_DTYPE_U16 = 4,
  MOE_DTYPE_I16 = 5,
  MOE_DTYPE_U32 = 6,
  MOE_DTYPE_I32 = 7,
  MOE_DTYPE_U64 = 8,
  MOE_DTYPE_I64 = 9,
  MOE_DTYPE_F16 = 10,
  MOE_DTYPE_BF16 = 11,
  MOE_DTYPE_F32 = 12,
  MOE_DTYPE_F64 = 13
};

/// Bytes that a string may have.
#define MOE_PROGRAM_MAX_STRING UINT32_C(4096)

struct moe_string {
  uint32_t offset;
  uint32_t length;
};

/// One dimension of an input or output. Inputs: a static dimension has value
/// >= 0 and reg MOE_NONE; a dynamic one has value -1, and its extent is
/// written to register `reg` before the first command. Two input dimensions
/// with the same non-empty symbol must be equal. Outputs: the extent is read
/// from `reg` when the output's buffer is placed, or is `value`.
struct moe_program_dim {
  int64_t value;
  uint32_t reg;
  uint32_t reserved;
  struct moe_string symbol;
};

/// A named tensor at the border. Its dimensions are dims[first_dim ..
/// first_dim + rank). `buffer` is the buffer that holds it.
struct moe_program_tensor {
  struct moe_string name;
  uint32_t dtype;
  uint32_t rank;
  uint32_t first_dim;
  uint32_t buffer;
};

enum moe_buffer_kind {
  MOE_BUFFER_TEMP = 1,   ///< lives from PLACE to RELEASE in the arena
  MOE_BUFFER_INPUT = 2,  ///< index: input
  MOE_BUFFER_OUTPUT = 3, ///< index: output; PLACE binds or allocates it
  MOE_BUFFER_WEIGHT = 4  ///< index: entry of the package's weight table
};

struct moe_program_buffer {
  uint32_t kind;
  uint32_t index;
};

/// Arguments of RUN, LAUNCH and COPY.
enum moe_operand_kind {
  MOE_OPERAND_REGISTER = 1, ///< index: register; one slot, its value
  MOE_OPERAND_BUFFER = 2,   ///< index: buffer; one slot, pointer + offset
  MOE_OPERAND_WEIGHT = 3,   ///< index: weight table entry; one slot, pointer
  MOE_OPERAND_POOL = 4      ///< index: pool; two slots, base and slot_of
};

struct moe_program_operand {
  uint32_t kind;
  uint32_t index;
  /// BUFFER: register with a byte offset >= 0, or MOE_NONE.
  uint32_t offset_reg;
  uint32_t reserved;
};

/// Fixed-size command. Registers are named by index. Arithmetic is signed and
/// 64-bit; overflow, a division by zero or a negative size fails the run.
struct moe_command {
  uint16_t op;
  uint16_t flags;
  uint32_t a;
  uint32_t b;
  uint32_t c;
  int64_t imm;
};

enum moe_command_op {
  MOE_CMD_END = 0,      ///< ends the program
  MOE_CMD_CONST = 1,    ///< r[a] = imm
  MOE_CMD_ADD = 2,      ///< r[a] = r[b] + r[c]
  MOE_CMD_SUB = 3,      ///< r[a] = r[b] - r[c]
  MOE_CMD_MUL = 4,      ///< r[a] = r[b] * r[c]
  MOE_CMD_FLOORDIV = 5, ///< r[a] = floor(r[b] / r[c])
  MOE_CMD_CEILDIV = 6,  ///< r[a] = ceil(r[b] / r[c])
  MOE_CMD_TRUNCDIV = 7, ///< r[a] = r[b] / r[c] toward zero
  MOE_CMD_TRUNCREM = 8, ///< r[a] = remainder of TRUNCDIV (sign of r[b])
  MOE_CMD_MIN = 9,      ///< r[a] = min(r[b], r[c])
  MOE_CMD_MAX = 10,     ///< r[a] = max(r[b], r[c])
  MOE_CMD_EQ = 11,      ///< r[a] = r[b] == r[c]
  MOE_CMD_NE = 12,      ///< r[a] = r[b] != r[c]
  MOE_CMD_LT = 13,      ///< r[a] = r[b] < r[c]
  MOE_CMD_LE = 14,      ///< r[a] = r[b] <= r[c]
  MOE_CMD_AND = 15,     ///< r[a] = r[b] & r[c]
  MOE_CMD_OR = 16,      ///< r[a] = r[b] | r[c]
  MOE_CMD_XOR = 17,     ///< r[a] = r[b] ^ r[c]
  MOE_CMD_SELECT = 18,  ///< r[a] = r[b] != 0 ? r[c] : r[imm]
  MOE_CMD_LOAD = 19,    ///< r[a] = element r[c] of buffer b; imm: dtype
  MOE_CMD_STORE = 20,   ///< element r[b] of buffer a = r[c]; imm: dtype
  MOE_CMD_PLACE = 21,   ///< buffer a gets r[b] bytes (temp or output)
  MOE_CMD_RELEASE = 22, ///< buffer a (temp) ends
  MOE_CMD_COPY = 23,    ///< r[c] bytes from operand b to operand a (buffers)
  MOE_CMD_RUN = 24,     ///< kernel a; operands [b, b + c); the first
                        ///< phase-count operands are the items registers
  MOE_CMD_LAUNCH = 25,  ///< launch-table entry a; operands [b, b + c)
  MOE_CMD_BRANCH = 26,  ///< to command b if r[a] != 0, else to c
  MOE_CMD_JUMP = 27,    ///< to command a
  MOE_CMD_CALL = 28,    ///< to command a; RETURN comes back; depth <= 16
  MOE_CMD_RETURN = 29,  ///< ends a CALL
  MOE_CMD_FAIL = 30,    ///< if r[a] == 0 the run fails with message b (string
                        ///< table index); imm: first of c registers whose
                        ///< values replace {0}, {1}, ... in the message
  MOE_CMD_PIN = 31,     ///< pool a: experts in buffer b (int32 ids, r[c]
                        ///< many; ids < 0 are ignored) become resident
  MOE_CMD_UNPIN = 32,   ///< pool a: ends the matching PIN
  MOE_CMD_COUNT_EXPERTS = 33 ///< layer a: buffer b holds int32 offsets
                             ///< [experts + 1] of this run; read only while
                             ///< expert statistics are on
};

/// Device kernels. Used by targets whose kernels are launched on a queue.
struct moe_program_launch {
  uint32_t kernel;
  uint32_t queue;
  uint32_t grid_reg[3]; ///< registers
  uint32_t block[3];
  uint32_t cluster[3];
  uint32_t shared_bytes;
  uint32_t flags; ///< bit 0: cooperative, bit 1: programmatic dependent
  uint32_t reserved;
};

/// A native kernel of the code images: `phase_count` consecutive entries of
/// the images' phase arrays, from `first_phase` on.
struct moe_program_kernel {
  struct moe_string name;
  uint32_t first_phase;
  uint32_t phase_count;
  uint32_t argument_slots; ///< slots after the items
  uint32_t reserved;
  uint64_t scratch_bytes; ///< per worker, a multiple of 64
};

/// `grain` of each phase, in the order of the images' phase arrays.
struct moe_program_phase {
  int64_t grain;
};

/// How stored bytes stand for the elements of a weight. Kernels decode; the
/// runtime hands bytes on, and refuses encodings and versions that it does not
/// know. Each encoding has versions of its own, counted from 0.
enum moe_weight_encoding {
  MOE_ENCODING_PLAIN = 0, ///< elements in row-major order; version 0
  MOE_ENCODING_PANELS = 1 ///< f32 panels of MOE_PANEL_COLUMNS columns,
                          ///< [panel, row, column], one or two matrices each,
                          ///< padded with zeros; version 0
};

/// Columns of a panel, of all its matrices together: two AVX-512 vectors.
#define MOE_PANEL_COLUMNS 32

/// A weight, or a constant that is not one: `length` bytes at `offset` of the
/// package's weight or constant section `section` (index of the section table).
struct moe_program_weight {
  struct moe_string name;
  uint32_t section;
  uint32_t dtype;
  uint64_t offset;
  uint64_t length;
  uint16_t encoding; ///< enum moe_weight_encoding
  uint16_t encoding_version;
  uint32_t reserved;
};

/// A pool of expert slots in pool section `section`: slot s is `stride` bytes
/// at s * stride (stride: a multiple of MOE_PACKAGE_SLOT_ALIGNMENT). All
/// matrices of a slot have the same encoding.
struct moe_program_pool {
  struct moe_string name;
  uint32_t section;
  uint32_t experts;
  uint64_t stride;
  uint16_t encoding; ///< enum moe_weight_encoding
  uint16_t encoding_version;
  uint32_t reserved;
};

/// A routed layer, for statistics and traces.
struct moe_program_layer {
  struct moe_string name;
  uint32_t experts;
  uint32_t reserved;
};

/// Table: `count` structs at `offset` from the start of the section.
struct moe_table {
  uint32_t offset;
  uint32_t count;
};

struct moe_program_header {
  uint16_t major;
  uint16_t minor;
  uint32_t register_count;
  struct moe_table commands; ///< moe_command
  struct moe_table operands; ///< moe_program_operand
  struct moe_table buffers;  ///< moe_program_buffer
  struct moe_table inputs;   ///< moe_program_tensor
  struct moe_table outputs;  ///< moe_program_tensor
  struct moe_table dims;     ///< moe_program_dim
  struct moe_table kernels;  ///< moe_program_kernel
  struct moe_table phases;   ///< moe_program_phase
  struct moe_table launches; ///< moe_program_launch
  struct moe_table weights;  ///< moe_program_weight
  struct moe_table pools;    ///< moe_program_pool
  struct moe_table layers;   ///< moe_program_layer
  struct moe_table messages; ///< moe_string
  struct moe_table strings;  ///< bytes
};

#ifdef __cplusplus
} // extern "C"
#endif

#endif // MOE_RT_CONTRACT_PROGRAM_H
