"""usage: identities.py INSPECT.json OBJECT

Expects the hash of each image section of a package in the bytes of an object.
"""
import json
import sys

with open(sys.argv[1]) as file:
    sections = json.load(file)["sections"]
with open(sys.argv[2], "rb") as file:
    code = file.read()
hashes = [s["hash"] for s in sections if s["type"] == "image"]
if len(hashes) != 2 or not all(bytes.fromhex(h) in code for h in hashes):
    sys.exit(f"identities.py: {sys.argv[2]} lacks one of {hashes}")
