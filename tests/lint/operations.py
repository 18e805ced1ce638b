#!/usr/bin/env python3
"""Holds docs/operations.md to the sources: every option with its default, every event of the log with its level.

With --write the two tables are written anew. Ends with "N passed, M failed". Standard library only.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "operations.md")
LEVELS = ("ERROR", "WARN", "INFO", "DEBUG")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as fh:
        return fh.read()


def options():
    """(key, default, help) of each row of the options table."""
    rows = re.findall(r'\{"([A-Z_]+)", DGL_OPTION_\w+, (NULL|"(?:[^"\\]|\\.)*"), [^"]*?((?:"(?:[^"\\]|\\.)*"\s*)+)\}',
                      read("src", "server", "app", "options.c"))
    text = lambda literals: "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals)).replace('\\"', '"')  # noqa: E731
    return [(key, "" if default == "NULL" else text(default), text(help_)) for key, default, help_ in rows]


def option_rows():
    return [f"| `{key}` | {'`' + default + '`' if default else ''} | {help_} |" for key, default, help_ in options()]


def events():
    found = {level: set() for level in LEVELS}
    for path in subprocess.run(["git", "ls-files", "src/*.c"], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout.split():
        source = read(path)
        for level, text in re.findall(r'\w*log\w*\(DGL_LOG_(\w+),\s*"([^"]+)"', source):
            found[level].add(text)
        # A level chosen at run time, and one text of two.
        for call in re.findall(r"dgl_log\(level,(.*?)(?:DGL_F_|;)", source, re.S):
            found["INFO"].update(re.findall(r'"([^"]+)"', call))
    return found


def event_rows():
    return [f"| {level.lower()} | {' · '.join(sorted(texts))} |" for level, texts in events().items()]


def table_after(page, mark):
    """The rows of the table behind a comment, and where they are."""
    start = page.index(f"<!-- {mark}:")
    begin = page.index("\n| --- |", start)
    begin = page.index("\n", begin + 1) + 1
    end = page.find("\n\n", begin)
    return page[begin:end].split("\n"), begin, end


def main():
    page = read("docs", "operations.md")
    passed, problems = 0, []
    count = len(re.findall(r"DGL_OPTION_(?:STRING|INT|BOOL)", read("src", "server", "app", "options.c")))
    if len(options()) != count:
        problems.append(f"{count} options are in the table of options.c and {len(options())} can be read")
    for mark, rows in (("options", option_rows()), ("events", event_rows())):
        if "--write" in sys.argv:
            _, begin, end = table_after(page, mark)
            page = page[:begin] + "\n".join(rows) + page[end:]
        there = table_after(page, mark)[0]
        passed += len(set(rows) & set(there))
        problems += [f"docs/operations.md, {mark}: missing {row}" for row in rows if row not in there]
        problems += [f"docs/operations.md, {mark}: in no source {row}" for row in there if row not in rows]
    if "--write" in sys.argv:
        with open(PAGE, "w", encoding="utf-8") as fh:
            fh.write(page)
    for problem in problems:
        print(problem)
    if problems:
        print("`python3 tests/lint/operations.py --write` writes the tables anew.")
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
