//===- ONNXAttrs.td - onnx enums, attributes, types --------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_ONNX_ONNXATTRS_TD
#define MOE_DIALECTS_ONNX_ONNXATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "ONNX/ONNXDialect.td"
include "mlir/IR/TensorEncoding.td"

def ONNX_DimsAttr : ONNX_Attr<"Dims", "dims", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "symbolic dimensions of a tensor";
  let description = [{
    One string per dimension: the `dim_param` that the model gives it, or an
    expression over such names. Two dimensions with the same non-empty string
    are equal in every run. Empty: static, or nothing is known.

    ```mlir
    func.func private @f(tensor<?x64xf32, #onnx.dims<"N", "">>)
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$symbols);
  let assemblyFormat = "`<` $symbols `>`";
}

#endif // MOE_DIALECTS_ONNX_ONNXATTRS_TD
