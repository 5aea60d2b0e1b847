# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the models of a folder, which are text, as ONNX has them.

usage: encode_seeds.py FROM TO protoc arguments...
"""

import pathlib
import subprocess
import sys

for model in sorted(pathlib.Path(sys.argv[1]).glob("*.textproto")):
    with open(model, "rb") as text, \
            open(pathlib.Path(sys.argv[2], model.stem), "wb") as result:
        subprocess.run(sys.argv[3:], stdin=text, stdout=result, check=True)
