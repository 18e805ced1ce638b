#!/usr/bin/env python3
"""Holds the pages of docs/internals that name tests to them: each row names at least one, and each that is named is there.

Ends with "N passed, M failed". Standard library only.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# A page, and how many tests it names at least.
PAGES = {os.path.join("docs", "internals", name): count for name, count in (("webhook-promises.md", 80), ("layout-rules.md", 80), ("language-promises.md", 80))}


def find(name):
    """The file's text; None when it is nowhere."""
    for folder in ("", "tests", "tests/blackbox", "tests/browser"):
        path = os.path.join(ROOT, folder, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as fh:
                return fh.read()
    return None


def is_there(reference):
    """A file; a test in it; a case of the corpus, by its name or title."""
    name, _, test = reference.partition("::")
    text, test = find(name), re.escape(test)
    return text is not None and (not test or re.search(rf'^(?:(?:def|static void) {test}\(|case\("{test}"|=== {test}$)', text, re.M) is not None)


def check(page):
    """(names that are there, problems) of a page."""
    passed, problems = 0, []
    with open(os.path.join(ROOT, page), encoding="utf-8") as fh:
        for number, line in enumerate(fh, 1):
            cells = line.strip().strip("|").split(" | ")
            if not line.startswith("| ") or len(cells) != 2 or cells[0].strip() in ("promise", "rule", "---"):
                continue
            references = re.findall(r"`([^`]+)`", cells[1])
            missing = [reference for reference in references if not is_there(reference)]
            problems += [f"{page}:{number}: {reference} is not there" for reference in missing]
            if not references:
                problems.append(f"{page}:{number}: names no test")
            passed += len(references) - len(missing)
    if passed < PAGES[page]:
        problems.append(f"{page}: names {passed} tests, fewer than {PAGES[page]}")
    return passed, problems


def main():
    results = [check(page) for page in PAGES]
    passed, problems = sum(r[0] for r in results), [p for r in results for p in r[1]]
    print("\n".join(problems))
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
