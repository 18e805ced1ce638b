#!/usr/bin/env python3
"""Makes the pictures of docs/templates.md: each template of examples/templates as it is written, and filled.

    python3 scripts/pictures.py [NAME]...

docs/images/guide/NAME-template.png and NAME.png come from examples/templates/NAME.docx and .json, laid out by the program itself;
examples/invoice.docx is among them. Each picture holds a digest of what it was made from, so that a test can tell an old one.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from palette import read_ppm, write_png  # noqa: E402
from local import PROGRAM, clean_environment  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TEMPLATES = os.path.join(ROOT, "examples", "templates")
PICTURES = os.path.join(ROOT, "docs", "images", "guide")
NOW = "2026-03-09T10:00:00Z"
INVOICE = "invoice"


def sources(name):
    """(template, data or None) of an example."""
    folder = os.path.dirname(TEMPLATES) if name == INVOICE else TEMPLATES
    data = os.path.join(folder, name + ".json")
    return os.path.join(folder, name + ".docx"), data if os.path.exists(data) else None


def digest(name):
    """Of what the pictures of an example are made from."""
    made = hashlib.sha256()
    for path in sources(name):
        if path:
            with open(path, "rb") as fh:
                made.update(fh.read())
    return made.hexdigest()


def names():
    """The examples that have a result."""
    found = sorted(entry[:-5] for entry in os.listdir(TEMPLATES) if entry.endswith(".json"))
    return [INVOICE] + found


def render(template, data, out):
    command = [PROGRAM, "render", template, data, "-o", out, "--now", NOW]
    done = subprocess.run(command, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if done.returncode:
        raise SystemExit(f"{template}: {done.stderr.decode(errors='replace').strip()}")


def write_literal(template, out):
    """A copy whose tags are printed as they stand: {{ as {_{, and so on."""
    with zipfile.ZipFile(template) as source, zipfile.ZipFile(out, "w") as copy:
        for item in source.infolist():
            data = source.read(item)
            if item.filename.endswith(".xml"):
                for tag, literal in ((b"{{", b"{_{"), (b"}}", b"}_}"), (b"{%", b"{_%"), (b"%}", b"%_}")):
                    data = data.replace(tag, literal)
            copy.writestr(item, data)


def picture(pdf, note, dpi):
    done = subprocess.run(["pdftoppm", "-r", str(dpi), "-f", "1", "-l", "1", pdf], stdout=subprocess.PIPE, check=True)
    return write_png(*read_ppm(done.stdout), note=note)


def make(name, folder):
    template, data = sources(name)
    literal, nothing, pdf = (os.path.join(folder, entry) for entry in ("literal.docx", "nothing.json", "out.pdf"))
    write_literal(template, literal)
    with open(nothing, "w", encoding="utf-8") as fh:
        json.dump({}, fh)
    for source, values, ending in ((literal, nothing, "-template.png"), (template, data, ".png")):
        render(source, values, pdf)
        path = os.path.join(PICTURES, name + ending)
        with open(path, "wb") as fh:
            fh.write(picture(pdf, digest(name), 75 if name == INVOICE else 110))
        print(f"{os.path.relpath(path, ROOT)}: {os.path.getsize(path):,} bytes")


def main(wanted):
    os.makedirs(PICTURES, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted or names():
            make(name, folder)


if __name__ == "__main__":
    main(sys.argv[1:])
