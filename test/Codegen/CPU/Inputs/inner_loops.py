"""Reads assembly from stdin; per micro-kernel and loop with multiplications
prints how many fma the loop has and how many instructions touch the stack."""

import re
import sys

function = None
lines = []
for line in sys.stdin:
    label = re.match(r"(moe_micro_\w+):", line)
    if label:
        function = label.group(1)
        lines = []
    elif re.match(r"\s*\.cfi_endproc", line) and function:
        labels = {}
        for number, text in enumerate(lines):
            target = re.match(r"(\.LBB\w+):", text)
            if target:
                labels[target.group(1)] = number
            jump = re.match(r"\s*j\w+\s+(\.LBB\w+)", text)
            if jump and jump.group(1) in labels:
                body = lines[labels[jump.group(1)] : number]
                fma = sum("vfmadd" in t for t in body)
                stack = sum(bool(re.search(r"\(%r[sb]p", t)) for t in body)
                if fma:
                    print(f"{function}: {fma} fma, {stack} on the stack")
        function = None
    elif function:
        lines.append(line)
