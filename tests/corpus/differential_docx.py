#!/usr/bin/python3
"""Compares our Word templates with python-docx-template on generated documents.

    differential_docx.py [--seed N] [--count N] [--show N] PATH/TO/render_docx

A grammar makes WordprocessingML from the seed: paragraphs whose text is cut into runs at random places, conditions and loops inside lines, around
paragraphs, rows and cells, spans, fills and merges. Debian's python3-docxtpl and render_docx (tests/unit/docx/render_docx.c) fill each with the same
data; the text, the tables with their spans, merges, fills and grids must be the same, blank paragraphs aside, or both must fail. The format of runs is
not compared: there, text behind a tag loses its own. Exit status 1 when any case differs.
"""
import argparse
import importlib.util
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import warnings
import xml.etree.ElementTree as ET
import zipfile
from xml.sax.saxutils import escape

import docxtpl
import jinja2

sys.dont_write_bytecode = True
warnings.simplefilter("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("small_docx", os.path.join(os.path.dirname(HERE), "blackbox", "docx.py"))
small_docx = importlib.util.module_from_spec(spec)
spec.loader.exec_module(small_docx)
W = "{%s}" % small_docx.W

DATA = {
    "name": "Ann & <Co>", "n": 3, "zero": 0, "price": 12.5, "yes": True, "no": False, "nil": None, "empty": [], "text": "one\ntwo\tthree", "quote": "it's \"so\"",
    "tags": ["red", "green", "blue"], "colour": "FFEEDD",
    "items": [{"name": "Pump", "count": 2, "price": 10.5, "parts": ["a", "b"]}, {"name": "Valve <x>", "count": 1, "price": 3, "parts": []},
              {"name": "Hose", "count": 12, "price": 0.25, "parts": ["c"]}],
    "person": {"first": "Bo", "last": "Li", "city": {"name": "Köln", "zip": "50667"}},
}
VALUES = ["name", "n", "price", "nil", "missing", "text", "person.first", "person.city.name", "person.nothing", "tags[1]", "tags|join(', ')", "n + 1", "price * 2", "name|upper", "name|lower|title",
          "'%.2f'|format(price)", "missing|default('none')", "missing|default(\"x\")", "tags|length", "items|sum(attribute='count')", "items|map(attribute='name')|join('; ')", "'yes' if yes else 'no'",
          "'a' if no", "person['last']", "n ~ '/' ~ price", "items[0].name", "tags|first", "tags|last|capitalize", "(1, 'a')", "tags", "yes", "'{:,.2f}'.format(1234.5)", "name|replace('A', 'E')", "name|length",
          "person.first.upper()", "n is odd", "not yes", "items|selectattr('count', 'gt', 1)|list|length", "quote"]
ITEM_VALUES = ["item.name", "item.count", "item.price", "item.count * item.price", "loop.index", "loop.first", "loop.length", "item.parts|join('+')", "loop.cycle('odd', 'even')", "item.name[:2]"]
CONDITIONS = ["yes", "no", "n > 2", "missing", "n == 3 and not no", "name is defined", "'red' in tags", "empty", "zero", "price < n", "person.city.name == 'Köln'"]
LOOPS = [("item", "items"), ("item", "items|sort(attribute='price')"), ("tag", "tags"), ("tag", "empty"), ("k", "range(2)"), ("tag", "missing"), ("item", "items if item.count > 1")]


class Gen:
    def __init__(self, rng):
        self.r = rng
        self.loops = []

    def chance(self, p):
        return self.r.random() < p

    def value(self):
        own = [name for name, _ in self.loops]
        if own and self.chance(0.6):
            return self.r.choice(ITEM_VALUES) if own[-1] == "item" else self.r.choice([own[-1], "loop.index", "loop.last"])
        return self.r.choice(VALUES)

    def quotes(self, tag):
        return tag.translate({39: self.r.choice("‘’'"), 34: self.r.choice("“”\"")}) if self.chance(0.2) else tag

    def words(self):
        return self.r.choice(["text ", " and ", "x", "Dear ", ", ", " – ", "Größe ", "a & b ", "(", ") ", "1 < 2 ", "100 % "])

    def tag(self):
        return self.quotes("{{ %s }}" % self.value())

    def inline(self, depth=0):
        out = ""
        for _ in range(self.r.randrange(1, 4)):
            k = self.r.randrange(10)
            if k < 4:
                out += self.words()
            elif k < 7 or depth > 1:
                out += self.tag()
            elif k < 8:
                out += "{%% if %s %%}%s" % (self.r.choice(CONDITIONS), self.inline(depth + 1))
                if self.chance(0.3):
                    out += "{%% elif %s %%}%s" % (self.r.choice(CONDITIONS), self.inline(depth + 1))
                if self.chance(0.5):
                    out += "{% else %}" + self.inline(depth + 1)
                out += "{% endif %}"
            elif k < 9:
                name, source = self.r.choice(LOOPS)
                self.loops.append((name, source))
                out += "{%% for %s in %s %%}%s{%% endfor %%}" % (name, source, self.inline(depth + 1))
                self.loops.pop()
            else:
                out += self.r.choice(["{# note #}", "{% set q = n * 2 %}", "{_{ not }_}"])
        return out

    def runs(self, text):
        """Runs of the text, cut at random places, some bold, with the marks of Word's spelling checker between."""
        out, start = "", 0
        whole = {i + k for mark in ("{_{", "}_}") for i in range(len(text)) if text.startswith(mark, i) for k in (1, 2)}  # cut there, they are none for docxtpl
        sample = self.r.sample(range(1, len(text)), min(len(text) - 1, self.r.choice([0, 0, 1, 2, 6]))) if len(text) > 1 else []
        cuts = sorted(c for c in sample if c not in whole)
        for end in cuts + [len(text)]:
            bold = "<w:rPr><w:b/></w:rPr>" if self.chance(0.2) else ""
            out += '<w:r>%s<w:t xml:space="preserve">%s</w:t></w:r>' % (bold, escape(text[start:end]))
            if end < len(text) and self.chance(0.2):
                out += self.r.choice(['<w:proofErr w:type="spellStart"/>', '<w:bookmarkStart w:id="%d" w:name="b%d"/>' % ((self.r.randrange(1 << 20),) * 2), "<w:lastRenderedPageBreak/>"][:2])
            start = end
        return out

    def paragraph(self, text):
        pr = self.r.choice(["", "", '<w:pPr><w:jc w:val="right"/></w:pPr>', '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>'])
        return "<w:p>%s%s</w:p>" % (pr, self.runs(text) if text else "")

    def block_tag(self, prefix, inside):
        return "{%%%s %s %%}" % (prefix, inside)

    def blocks(self, depth=0):
        return "".join(self.block(depth) for _ in range(self.r.randrange(1, 4)))

    def block(self, depth):
        k = self.r.randrange(10 if depth < 2 else 5)
        if k < 5:
            return self.paragraph(self.inline())
        prefix = "p" if self.chance(0.7) else ""
        if k < 7:
            name, source = self.r.choice(LOOPS)
            self.loops.append((name, source))
            inside = self.blocks(depth + 1)
            self.loops.pop()
            other = self.paragraph(self.block_tag(prefix, "else")) + self.paragraph("nothing") if self.chance(0.2) else ""
            return self.paragraph(self.block_tag(prefix, "for %s in %s" % (name, source))) + inside + other + self.paragraph(self.block_tag(prefix, "endfor"))
        if k < 9:
            out = self.paragraph(self.block_tag(prefix, "if " + self.r.choice(CONDITIONS))) + self.blocks(depth + 1)
            if self.chance(0.3):
                out += self.paragraph(self.block_tag(prefix, "elif " + self.r.choice(CONDITIONS))) + self.blocks(depth + 1)
            if self.chance(0.5):
                out += self.paragraph(self.block_tag(prefix, "else")) + self.blocks(depth + 1)
            return out + self.paragraph(self.block_tag(prefix, "endif"))
        return self.table(depth)

    def cell(self, text, pr=""):
        return '<w:tc><w:tcPr><w:tcW w:w="2000" w:type="dxa"/>%s</w:tcPr>%s</w:tc>' % (pr, self.paragraph(text))

    def table(self, depth):
        columns = self.r.randrange(2, 4)
        blank = lambda tag: "<w:tr>%s%s</w:tr>" % (self.cell(tag), self.cell("") * (columns - 1))  # noqa: E731
        rows = "<w:tr>%s</w:tr>" % "".join(self.cell(self.words()) for _ in range(columns))
        for _ in range(self.r.randrange(1, 3)):
            kind = self.r.randrange(5)
            if kind == 0:
                rows += blank("{%%tr if %s %%}" % self.r.choice(CONDITIONS)) + self.row(columns, depth) + (blank("{%tr else %}") + self.row(columns, depth) if self.chance(0.4) else "") + blank("{%tr endif %}")
            elif kind < 4:
                name, source = self.r.choice(LOOPS)
                self.loops.append((name, source))
                rows += blank("{%%tr for %s in %s %%}" % (name, source)) + self.row(columns, depth) + blank("{%tr endfor %}")
                self.loops.pop()
            else:
                rows += self.row(columns, depth)
        grid = '<w:gridCol w:w="2000"/>' * columns
        return "<w:tbl><w:tblPr/><w:tblGrid>%s</w:tblGrid>%s</w:tbl><w:p/>" % (grid, rows)

    def row(self, columns, depth):
        k = self.r.randrange(8)
        if k == 0:
            return "<w:tr>%s</w:tr>" % self.cell("{%% colspan %d %%}%s" % (columns, self.inline(1)))
        cells = [self.cell(("{% cellbg colour %}" if self.chance(0.15) else "") + self.inline(1)) for _ in range(columns)]
        if k == 1 and self.loops:
            cells[0] = self.cell("{% vm %}" + self.words())
        return "<w:tr>%s</w:tr>" % "".join(cells)


def text_of(paragraph):
    return "".join({"t": n.text or "", "tab": "\t", "br": "⏎"}.get(n.tag.replace(W, ""), "") for run in paragraph.iter(W + "r") for n in run)


def cell_of(cell):
    pr, marks = cell.find(W + "tcPr"), ""
    for name in ("gridSpan", "vMerge", "shd"):
        e = pr.find(W + name) if pr is not None else None
        if e is not None:
            marks += "[%s %s]" % (name, e.get(W + ("fill" if name == "shd" else "val")))
    if "[vMerge None]" in marks or "[vMerge continue]" in marks:
        return "[merged]"  # Word shows nothing of it
    return marks + "¶".join(t for t in map(text_of, cell.iter(W + "p")) if t.strip())


def shape(package):
    """Everything that counts, a line per paragraph or row."""
    with zipfile.ZipFile(package) as z:
        body = ET.fromstring(z.read("word/document.xml")).find(W + "body")
    lines = []
    for block in body:
        if block.tag == W + "p":
            lines += [text_of(block)] if text_of(block).strip() else []
        elif block.tag == W + "tbl":
            lines.append("[%d columns]" % len(block.findall(W + "tblGrid/" + W + "gridCol")))
            rows = [" | ".join(map(cell_of, row.findall(W + "tc"))) for row in block.findall(W + "tr")]
            lines += rows if rows else ["[no rows]"]
    return lines


def theirs(package):
    try:
        template = docxtpl.DocxTemplate(io.BytesIO(package))
        template.render(json.loads(json.dumps(DATA)), jinja2.Environment(autoescape=True), autoescape=True)
        out = io.BytesIO()
        template.save(out)
        return shape(out)
    except Exception as e:  # whatever it is, we must fail too
        return "%s: %s" % (type(e).__name__, e)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--count", type=int, default=300)
    ap.add_argument("--show", type=int, default=10)
    ap.add_argument("program")
    args = ap.parse_args()
    bad = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        template, data, out = (os.path.join(folder, n) for n in ("t.docx", "d.json", "o.docx"))
        with open(data, "w", encoding="utf-8") as fh:
            json.dump(DATA, fh)
        for seed in range(args.seed, args.seed + args.count):
            package = small_docx.docx_bytes([], body_xml=Gen(random.Random(seed)).blocks() + "<w:p/>")
            with open(template, "wb") as fh:
                fh.write(package)
            done = subprocess.run([args.program, template, data, out], capture_output=True, text=True)
            ours = shape(out) if done.returncode == 0 else done.stderr.strip()
            want = theirs(package)
            failed += isinstance(want, str)
            if ours != want and not (isinstance(ours, str) and isinstance(want, str)):
                bad += 1
                if bad <= args.show:
                    with zipfile.ZipFile(io.BytesIO(package)) as z:
                        print("seed", seed, re.sub("<[^>]*>", "", z.read("word/document.xml").decode().replace("</w:p>", "¶")))
                    print("  docxtpl", json.dumps(want, ensure_ascii=False))
                    print("  ours   ", json.dumps(ours, ensure_ascii=False))
    print("%d documents, %d failed in docxtpl, %d differ" % (args.count, failed, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
