#!/usr/bin/env python3
"""Every route has its row in tests/blackbox/tenants.txt, which says who may call it, and every row is a route's.

    python3 tests/lint/routes.py [STAMP]

The build runs it, so that a route nobody has thought about is no program: src/cli/meson.build. tests/blackbox/test_tenants.py then holds the
program to the rows. Prints each problem; makes STAMP when there is none. Standard library only.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
API, PAGES, TABLE = "src/server/api/routes.c", "src/server/ui/ui.c", "tests/blackbox/tenants.txt"
CALLERS = 6


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as fh:
        return fh.read()


def routes():
    """(method, path) -> file:line, of both tables."""
    found = {}
    for path, text, pattern in ((API, read(API), r'\bROUTE\(\s*"([A-Z]+)",\s*(V1\s*)?"([^"]*)"'), (PAGES, read(PAGES), r'\{\s*"([A-Z]+)",()\s*"(/[^"]*)",\s*dgl_ui_')):
        for match in re.finditer(pattern, text):
            found[(match.group(1), ("/api/v1" if match.group(2) else "") + match.group(3))] = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
        entries = len(re.findall(r"\bROUTE\(\"|\{\s*\"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\",", text))
        if entries != sum(place.startswith(path) for place in found.values()):
            raise SystemExit(f"{path}: {entries} routes, of which tests/lint/routes.py can read {sum(p.startswith(path) for p in found.values())}")
    return found


def main():
    problems, known, rows = [], routes(), set()
    for number, line in enumerate(read(TABLE).splitlines(), 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        route = tuple(words[:2])
        if route not in known:
            problems.append(f"{TABLE}:{number}: {' '.join(route)} is no route of the program")
        elif route in rows:
            problems.append(f"{TABLE}:{number}: {' '.join(route)} has a row already")
        elif len(words) != 2 + CALLERS or not all(re.fullmatch("[1-5][0-9][0-9]", word) for word in words[2:]):
            problems.append(f"{TABLE}:{number}: {' '.join(route)} needs {CALLERS} statuses, one for each kind of caller")
        rows.add(route)
    for route in sorted(set(known) - rows, key=known.get):
        problems.append(f"{known[route]}: {' '.join(route)} has no row in {TABLE}: say there who may call it, and what everybody else is answered")
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems and len(sys.argv) > 1:
        with open(sys.argv[1], "w", encoding="ascii") as fh:
            fh.write(f"{len(rows)} routes\n")
    print(f"{len(known) - len(problems)} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
