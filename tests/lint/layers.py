#!/usr/bin/env python3
"""Holds the source tree to the rules that no compiler checks.

1. Includes follow the room table of ARCHITECTURE.md: a room includes only what its row allows, and the header of a
   library that belongs to one room is included nowhere else.
2. Functions that lose lengths, hide errors or reach for the environment are not called.
3. Every .c and .h opens with a comment that says what the file is about.
4. What is secret (hashes of it too) is compared by dgl_equal_secret(), in the same time whatever the bytes are.
5. Words that mark unfinished work, and paths of somebody's machine, do not appear.

Prints each problem as file:line: what; ends with "N passed, M failed" and a matching exit status. Standard library only.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

RENDER = ["render/template", "render/docx", "render/layout", "render/pdf", "render/sheet"]

# Room -> what it may include beyond itself and base. "room/header" allows that header alone.
ROOMS = {
    "base": [],
    "render/template": [],
    "render/docx": ["render/template", "render/art"],
    "render/art": [],
    "render/layout": ["render/docx", "render/art"],
    "render/pdf": ["render/layout", "render/art"],
    "render/sheet": [],
    "server/net": [],
    "server/store": [],
    "server/blob": ["server/net"],
    "server/account": ["server/store"],
    "server/mail": ["server/net", "server/store", "server/account"],
    "server/webhook": ["server/mail", "server/net", "server/store", "server/blob/link.h"],
    "server/engine": ["server/net"] + RENDER,
    "server/document": ["render/sheet", "server/engine", "server/store", "server/blob", "server/account", "server/webhook"],
    "server/http": [],
    "server/api": ["server/http", "server/account", "server/document", "server/webhook"],
    "server/ui": ["server/http", "server/account", "server/mail", "server/document", "server/webhook", "render/template"],
}
SERVER = [room for room in ROOMS if room.startswith("server/")]
ROOMS["server/app"] = SERVER + RENDER
ROOMS["cli"] = SERVER + RENDER + ["server/app"]

# Library header (a prefix) -> the rooms that may include it.
LIBRARIES = {
    "sqlite3.h": ["server/store"],
    "curl/": ["server/net"],
    "ares.h": ["server/net"],
    "microhttpd.h": ["server/http"],
    "gnutls/": ["server/http"],
    "seccomp.h": ["server/engine"],
    "sodium.h": ["base"],
    "libdeflate.h": ["base", "render/pdf", "server/http"],
    "qpdf/": ["render/pdf"],
    "libxml/": ["base", "render/docx"],  # render/docx: the HTML parser only
    "md4c.h": ["render/docx"],
    "turbojpeg.h": ["render/docx", "render/pdf"],
    "zint.h": ["render/docx"],
    "zlib.h": ["render/docx"],
    "zip.h": [],
}

FORBIDDEN_CALLS = ["strcpy", "strcat", "sprintf", "vsprintf", "gets", "strtok", "atoi", "atol", "atof", "system", "popen"]
# Reading the environment is the business of the two rooms that start the program.
ENVIRONMENT_CALLS = ["getenv", "secure_getenv"]
ENVIRONMENT_ROOMS = ["cli", "server/app"]
ENVIRONMENT_FILES = ["src/base/failpoint.c"]  # not in ordinary builds

# Comparisons that end at the first difference, and the parts of names that tell of secrets. Sealing and MACs are libsodium's own;
# rows are found by the SHA-256 of a secret, whose place in an index tells nothing of the secret.
COMPARISONS = ["memcmp", "bcmp", "strcmp", "strncmp", "strcasecmp", "strncasecmp", "dgl_str_equal", "dgl_str_is", "sodium_memcmp", "crypto_verify_32"]
SECRET_NAMES = re.compile(r"(?i)(?:^|[^a-z])(?:\w*_)?(?:hash|secret|token|signature|sig|mac|csrf|passwords?|api_key|seal|digest|master)s?(?:_\w*)?\b")
NOT_SECRET = {  # file -> what is compared there and is not secret
    "src/base/crypto.c": ["sodium_memcmp"],  # dgl_equal_secret() itself
}

# Case matters: these are marks, not words of the language.
FORBIDDEN_WORDS = ["TODO", "FIXME", "XXX", "HACK", "WIP", "lorem ipsum", "Lorem ipsum"]
FORBIDDEN_PATHS = re.compile(r"(?<![\w./-])/(?:work|root|home|Users)/[\w.]")

C_FOLDERS = ("src/", "tests/", "bench/", "examples/")


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, problems):
        """Counts one check of one file; prints its problems."""
        if problems:
            self.failed += 1
            for problem in problems:
                print(problem)
        else:
            self.passed += 1


def all_files():
    """Every file of the project, relative to its root: what git knows, or what is there when there is no git."""
    try:
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True,
                                capture_output=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = []
        for folder, folders, names in os.walk(ROOT):
            folders[:] = [f for f in folders if not f.startswith((".git", "build")) and f not in ("node_modules", "__pycache__")]
            listed += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
    return sorted(f for f in set(listed) if f and os.path.isfile(os.path.join(ROOT, f)))


def read_text(path):
    """The file's text, or None when it is not text."""
    with open(os.path.join(ROOT, path), "rb") as file:
        data = file.read()
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def without_comments_and_strings(text):
    """C text with comments and literals blanked, line numbers kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def room_of(path):
    """The room of a path relative to src/, or None."""
    parts = path.split("/")
    for length in (2, 1):
        room = "/".join(parts[:length])
        if len(parts) > length and room in ROOMS:
            return room
    return None


def check_includes(path, text):
    inside = path[len("src/"):]
    room = room_of(inside)
    if room is None:
        return [f"{path}:1: the file is in no room of the table"]
    allowed = ROOMS[room]
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        kind, target = match.groups()
        if kind == "<":
            for prefix, rooms in LIBRARIES.items():
                if target.startswith(prefix) and room not in rooms:
                    problems.append(f"{path}:{number}: <{target}> belongs to {', '.join(rooms) or 'no room'}, not to {room}")
            continue
        if "/" not in target:
            continue  # beside the file
        other = room_of(target)
        if target.startswith("../") or (other is None and target.split("/")[0] in ("base", "render", "server", "cli")):
            problems.append(f'{path}:{number}: "{target}" is not a path from src/ into a room')
        elif other not in (None, room, "base") and other not in allowed and target not in allowed:
            problems.append(f"{path}:{number}: {room} may not include {other} ({target})")
    return problems


def check_calls(path, text):
    code = without_comments_and_strings(text)
    calls = list(FORBIDDEN_CALLS)
    if path.startswith("src/") and room_of(path[len("src/"):]) not in ENVIRONMENT_ROOMS and path not in ENVIRONMENT_FILES:
        calls += ENVIRONMENT_CALLS
    pattern = re.compile(r"(?<![\w.])(?<!->)(" + "|".join(calls) + r")\s*\(")
    return [f"{path}:{code.count(chr(10), 0, m.start()) + 1}: {m.group(1)}() is not called in this project"
            for m in pattern.finditer(code)]


def check_secrets(path, text):
    code = without_comments_and_strings(text)
    problems = []
    for match in re.finditer(r"\b(" + "|".join(COMPARISONS) + r")\s*\(([^;{}]*)", code):
        depth, end = 1, 0
        for end, c in enumerate(match.group(2)):
            depth += (c == "(") - (c == ")")
            if depth == 0:
                break
        arguments = match.group(2)[:end]
        allowed = NOT_SECRET.get(path, [])
        if (SECRET_NAMES.search(arguments) or match.group(1).startswith(("sodium", "crypto"))) and not any(a in match.group(0) for a in allowed):
            problems.append(f"{path}:{code.count(chr(10), 0, match.start()) + 1}: {match.group(1)}({arguments}) looks at a secret; use dgl_equal_secret()")
    return problems


def check_opening(path, text):
    first = text.lstrip()
    if first.startswith("//") or first.startswith("/*"):
        return []
    return [f"{path}:1: the file does not open with a comment"]


def check_words(path, text):
    words = re.compile(r"\b(" + "|".join(FORBIDDEN_WORDS) + r")\b")
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        for match in list(words.finditer(line)) + list(FORBIDDEN_PATHS.finditer(line)):
            problems.append(f'{path}:{number}: "{match.group().strip()}" does not belong in the tree')
    return problems


def main():
    report = Report()
    this_file = os.path.relpath(os.path.abspath(__file__), ROOT)
    for path in all_files():
        text = read_text(path)
        if text is None:
            continue
        if path.endswith((".c", ".h")):
            if path.startswith("src/"):
                report.check(check_includes(path, text))
                if not path.startswith("src/render/"):  # it knows no secrets
                    report.check(check_secrets(path, text))
            if path.startswith(C_FOLDERS):
                report.check(check_calls(path, text))
                report.check(check_opening(path, text))
        if path != this_file:  # it has to name the words
            report.check(check_words(path, text))
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed or not report.passed else 0


if __name__ == "__main__":
    sys.exit(main())
