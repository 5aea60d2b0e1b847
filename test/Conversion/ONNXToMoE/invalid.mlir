// RUN: moe-opt %s --moe-expand-fused-moe --split-input-file --verify-diagnostics

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @activation(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): activation_type 'tanh' is none of relu, gelu, silu, swiglu, identity}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {activation_type = "tanh"} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @fusion_3(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): swiglu_fusion must be 0, 1 or 2, but is 3}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {activation_type = "swiglu", swiglu_fusion = 3 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @fusion_negative(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): swiglu_fusion must be 0, 1 or 2, but is -1}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {activation_type = "swiglu", swiglu_fusion = -1 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @limit_zero(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): swiglu_limit must be positive, but is 0.000000e+00; leave it out for no limit}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {swiglu_limit = 0.0 : f32} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @limit_nan(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): swiglu_limit must be positive, but is nan; leave it out for no limit}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {swiglu_limit = 0x7FC00000 : f32} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @mixer_k(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): use_sparse_mixer picks two experts, but k is 1}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {use_sparse_mixer = 1 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @k_zero(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): k must be between 1 and the number of experts, 4, but is 0}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {k = 0 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @k_large(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): k must be between 1 and the number of experts, 4, but is 5}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {k = 5 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @no_linear(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): swiglu with swiglu_fusion = 0 needs fc3_experts_weights (input 6)}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {activation_type = "swiglu"} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @rows_rank(%x : tensor<8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): expected an input of rank 2 or 3, router logits of rank 2 and weights of rank 3 with static shapes}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {} : (tensor<8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @router_rank(%x : tensor<?x8xf32>, %r : tensor<?x1x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): expected an input of rank 2 or 3, router logits of rank 2 and weights of rank 3 with static shapes}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {} : (tensor<?x8xf32>, tensor<?x1x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// A node with a name is named.
func.func @computed_weight(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>, %fc1 : tensor<4x16x8xf32> {onnx.name = "w1"}, %fc2 : tensor<4x8x16xf32>) -> tensor<?x8xf32> {
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32> loc("layer")
  return %0 : tensor<?x8xf32>
}
// expected-error @unknown {{node 'layer' (MoE): fc1_experts_weights (input 2) is computed from the model's input 'w1'; weights of experts must be initializers, or computed from initializers by operators that copy, convert or combine elements: fold other operators when the model is exported}}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048

func.func @computed_bias(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>, %b : tensor<4x16xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.constant dense<1.0> : tensor<4x8x16xf32> : tensor<4x8x16xf32>
  // expected-error @below {{node (MoE): fc1_experts_bias (input 3) is computed at run time; weights of experts must be initializers, or computed from initializers by operators that copy, convert or combine elements: fold other operators when the model is exported}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %b, %fc2) : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x16xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048

// The node that cannot be evaluated is named, not what follows it.
func.func @product(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %none = onnx.none
  %base = onnx.node "MatMul" version 13 (%fc1, %fc1) : (tensor<4x16x8xf32>, tensor<4x16x8xf32>) -> tensor<4x8x16xf32> loc("merge")
  %fc2 = onnx.node "Identity" version 13 (%base) : (tensor<4x8x16xf32>) -> tensor<4x8x16xf32>
  // expected-error @below {{node (MoE): fc2_experts_weights (input 4) is computed at run time by node 'merge' (MatMul); weights of experts must be initializers, or computed from initializers by operators that copy, convert or combine elements: fold other operators when the model is exported}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Every node at fault is reported, not the first one only.
onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

func.func @two(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  // expected-error @below {{node (MoE): k must be between 1 and the number of experts, 4, but is 9}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {k = 9 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  // expected-error @below {{node (MoE): activation_type 'elu' is none of relu, gelu, silu, swiglu, identity}}
  %1 = onnx.node "MoE" domain "com.microsoft" version 1 (%0, %r, %fc1, %none, %fc2) attributes {activation_type = "elu"} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

// Inputs that the node could not use are refused, not left out.
func.func @fused_third_weight(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %none = onnx.none
  %fc1 = onnx.constant dense<1.0> : tensor<4x32x8xf32> : tensor<4x32x8xf32>
  %fc2 = onnx.constant dense<1.0> : tensor<4x8x16xf32> : tensor<4x8x16xf32>
  %fc3 = onnx.constant dense<1.0> : tensor<4x16x8xf32> : tensor<4x16x8xf32>
  // expected-error @below {{node (MoE): swiglu with swiglu_fusion = 2 takes its linear part from fc1_experts_weights (input 2), and fc3_experts_weights (input 6) and fc3_experts_bias (input 7) must be left out}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2, %none, %fc3) attributes {activation_type = "swiglu", swiglu_fusion = 2 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x32x8xf32>, none, tensor<4x8x16xf32>, none, tensor<4x16x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @third_bias_alone(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %none = onnx.none
  %fc1 = onnx.constant dense<1.0> : tensor<4x16x8xf32> : tensor<4x16x8xf32>
  %fc2 = onnx.constant dense<1.0> : tensor<4x8x16xf32> : tensor<4x8x16xf32>
  %b3 = onnx.constant dense<1.0> : tensor<4x16xf32> : tensor<4x16xf32>
  // expected-error @below {{node (MoE): fc3_experts_bias (input 7) needs fc3_experts_weights (input 6)}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2, %none, %none, %b3) : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>, none, none, tensor<4x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
