"""The native engine's PDFs in other people's programs: qpdf, Poppler, Ghostscript, MuPDF and PDFium (Chromium's viewer).

None may complain, all must read the same letters in each document, and Poppler and PDFium must draw the same pages. The invoice and a
document per kind of content are looked at; with --all every DOCX of the folder `shared` beside the checkout too (or DGL_SHARED). The
invoice is made for archives and with a password besides. Ends with "N passed, M failed".

    viewers.py [--all]
"""
import collections
import glob
import os
import re
import subprocess
import sys
import tempfile
import unicodedata

import pypdfium2

from fidelity import ROOT, shared_folder

PROGRAM = os.environ.get("DGL_PROGRAM", os.path.join(ROOT, "build", "docgenlab"))
RENDER = os.path.join(ROOT, "build", "release", "tests", "unit", "pdf", "render_pdf")
DPI = 36
NO_COLOUR_PROFILES = "ICC support is not available"  # Debian's MuPDF, of every document
PASSWORD = "viewers know"


def run(*args, **more):
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **more)


def complaints(name, result, known=None):
    lines = [line for line in (result.stdout + result.stderr).decode(errors="replace").splitlines()
             if line.strip() and not (known and known in line)]
    return [f"{name}: {lines[0] if lines else 'exit code ' + str(result.returncode)}"] if lines or result.returncode else []


def letters(text):
    """How often each letter and digit stands there; composed and decomposed forms of a letter are the same."""
    return collections.Counter(c for c in unicodedata.normalize("NFKD", text) if c.isalnum())


def differ(a, b):
    return "".join(sorted((a - b) | (b - a)))[:20]


def gray_poppler(pdf, page, password):
    out = run("pdftoppm", "-upw", password, "-r", str(DPI), "-gray", "-f", str(page), "-l", str(page), pdf).stdout
    width, height = (int(n) for n in out.split(b"\n", 2)[1].split())
    return width, height, out[-width * height:]


def gray_pdfium(page):
    image = page.render(scale=DPI / 72, grayscale=True)
    rows = bytes(image.buffer)
    return image.width, image.height, b"".join(rows[y * image.stride:y * image.stride + image.width] for y in range(image.height))


def looks_different(a, b):
    """Mean difference of brightness over cells of 8 x 8 pixels; what two ways of smoothing give stays far below."""
    if abs(a[0] - b[0]) > 1 or abs(a[1] - b[1]) > 1:
        return True
    width, height, worst = min(a[0], b[0]), min(a[1], b[1]), 0
    for top in range(0, height - 7, 8):
        for left in range(0, width - 7, 8):
            total = 0
            for y in range(top, top + 8):
                total += sum(a[2][y * a[0] + left:y * a[0] + left + 8]) - sum(b[2][y * b[0] + left:y * b[0] + left + 8])
            worst = max(worst, abs(total) / 64)
    return worst > 60


def examine(pdf, password=""):
    """The problems of one PDF."""
    checked = run("qpdf", f"--password={password}", "--check", pdf)
    found = complaints("qpdf", checked) if checked.returncode else []
    found += complaints("Ghostscript", run("gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=nullpage", f"-sPDFPassword={password}", pdf))
    mupdf = run("mutool", "draw", "-q", "-p", password, "-F", "txt", pdf)
    if mupdf.returncode or b"error" in mupdf.stderr:
        found += complaints("MuPDF", mupdf, NO_COLOUR_PROFILES)
    poppler = run("pdftotext", "-upw", password, "-raw", pdf, "-")
    if poppler.returncode or poppler.stderr.strip():
        found.append("Poppler: " + poppler.stderr.decode().strip()[:200])
    document = pypdfium2.PdfDocument(pdf, password=password or None)
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    read = {"Poppler": letters(poppler.stdout.decode()), "PDFium": letters(text), "MuPDF": letters(mupdf.stdout.decode(errors="replace"))}
    for name in ("PDFium", "MuPDF"):
        if read[name] != read["Poppler"]:
            found.append(f"{name} and Poppler read different letters: {differ(read[name], read['Poppler'])}")
    for number in range(min(len(document), 3)):
        if looks_different(gray_poppler(pdf, number + 1, password), gray_pdfium(document[number])):
            found.append(f"Poppler and PDFium draw page {number + 1} differently")
    return found


def documents(everything):
    made = sorted(glob.glob(os.path.join(ROOT, "examples", "*.docx")))
    shared = shared_folder()
    if shared and everything:
        made += sorted(glob.glob(os.path.join(shared, "corpus", "**", "*.docx"), recursive=True))
    elif shared:
        made += sorted(glob.glob(os.path.join(shared, "corpus", "word-pairs", "*", "source.docx")))
    return made


def jobs(folder, everything):
    """(name, PDF, password), made as they are asked for."""
    pdf = os.path.join(folder, "out.pdf")
    password = os.path.join(folder, "password")
    with open(password, "w", encoding="utf-8") as fh:
        fh.write(PASSWORD)
    invoice = [os.path.join(ROOT, "examples", name) for name in ("invoice.docx", "invoice.json")]
    for name, flags, word in (("invoice", (), ""), ("invoice for archives", ("--pdf-a",), ""),
                              ("invoice with a password", ("--open-password-file", password), PASSWORD)):
        made = run(PROGRAM, "render", *invoice, "-o", pdf, *flags)
        yield name, None if made.returncode else pdf, word
    for docx in documents(everything):
        made = run(RENDER, docx, pdf)
        yield os.path.relpath(docx, os.path.dirname(ROOT)), None if made.returncode else pdf, ""


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, pdf, password in jobs(folder, "--all" in sys.argv[1:]):
            problems = examine(pdf, password) if pdf else ["could not be made"]
            passed += not problems
            failed += bool(problems)
            for problem in problems:
                print(f"FAIL {name}: {problem}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
