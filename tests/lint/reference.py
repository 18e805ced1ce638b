"""docs/template-reference.md is what `docgenlab reference` prints, and each sample in it gives what stands behind its arrow.

    python3 tests/lint/reference.py PROGRAM FILE

All samples stand in one template, a heading with its number before each, and are rendered once.
"""
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tests", "blackbox"))
from docx import text_lines, write_docx  # noqa: E402

# What the page says of the samples' data.
DATA = {"logo": "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="}
TERMS = "Terms for {{ customer }}"
ENTRY = re.compile(r"^- \*\*`(.*?)`\*\* .+\S  \n  `(.+)` → `(.*)`$", re.M)


def rendered(program, samples):
    """The text that each sample makes; a line break is ⏎, a picture [picture], a no-break space a blank."""
    with tempfile.TemporaryDirectory() as folder:
        template, data, out = (os.path.join(folder, name) for name in ("samples.docx", "data.json", "out.docx"))
        write_docx(template, [line for i, sample in enumerate(samples) for line in (f"§{i}", sample)])
        write_docx(os.path.join(folder, "Terms.docx"), [TERMS])
        with open(data, "w", encoding="utf-8") as fh:
            json.dump(DATA, fh)
        done = subprocess.run([program, "render", template, data, "-o", out], stderr=subprocess.PIPE, timeout=60)
        if done.returncode:
            raise SystemExit(done.stderr.decode())
        text = "\n".join(text_lines(out)).replace("[drawing]", "[picture]").replace("\N{NO-BREAK SPACE}", " ")
    return re.split(r"^§\d+\n", text + "\n", flags=re.M)[1:]


def main(program, path):
    printed = subprocess.run([program, "reference"], stdout=subprocess.PIPE, check=True).stdout.decode()
    with open(path, encoding="utf-8") as fh:
        page = fh.read()
    problems = list(difflib.unified_diff(page.splitlines(), printed.splitlines(), path, "docgenlab reference", lineterm="", n=0))
    if problems:
        problems.append(f"{path} differs from the tables: docgenlab reference >docs/template-reference.md")
    entries = ENTRY.findall(printed)
    listed = re.findall(r"^- \*\*`(.*?)`", printed, re.M)
    if not listed or len(entries) != len(listed):
        problems.append(f"without a line, a sample or its result: {sorted(set(listed) - {e[0] for e in entries})}")
    for (name, sample, result), text in zip(entries, rendered(program, [sample for _, sample, _ in entries])):
        if text.rstrip() != result:
            problems.append(f"{name}: {sample} gives {text.rstrip()!r}, not {result!r}")
    print("\n".join(problems) if problems else f"{len(entries)} samples give what they say")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
