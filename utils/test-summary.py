#!/usr/bin/env python3
"""Adds up JUnit reports: one line per report, then `N passed, N failed`.

A report that is missing, unreadable or empty counts as a failure, and so does
a test whose state is unknown. Exits 1 if anything failed.
"""

import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    """(passed, failed, skipped) of one report."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") in (
            "notrun",
            "disabled",
        ):
            skipped += 1
        elif case.get("status") in (None, "run"):
            passed += 1
        else:
            failed += 1
    return passed, failed, skipped


def main(paths):
    total_passed = total_failed = 0
    for path in paths:
        try:
            passed, failed, skipped = count(path)
        except (OSError, ElementTree.ParseError) as error:
            print(f"{path}: no report: {error}")
            total_failed += 1
            continue
        print(f"{path}: {passed} passed, {failed} failed, {skipped} skipped or unsupported")
        if passed + failed == 0:
            print(f"{path}: nothing ran")
            failed = 1
        total_passed += passed
        total_failed += failed
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
