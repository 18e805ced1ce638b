#!/usr/bin/env python3
"""Holds docs/limits.md to the sources: a constant named there must have the number that stands beside it, and a bound must be there
when the program tells of its crossing: a constant with MAX in the statement or condition that makes an error."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def constants():
    found = {}
    for folder, _, files in os.walk(os.path.join(ROOT, "src")):
        for name in files:
            if name.endswith((".h", ".c")):
                with open(os.path.join(folder, name), encoding="utf-8") as fh:
                    for word, value in re.findall(r"^#define ([A-Z][A-Z0-9_]+) (.+?)(?: *//.*)?$", fh.read(), re.M):
                        found.setdefault(word, value)
    return found


def number(text, known, depth=0):
    """The value of a C constant of numbers, sums, products and shifts."""
    text = re.sub(r"\((?:size_t|int64_t|uint64_t)\)|U?INT64_C", "", text)
    text = re.sub(r"\b(\d+)[uUlL]+\b", r"\1", text)
    if depth < 5:
        text = re.sub(r"[A-Z][A-Z0-9_]+", lambda m: str(number(known[m.group(0)], known, depth + 1)), text)
    if not re.fullmatch(r"[\d\s+*()<\-]+", text):
        raise ValueError(text)
    return eval(text)  # digits and operators alone


TOLD = re.compile(r"DGL_E_(?:LIMIT|INVALID|RATE|UNAVAILABLE|CONFLICT)")
BOUND = re.compile(r"\b[A-Z][A-Z0-9_]*MAX[A-Z0-9_]*\b")


def told():
    """The bounds whose crossing is an error, with the file that says so."""
    found = {}
    for folder, _, files in os.walk(os.path.join(ROOT, "src")):
        for name in sorted(files):
            if not name.endswith(".c"):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as fh:
                text = fh.read()
            for error in TOLD.finditer(text):
                begin = max(text.rfind(c, 0, error.start()) for c in ";{}")
                statement = text[begin + 1:text.find(";", error.start())]
                for word in BOUND.findall(statement):
                    found.setdefault(word, os.path.relpath(os.path.join(folder, name), ROOT))
    return found


def main():
    known, passed, failed, documented = constants(), 0, 0, set()
    with open(os.path.join(ROOT, "docs", "limits.md"), encoding="utf-8") as fh:
        for line in fh:
            row = re.match(r"\| [^|]+ \| (\d+)[^|]* \| `(\w+)` \|", line)
            if not row:
                continue
            documented.add(row.group(2))
            value = number(known[row.group(2)], known) if row.group(2) in known else None
            if value == int(row.group(1)):
                passed += 1
            else:
                failed += 1
                print(f"docs/limits.md: {row.group(2)} is {value} in the sources, not {row.group(1)}")
    for word, where in sorted(told().items()):
        if word in known and word not in documented:
            failed += 1
            print(f"{where}: {word} bounds something and is not in docs/limits.md")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
