import os

import lit.formats

config.name = "moe-unit"
config.test_format = lit.formats.GoogleTest("", "Tests")
config.suffixes = []
config.test_source_root = os.path.join(config.moe_obj_root, "unittests")
config.test_exec_root = config.test_source_root
# Tests of sizes that no machine has get NULL, as they do without a sanitizer.
config.environment["ASAN_OPTIONS"] = "detect_container_overflow=0:allocator_may_return_null=1"
