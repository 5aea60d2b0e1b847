// RUN: moe-codegen %s --level=x86-64-v4 --emit=asm | %python %S/Inputs/inner_loops.py | FileCheck %s --check-prefix=V4
// RUN: moe-codegen %s --level=x86-64-v3 --emit=asm | %python %S/Inputs/inner_loops.py | FileCheck %s --check-prefix=V3
// RUN: sed 's/x256x/x2048x/g; s/?x256xf32/?x2048xf32/g' %s | moe-codegen - --level=x86-64-v4 --emit=asm | %python %S/Inputs/inner_loops.py | FileCheck %s --check-prefix=LONG

// Every accumulator stays in its register through a chain of 256 steps. With v3 and more
// than two rows a panel is done in two halves.

func.func private @gate_up(%x : tensor<?x256xf32>, %source : tensor<?xi32>, %offsets : tensor<9xi32>,
                           %w : tensor<8x4x256x32xf32>, %init : tensor<?x64xf32>) -> tensor<?x64xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = moe.panel_matmul 2 rows(%x : tensor<?x256xf32>) by(%source : tensor<?xi32>) div 2
    groups(%offsets : tensor<9xi32>) panels(%w : tensor<8x4x256x32xf32>) outs(%init : tensor<?x64xf32>) {
  ^bb0(%g : f32, %u : f32):
    %1 = arith.mulf %g, %u : f32
    moe.yield %1 : f32
  }
  return %0 : tensor<?x64xf32>
}

// V4: moe_micro_m1g_{{.*}}: 8 fma, 0 on the stack
// V4-NEXT: moe_micro_m2g_{{.*}}: 16 fma, 0 on the stack
// V4-NEXT: moe_micro_m3g_{{.*}}: 24 fma, 0 on the stack
// V4-NEXT: moe_micro_m4g_{{.*}}: 32 fma, 0 on the stack
// V4-NEXT: moe_micro_m5g_{{.*}}: 40 fma, 0 on the stack
// V4-NEXT: moe_micro_m6g_{{.*}}: 48 fma, 0 on the stack
// V4-NEXT: moe_micro_m7p_{{.*}}: 14 fma, 0 on the stack
// V4-NEXT: moe_micro_m8p_{{.*}}: 16 fma, 0 on the stack
// V4-NEXT: moe_micro_m9p_{{.*}}: 18 fma, 0 on the stack
// V4-NEXT: moe_micro_m10p_{{.*}}: 20 fma, 0 on the stack
// V4-NEXT: moe_micro_m11p_{{.*}}: 22 fma, 0 on the stack
// V4-NEXT: moe_micro_m12p_{{.*}}: 24 fma, 0 on the stack
// V4-NEXT: moe_micro_m13p_{{.*}}: 26 fma, 0 on the stack
// V4-NEXT: moe_micro_m14p_{{.*}}: 28 fma, 0 on the stack
// V4-NOT: moe_micro

// V3: moe_micro_m1g_{{.*}}: 16 fma, 0 on the stack
// V3-NEXT: moe_micro_m2g_{{.*}}: 32 fma, 0 on the stack
// V3-NEXT: moe_micro_m3g_{{.*}}: 24 fma, 0 on the stack
// V3-NEXT: moe_micro_m3g_{{.*}}: 24 fma, 0 on the stack
// V3-NEXT: moe_micro_m4g_{{.*}}: 32 fma, 0 on the stack
// V3-NEXT: moe_micro_m4g_{{.*}}: 32 fma, 0 on the stack
// V3-NEXT: moe_micro_m5g_{{.*}}: 40 fma, 0 on the stack
// V3-NEXT: moe_micro_m5g_{{.*}}: 40 fma, 0 on the stack
// V3-NEXT: moe_micro_m6g_{{.*}}: 48 fma, 0 on the stack
// V3-NEXT: moe_micro_m6g_{{.*}}: 48 fma, 0 on the stack
// V3-NEXT: moe_micro_m3p_{{.*}}: 24 fma, 0 on the stack
// V3-NEXT: moe_micro_m3p_{{.*}}: 24 fma, 0 on the stack
// V3-NEXT: moe_micro_m4p_{{.*}}: 32 fma, 0 on the stack
// V3-NEXT: moe_micro_m4p_{{.*}}: 32 fma, 0 on the stack
// V3-NEXT: moe_micro_m5p_{{.*}}: 40 fma, 0 on the stack
// V3-NEXT: moe_micro_m5p_{{.*}}: 40 fma, 0 on the stack
// V3-NEXT: moe_micro_m6p_{{.*}}: 48 fma, 0 on the stack
// V3-NEXT: moe_micro_m6p_{{.*}}: 48 fma, 0 on the stack
// V3-NOT: moe_micro

// With more than one chain the loop over the steps of one is the inner one, and
// is printed first; only the loop around it may use the stack.
// LONG: moe_micro_m1g_{{.*}}: 8 fma, 0 on the stack
// LONG: moe_micro_m7p_{{.*}}: 14 fma, 0 on the stack
// LONG-NEXT: moe_micro_m7p_{{.*}}: 14 fma, 0 on the stack
// LONG: moe_micro_m8p_{{.*}}: 16 fma, 0 on the stack
// LONG: moe_micro_m12p_{{.*}}: 24 fma, 0 on the stack
// LONG: moe_micro_m13p_{{.*}}: 26 fma, 0 on the stack
// LONG: moe_micro_m14p_{{.*}}: 28 fma, 0 on the stack
