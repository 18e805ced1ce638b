"""docs/templates.md says what is true: what it shows is rendered, and compared with what it says.

    python3 tests/corpus/guide.py [--write]

A row of a table "you write | you get" (with a column "data" between them or not) gives what stands in its last cell. A pair of
pictures is named after a template of examples/templates: the data behind it in the page is the data of the file (an ellipsis stands
for the rest of a text), the template is what make.py makes, its result has the text of guide_expected.txt (`--write` writes it anew),
and the pictures are made from both as they are now and are small. The rows of the form's table have the kind of field they name.
Ends with "N passed, M failed".
"""
import argparse
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, folder) for folder in ("scripts", "tests/blackbox", "examples/templates")]
import make as examples  # noqa: E402
import pictures  # noqa: E402
from docx import text_lines, write_docx  # noqa: E402
from local import PROGRAM, clean_environment  # noqa: E402
from palette import note_of  # noqa: E402

GUIDE = os.path.join(ROOT, "docs", "templates.md")
EXPECTED = os.path.join(HERE, "guide_expected.txt")
MOST_BYTES = 60 * 1024
INVISIBLE = str.maketrans({"\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ", "\N{SOFT HYPHEN}": None})
# The words of the form's table, and the types of tokens that `docgenlab lint` names.
FIELDS = {"a line of text": "text", "a date": "date", "a number": "number", "Yes or No": "boolean", "rows that can be added and removed": "list",
          "the address of a picture": "image"}


def run(*arguments):
    done = subprocess.run([PROGRAM, *arguments], env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")


def result(folder, template, data):
    """The lines of the filled template, or the message."""
    out = os.path.join(folder, "out.docx")
    status, _, message = run("render", template, data, "-o", out, "--now", pictures.NOW)
    return text_lines(out) if status == 0 else [message.strip()]


def tables(page):
    """(heads, rows of cells) of each Markdown table; `\\|` is a bar inside a cell."""
    for block in re.findall(r"(?:^\|.*\n)+", page, re.M):
        rows = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])] for line in block.splitlines()]
        yield rows[0], rows[2:]


def code(cell):
    return re.fullmatch(r"`(.*)`", cell).group(1)


def judge_row(folder, heads, cells):
    template, data = os.path.join(folder, "row.docx"), os.path.join(folder, "row.json")
    write_docx(template, [code(cells[0])])
    with open(data, "w", encoding="utf-8") as fh:
        fh.write(code(cells[1]) if heads[1] == "data" else "{}")
    got = "\n".join(result(folder, template, data)).translate(INVISIBLE).strip()
    want = cells[-1].translate(INVISIBLE)
    return None if got == want else f"{cells[0]} gives {got!r}, not {want!r}"


def judge_field(folder, cells):
    fragment, field = code(cells[0]), FIELDS.get(cells[1])
    if field is None:
        return None if "a group" in cells[1] else f"{cells[1]!r}: no such field"
    block = re.match(r"{% (if|for) ", fragment)
    template = os.path.join(folder, "field.docx")
    write_docx(template, [fragment + ("x{% end" + block.group(1) + " %}" if block else "")])
    said = run("lint", template)[1]
    return None if re.search(rf"^  \S+ +{field}$", said, re.M) else f"{cells[0]} is no {field}: {said!r}"


def same(shown, real):
    """Whether the data of the page is the file's; a text may end with an ellipsis."""
    if isinstance(shown, str) and shown.endswith("…") and isinstance(real, str):
        return real.startswith(shown[:-1])
    if isinstance(shown, dict) and isinstance(real, dict):
        return list(shown) == list(real) and all(same(shown[key], real[key]) for key in shown)
    if isinstance(shown, list) and isinstance(real, list):
        return len(shown) == len(real) and all(map(same, shown, real))
    return shown == real


def read_expected():
    with open(EXPECTED, encoding="utf-8") as fh:
        parts = re.split(r"^=== (.*)\n", fh.read(), flags=re.M)[1:]
    return dict(zip(parts[::2], (part[:-1].split("\n") for part in parts[1::2])))


def judge_pictures(name, ending):
    path = os.path.join(pictures.PICTURES, name + ending)
    with open(path, "rb") as fh:
        png = fh.read()
    if note_of(png) != pictures.digest(name):
        return f"{name}{ending} is older than its template: python3 scripts/pictures.py {name}"
    return f"{name}{ending} has {len(png)} bytes, more than {MOST_BYTES}" if len(png) > MOST_BYTES else None


def judge_example(folder, name, shown, expected):
    """Problems of a picture pair; `shown` is the JSON behind it, or None."""
    template, data = pictures.sources(name)
    with open(data, encoding="utf-8") as fh:
        real = json.load(fh)
    if shown is not None and not same(json.loads(shown), real):
        yield f"{name}: the page's data is not that of {os.path.relpath(data, ROOT)}"
    if name != pictures.INVOICE and shown is None:
        yield f"{name}: its data is not shown"
    got = result(folder, template, data)
    if got != expected:
        yield f"{name}: the text differs:\n  " + "\n  ".join(list(difflib.unified_diff(expected, got, lineterm="", n=0))[2:])
    for ending in ("-template.png", ".png"):
        problem = judge_pictures(name, ending)
        if problem:
            yield problem


def judge_made(folder):
    """Whether examples/templates holds what make.py makes."""
    examples.main(folder)
    for entry in sorted(os.listdir(folder)):
        with open(os.path.join(folder, entry), "rb") as made, open(os.path.join(pictures.TEMPLATES, entry), "rb") as kept:
            if made.read() != kept.read():
                yield f"examples/templates/{entry} is not what make.py makes"


def pairs(page):
    """(name, JSON or None) of each pair of pictures."""
    for part in re.split(r"^## ", page, flags=re.M):
        for name in re.findall(r"images/guide/(\S+)-template\.png", part):
            data = re.search(r"^```json\n(.*?)^```", part, re.M | re.S)
            yield name, data.group(1) if data else None


def judge_lint(page):
    """The message that the page quotes is one of the program's, which come in the document's order."""
    quoted = re.search(r"^```\n(error .*)\n```", page, re.M).group(1)
    said = run("lint", os.path.join(pictures.TEMPLATES, "broken.docx"))[1]
    places = [int(n) for n in re.findall(r"^ +error .*?, paragraph (\d+)", said, re.M)]
    return None if quoted in said and len(places) == 4 and places == sorted(places) else f"lint says otherwise: {said}"


def main(write):
    with open(GUIDE, encoding="utf-8") as fh:
        page = fh.read()
    found = dict(pairs(page))
    problems, count = [], 0

    def note(*news):
        nonlocal count
        count += 1
        problems.extend(problem for problem in news if problem)

    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as made:
        if write:
            with open(EXPECTED, "w", encoding="utf-8") as fh:
                for name in found:
                    fh.write(f"=== {name}\n" + "\n".join(result(folder, *pictures.sources(name))) + "\n")
        expected = read_expected()
        for heads, rows in tables(page):
            for cells in rows:
                if heads[0] == "you write":
                    note(judge_row(folder, heads, cells))
                elif heads[-1] == "in the form":
                    note(judge_field(folder, cells))
        for name, shown in found.items():
            note(*judge_example(folder, name, shown, expected.get(name, [])))
        note(*judge_made(made))
        note(judge_lint(page))
        missing = set(pictures.names()) - set(found)
        note(f"templates without a place in the page: {sorted(missing)}" if missing else None)
    for problem in problems:
        print("FAIL", problem)
    print(f"{count - len(problems)} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help="write guide_expected.txt anew; look at its difference")
    sys.exit(main(parser.parse_args().write))
