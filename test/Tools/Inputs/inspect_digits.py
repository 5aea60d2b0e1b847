"""Checks what `moec inspect --json` prints about the digits model (stdin)."""
import json
import sys

package = json.loads(sys.stdin.read())
assert list(package) == ["version", "root_hash", "manifest", "inputs", "outputs", "sections", "program"], list(package)
assert package["version"] == "1.0"
assert package["manifest"]["source"] == "model.onnx"
assert package["manifest"]["compiler"].startswith("moec ")
assert package["inputs"] == [{"name": "images", "type": "f32", "dims": [-1, 64]}], package["inputs"]
assert package["outputs"] == [{"name": "logits", "type": "f32", "dims": [-1, 10]}], package["outputs"]
int(package["root_hash"], 16)
kinds = [section["type"] for section in package["sections"]]
for kind in ("manifest", "image", "weights", "pool", "program", "source"):
    assert kinds.count(kind) == 1, kinds
end = 0
for section in package["sections"]:
    assert section["offset"] >= end, "sections overlap"
    if section["type"] in ("weights", "pool"):
        # Less than a huge page: nothing but a page's rest lies in front of it.
        assert section["bytes"] < 2 << 20 and section["offset"] - end < 4096, section
    end = section["offset"] + section["bytes"]
    int(section["hash"], 16)
assert 'moert.input "images"' in package["program"]
