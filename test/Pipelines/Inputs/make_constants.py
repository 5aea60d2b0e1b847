"""Prints a module with an i64 constant: make_constants.py KIND ELEMENTS."""

import sys

kind, count = sys.argv[1], int(sys.argv[2])
numbers = ", ".join(str(number) for number in range(count))
print("func.func private @callee()")
print("func.func @main() {")
if kind == "dense":
    print(f"  %0 = arith.constant dense<[{numbers}]> : tensor<{count}xi64>")
elif kind == "splat":
    print(f"  %0 = arith.constant dense<7> : tensor<{count}xi64>")
elif kind == "nested":
    print(f"  call @callee() {{a = [{{b = dense<[{numbers}]> : tensor<{count}xi64>}}]}} : () -> ()")
elif kind == "array":
    print(f"  call @callee() {{a = array<i64: {numbers}>}} : () -> ()")
print("  return")
print("}")
