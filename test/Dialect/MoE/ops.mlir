// RUN: moe-opt %s --verify-roundtrip | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s
// RUN: moe-opt %s --emit-bytecode | moe-opt | FileCheck %s

// An attribute of an unregistered dialect would be refused here.
// CHECK: module @registered attributes {moe.registered}
module @registered attributes {moe.registered} {
}
