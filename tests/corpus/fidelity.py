"""The native engine on documents from outside: nearer to Word than LibreOffice on every pair, and nothing lost on the field corpus.

Needs the folder `shared` beside the checkout (or DGL_SHARED); without it there is nothing to measure and nothing fails. For each pair of
`corpus/word-pairs` the PDF is scored by `tools/fidelity.py` against Word's own and has to beat the score that the folder's README gives
for LibreOffice. Every other DOCX is rendered too: no crash, no hang, each word of the body on some page, at most one in ten declined.
Ends with "N passed, M failed".

    fidelity.py [FOLDER...]     only the documents below these folders
"""
import glob
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from xml.etree import ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RENDER = os.path.join(ROOT, "build", "release", "tests", "unit", "pdf", "render_pdf")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
HIDDEN = {W + "del", W + "moveFrom", MC + "Fallback", W + "instrText", W + "pPr", W + "rt"}
SECONDS = 120


def shared_folder():
    for place in (os.environ.get("DGL_SHARED"), os.path.join(ROOT, "..", "shared"), os.path.join(ROOT, "..", "..", "shared")):
        if place and os.path.isdir(os.path.join(place, "corpus")):
            return os.path.abspath(place)
    return None


def render(docx, pdf):
    """Returns (problem or None, declined or None)."""
    try:
        run = subprocess.run([RENDER, "--explain", docx, pdf], capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"took more than {SECONDS} s", None
    if run.returncode < 0 or "Sanitizer" in run.stderr:
        return f"crashed ({run.returncode})", None
    if run.returncode:
        return "error: " + run.stderr.strip().splitlines()[-1], None
    declined = re.findall(r"^(.*): declined", run.stdout, re.M)
    return None, ", ".join(declined) or None


def body_words(docx):
    """Words of the body's paragraphs as they must come out; fields that the engine works out anew are left out."""
    with zipfile.ZipFile(docx) as z:
        name = next((n for n in z.namelist() if re.fullmatch(r"word/document\d*\.xml", n)), None)
        if not name:
            return []
        root = ElementTree.fromstring(z.read(name))
    words = []
    depth = [0]

    def text_of(node):
        out = []
        for child in node:
            if child.tag in HIDDEN or child.tag == W + "p" or child.tag.endswith("}txbxContent"):
                continue
            if child.tag == W + "r":
                props = child.find(W + "rPr")
                if props is not None and props.find(W + "vanish") is not None:
                    continue
            if child.tag == W + "fldChar":
                kind = child.get(W + "fldCharType")
                depth[0] += (kind == "begin") - (kind == "end")
            elif child.tag == W + "fldSimple":
                continue
            elif child.tag == W + "t":
                out.append("" if depth[0] else child.text or "")
            elif child.tag in (W + "tab", W + "br", W + "drawing", W + "pict", W + "object", W + "sym"):
                out.append(" ")
            else:
                out.append(text_of(child))
        return "".join(out)

    def walk(node):
        for child in node:
            if child.tag in HIDDEN:
                continue
            if child.tag == W + "p":
                words.extend(text_of(child).split())
            walk(child)

    walk(root)
    return [w for w in words if re.search(r"\w\w", w)]


def plain(text):
    # Without hyphens: pdftotext takes those at line ends away.
    return re.sub(r"[-\s\u00ad\u2011\u200b\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text).upper()


def lost_words(docx, pdf):
    text = subprocess.run(["pdftotext", "-q", pdf, "-"], capture_output=True, text=True, check=True).stdout
    flat = plain(text)
    right_to_left = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
    return [w for w in body_words(docx) if not right_to_left.search(w) and plain(w) not in flat]


def office_scores(readme):
    with open(readme, encoding="utf-8") as fh:
        return {name: float(score) for name, score in re.findall(r"^\| (\d\d_\w+) \| ([\d.]+) \|", fh.read(), re.M)}


def check_pairs(shared, pdf, report):
    pairs = os.path.join(shared, "corpus", "word-pairs")
    for name, theirs in sorted(office_scores(os.path.join(pairs, "README.md")).items()):
        problem, _ = render(os.path.join(pairs, name, "source.docx"), pdf)
        if problem:
            report(False, name, problem)
            continue
        run = subprocess.run([sys.executable, os.path.join(shared, "tools", "fidelity.py"), pdf, os.path.join(pairs, name, "word.pdf")],
                             capture_output=True, text=True, check=True)
        ours = float(re.search(r"SCORE ([\d.]+)", run.stdout).group(1))
        report(ours > theirs, name, f"{ours} of 100; LibreOffice {theirs}")


def main():
    shared, counts, declined = shared_folder(), [0, 0], []
    folders = sys.argv[1:] or ([os.path.join(shared, "corpus")] if shared else [])

    def report(good, name, what):
        counts[not good] += 1
        if not good or "of 100" in what:
            print("ok  " if good else "FAIL", name, what)

    with tempfile.TemporaryDirectory() as tmp:
        pdf = os.path.join(tmp, "out.pdf")
        if shared and not sys.argv[1:]:
            check_pairs(shared, pdf, report)
        files = [f for folder in folders for f in sorted(glob.glob(os.path.join(folder, "**", "*.docx"), recursive=True))]
        for docx in files:
            name = os.path.relpath(docx, folders[0])
            if not zipfile.is_zipfile(docx):
                continue
            problem, no = render(docx, pdf)
            if no:
                declined.append(f"{name} ({no})")
            lost = [] if problem else lost_words(docx, pdf)
            if problem and problem.startswith("error: "):  # a clear error is an answer, when the file is broken
                print("note", name, problem)
                problem = None
            report(not problem and not lost, name, problem or f"{len(lost)} words lost: {' '.join(lost[:8])}")
    if files:
        print(f"declined: {len(declined)} of {len(files)}" + "".join("\n  " + d for d in declined))
        report(len(declined) * 10 <= len(files), "declined", f"{len(declined)} of {len(files)} is more than one in ten")
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
