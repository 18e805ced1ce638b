"""The template corpus: our own cases in docx/*.case through `docgenlab render`, and the field corpus beside the checkout when it is there.

A case file holds several cases. Each: a line `=== title`, then sections `--- body` (one paragraph per line, `¦` ends a run, `| a | b |` is
a table row) or `--- body-xml` (WordprocessingML), optional `--- header`, `--- data` (JSON), and `--- expected` (the text of the result in the same form) or `--- error` (lines
that must all stand in the message; the command must exit 1 and leave no file). Ends with "N passed, M failed".
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tests", "blackbox"))
from docx import text_lines, write_docx  # noqa: E402

# The one case of the field corpus that asks for integers beyond 64 bits.
TOO_BIG = r"FAIL synthetic/beyond_the_usual: .*number out of range; send numbers larger than 64 bits as strings"
PROGRAM = os.environ.get("DGL_PROGRAM", os.path.join(ROOT, "build", "docgenlab"))


def read_cases(path):
    with open(path, encoding="utf-8") as fh:
        for part in re.split(r"^=== ", fh.read(), flags=re.M)[1:]:
            title, _, rest = part.partition("\n")
            sections = {}
            for section in re.split(r"^--- ", rest, flags=re.M)[1:]:
                name, _, content = section.partition("\n")
                sections[name.strip()] = content.rstrip("\n").split("\n")
            yield title.strip(), sections


def render(folder, case):
    template, data, out = (os.path.join(folder, n) for n in ("template.docx", "data.json", "out.docx"))
    raw = "".join(case["body-xml"]) if "body-xml" in case else None
    write_docx(template, case.get("body", []), header=case.get("header"), body_xml=raw)
    with open(data, "w", encoding="utf-8") as fh:
        fh.write("\n".join(case.get("data", ["{}"])))
    if os.path.exists(out):
        os.remove(out)
    env = {k: v for k, v in os.environ.items() if not k.startswith("DOCGENLAB_")}
    done = subprocess.run([PROGRAM, "render", template, data, "-o", out, "--now", "2026-01-15T10:30:00Z"], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return done.returncode, done.stderr.decode(errors="replace"), out


def judge(folder, case):
    status, message, out = render(folder, case)
    if "error" in case:
        if status != 1:
            return f"exit status {status}, 1 was expected"
        if os.path.exists(out):
            return "an output file was left behind"
        missing = [words for words in case["error"] if words and words not in message]
        return f"the message does not say {missing[0]!r}: {message.strip()}" if missing else None
    if status != 0:
        return message.strip()
    got = text_lines(out)
    if "expected-header" in case:
        got_header = text_lines(out, "word/header1.xml")
        if got_header != case["expected-header"]:
            return f"header {got_header!r} instead of {case['expected-header']!r}"
    if got != case["expected"]:
        return "\n      ".join(["the text differs:"] + [f"- {x}" for x in case["expected"]] + [f"+ {x}" for x in got])
    return None


def own_cases():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(glob.glob(os.path.join(HERE, "docx", "*.case"))):
            for title, case in read_cases(path):
                problem = judge(folder, case)
                passed, failed = (passed, failed + 1) if problem else (passed + 1, failed)
                if problem:
                    print(f"FAIL {os.path.basename(path)} \"{title}\": {problem}")
    print(f"own cases: {passed} passed, {failed} failed")
    return passed, failed


def field_corpus():
    shared = os.path.join(os.path.dirname(ROOT), "shared")
    runner = os.path.join(shared, "tools", "run_template_corpus.py")
    if not os.path.exists(runner):
        return 0, 0
    command = ["--", PROGRAM, "render", "{template}", "{data}", "-o", "{out}"]
    passed = failed = 0
    for arguments in (["--ignore-blank-paragraphs", os.path.join(shared, "corpus")],
                      ["--check-messages", os.path.join(shared, "corpus", "errors")]):
        done = subprocess.run([sys.executable, runner] + arguments + command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text = done.stdout.decode(errors="replace")
        print("field corpus:", text)
        counts = re.findall(r"(\d+) passed, (\d+) failed", text)
        if counts and re.search(TOO_BIG, text):  # integers are 64 bits wide: the clear error is the right answer
            counts.append((int(counts[-1][0]) + 1, int(counts[-1][1]) - 1))
        passed, failed = (passed + int(counts[-1][0]), failed + int(counts[-1][1])) if counts else (passed, failed + 1)
    return passed, failed


def judge_object(folder, template, case):
    """A template made for host objects, with our JSON forms of them (objects.json)."""
    paths = [os.path.join(folder, n) for n in ("main.docx", "data.json", "out.docx")]
    shutil.copy(template, paths[0])
    write_docx(os.path.join(folder, "terms.docx"), ["Terms of {{ name }}"])
    with open(paths[1], "w", encoding="utf-8") as fh:
        json.dump(case["data"], fh)
    done = subprocess.run([PROGRAM, "render", paths[0], paths[1], "-o", paths[2]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    message = done.stderr.decode(errors="replace")
    if "error" in case:
        return None if done.returncode == 1 and case["error"] in message else f"{case['error']!r} is not named: {message}"
    if done.returncode:
        return message
    lines = "\n".join(text_lines(paths[2]))
    with zipfile.ZipFile(paths[2]) as z:
        xml = "".join(z.read(n).decode() for n in z.namelist() if re.match(r"word/(document|header\d*|footer\d*)\.xml$", n))
        member = z.read(case["member"][0]).decode() if "member" in case else ""
    missing = [x for x in case.get("text", []) if x not in lines] + [x for x in case.get("xml", []) if x not in xml] + [x for x in case.get("member", [])[1:] if x not in member]
    return f"{missing[0]!r} is missing" if missing else None


def host_objects():
    corpus = os.path.join(os.path.dirname(ROOT), "shared", "corpus", "docxtpl-objects")
    if not os.path.isdir(corpus):
        return 0, 0
    passed = failed = 0
    with open(os.path.join(HERE, "objects.json"), encoding="utf-8") as fh, tempfile.TemporaryDirectory() as folder:
        for name, case in json.load(fh).items():
            problem = judge_object(folder, os.path.join(corpus, name, "template.docx"), case)
            passed, failed = (passed, failed + 1) if problem else (passed + 1, failed)
            if problem:
                print(f"FAIL host objects \"{name}\": {problem}")
    print(f"host objects: {passed} passed, {failed} failed")
    return passed, failed


if __name__ == "__main__":
    results = [own_cases(), host_objects(), field_corpus()]
    passed, failed = (sum(r[i] for r in results) for i in (0, 1))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
