#!/usr/bin/env python3
"""Holds docs/internals/webhook-promises.md to the tests: each row names at least one, and each that is named is there.

Ends with "N passed, M failed". Standard library only.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join("docs", "internals", "webhook-promises.md")


def find(name):
    """The file's text; None when it is nowhere."""
    for folder in ("", "tests", "tests/blackbox", "tests/browser"):
        path = os.path.join(ROOT, folder, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as fh:
                return fh.read()
    return None


def is_there(reference):
    name, _, test = reference.partition("::")
    text = find(name)
    return text is not None and (not test or re.search(rf"^(?:def|static void) {test}\(", text, re.M) is not None)


def main():
    passed, problems = 0, []
    with open(os.path.join(ROOT, PAGE), encoding="utf-8") as fh:
        for number, line in enumerate(fh, 1):
            cells = line.strip().strip("|").split(" | ")
            if not line.startswith("| ") or len(cells) != 2 or cells[0].strip() in ("promise", "---"):
                continue
            references = re.findall(r"`([^`]+)`", cells[1])
            problems += [f"{PAGE}:{number}: {reference} is not there" for reference in references if not is_there(reference)]
            if not references:
                problems.append(f"{PAGE}:{number}: names no test")
            passed += len(references)
    passed -= len(problems)
    print("\n".join(problems))
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems or passed < 80 else 0


if __name__ == "__main__":
    sys.exit(main())
