#!/usr/bin/python3
"""Templates as the field writes them: invoices, contracts, reports, and each feature of python-docx-template by itself.

    field.py [--against-docxtpl] [--write] [--only NAME]... [--runs whole|chars|some|marks]

Each case of field_cases.py and field_documents.py is a document made here and its data. `docgenlab render` fills it; what is in the result, part by part, must be what
field_expected.txt says, and the package must be whole: parts well-formed, relationships and content types there, elements nested as Word wants. The other kinds of
`--runs` cut every run at each character, at some of them, and put Word's marks between, without any change of the result.

`--against-docxtpl` fills each with python-docx-template, too, and prints where the two differ, but for the cases in RIGHT, where the other is wrong. `--write`
writes field_expected.txt anew; look at its difference. Ends with "N passed, M failed".
"""
import argparse
import copy
import difflib
import io
import itertools
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
import zipfile

sys.dont_write_bytecode = True
import field_documents  # noqa: E402,F401  puts its documents to the cases
from field_cases import CASES  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.environ.get("DGL_PROGRAM", os.path.join(ROOT, "build", "docgenlab"))
EXPECTED = os.path.join(HERE, "field_expected.txt")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"

# Cases in which python-docx-template prints something else, and is wrong.
RIGHT = {
    "rr_plain_value": "drops a plain value behind {{r",
    "p_value_plain": "drops a plain value behind {{p",
    "tc_value": "writes text beside cells",
    "colspan": "the grid has fewer columns than the widest row",
    "sdt_cell": "does not count cells in content controls",
    "crlf": "leaves a carriage return in the text",
    "xmlchars": "loses the text behind a bare & of a safe value",
    "hyperlink_split_tag": "loses what follows a tag that crosses an element",
    "sdt_split_tag": "loses what follows a tag that crosses an element",
    "sdt_inline_for": "the controls' text is cut",
    "filters2": "safe markup that is no WordprocessingML",
    "ws_control": "{%- in the middle of a run swallows the text before it",
    "triple": "three braces are no tag",
    "braces_text": "delimiters in strings, cut into runs",
    "entities_in_tag": "an & in a literal",
    "nested_tables_loop": "a table without rows",
    "ragged_rows": "a row without cells",
    "include_missing": "has no loader",
    "tr_two_loops_row": "leaves the second tag out",
    "table_if_only_block_in_cell": "a cell that ends with a table",
    "cellbg_hash": "a fill with #",
    "endnotes": "leaves endnotes as they are",
    "comments_tags": "leaves comments as they are",
    "escape_delims": "escapes cut into runs",
    "filter_block": "filters markup as text",
    "cellbg": "an empty fill",
    "props": "knows fewer properties",
    "props_loop": "knows fewer properties",
    "footnotes": "leaves footnotes as they are before 0.19",
    "footnote_loop": "leaves footnotes as they are before 0.19",
    "footnote_turns": "leaves footnotes as they are before 0.19",
    "note_para_loop": "leaves footnotes as they are before 0.19",
    "cap_macro_notes": "has one note for all",
    "cap_macro_note_rows": "has one note for all",
    "cap_call_notes": "has one note for all",
    "cap_recursive_notes": "has one note for all",
    "cap_set_note": "has one note for all",
    "cap_branch_notes": "has one note for all",
    "notes_in_rows": "has one note for all",
    "doc_google_docs": "loses the paragraphs behind a tag that crosses a content control",
    "doc_libreoffice": "quotes in a field's argument, a note for all, rows without a prefix",
    "doc_old_word": "an & in a property",
    "hl_split_if": "the same link, in two pieces here",
    "doc_letter_nested_tables": "counts the cells of a table in a cell as columns",
    "doc_inserted_tags": "joins the paragraphs whose marks are inserted",
    "doc_insurance": "{%- behind a table swallows the tags of its rows",
}
ONE_RUN = {"ws_control"}  # is about blanks in one run


def part_names(names):
    kinds = ["word/document.xml", r"word/header\d+\.xml", r"word/footer\d+\.xml", "word/footnotes.xml", "word/endnotes.xml", "word/comments.xml", "docProps/core.xml"]
    return [n for kind in kinds for n in sorted(names) if re.fullmatch(kind, n)]


def inline(element):
    out = []
    for k in element:
        name = k.tag.split("}")[-1]
        if name == "t":
            out.append((k.text or "").replace("\n", "␊").replace("\r", "␍"))
        elif name in ("tab", "ptab") and element.tag == W + "r":
            out.append("\t")
        elif name in ("br", "cr"):
            out.append({"page": "␌"}.get(k.get(W + "type"), "⏎"))
        elif name in ("footnoteReference", "endnoteReference", "commentReference"):
            out.append("[%s %s]" % (name[:-9], k.get(W + "id")))
        elif name == "instrText":
            out.append("[field %s]" % " ".join((k.text or "").split()))
        elif name == "fldSimple":
            out.append("[field %s]%s" % (k.get(W + "instr").strip(), inline(k)))
        elif name == "sym":
            out.append("[sym %s]" % k.get(W + "char"))
        elif name == "hyperlink":
            out.append("<%s>" % inline(k))
        elif name == "txbxContent":
            out.append("[box %s]" % "¶".join(blocks(k)))
        elif name not in ("pPr", "rPr", "sdtPr", "del", "moveFrom", "Fallback"):
            out.append(inline(k))
    return "".join(out)


def cell(tc):
    pr, marks = tc.find(W + "tcPr"), ""
    for name in ("gridSpan", "vMerge", "shd"):
        e = pr.find(W + name) if pr is not None else None
        if e is not None:
            marks += "[%s %s]" % (name, e.get(W + ("fill" if name == "shd" else "val"), "-"))
    return "[merged]" if "[vMerge -]" in marks or "[vMerge continue]" in marks else marks + "¶".join(x for x in blocks(tc) if x.strip())


def children(parent, name):
    for k in parent:
        if k.tag == W + name:
            yield k
        elif k.tag in (W + "sdt", W + "sdtContent"):
            yield from children(k, name)


def blocks(parent):
    lines = []
    for k in parent:
        if k.tag == W + "p":
            lines.append(inline(k))
        elif k.tag == W + "tbl":
            lines.append("[%d columns]" % len(k.findall(W + "tblGrid/" + W + "gridCol")))
            lines += ["| %s |" % " | ".join(map(cell, children(row, "tc"))) for row in children(k, "tr")]
        elif k.tag in (W + "sdt", W + "sdtContent"):
            lines += blocks(k)
        elif k.tag in (W + "footnote", W + "endnote", W + "comment") and k.get(W + "type") is None:
            lines += ["(%s) %s" % (k.get(W + "id"), line) for line in blocks(k)]
    return lines


def shape(package):
    """What the document says, a line per paragraph that is not blank and per table row."""
    lines = []
    with zipfile.ZipFile(package) as z:
        for name in part_names(z.namelist()):
            root = ET.fromstring(z.read(name))
            if name.startswith("docProps"):
                lines += ["%s: %s" % (k.tag.split("}")[-1], k.text) for k in root if k.tag.split("}")[-1] in ("title", "subject", "creator", "keywords", "description", "category", "lastModifiedBy")
                          and k.text and k.text not in ("Word Document", "python-docx", "generated by python-docx")]
                continue
            body = root.find(W + "body")
            text = [line for line in blocks(body if body is not None else root) if line.strip()]
            lines += (["(%s)" % os.path.basename(name)[:-4]] if name != "word/document.xml" and text else []) + text
    return lines


# ---- whether Word would open it

HOLDS = {"p": ("body", "tc", "hdr", "ftr", "footnote", "endnote", "comment", "txbxContent", "sdtContent"), "tbl": ("body", "tc", "hdr", "ftr", "footnote", "endnote", "comment", "txbxContent", "sdtContent"),
         "tr": ("tbl", "sdtContent"), "tc": ("tr", "sdtContent"), "r": ("p", "hyperlink", "ins", "del", "moveFrom", "moveTo", "sdtContent", "smartTag", "fldSimple", "rt", "rubyBase"), "t": ("r",)}


def misplaced(element):
    for k in element:
        if not k.tag.startswith(W):
            yield from misplaced(k)
            continue
        name, parent = k.tag[len(W):], element.tag.split("}")[-1]
        if name in HOLDS and parent not in HOLDS[name]:
            yield "%s in %s" % (name, parent)
        if name == "tc" and [x.tag for x in k if x.tag in (W + "p", W + "tbl", W + "sdt")][-1:] not in ([W + "p"], [W + "sdt"]):
            yield "a cell does not end with a paragraph"
        if name in ("tr", "tbl") and not list(k.iter(W + "tc")):
            yield "%s without cells" % name
        if name in ("p", "tbl", "tr", "tc", "r") and ((k.text or "").strip() or any((x.tail or "").strip() for x in k)):
            yield "text in %s" % name
        yield from misplaced(k)


def numbering_problem(z, names):
    """Marks of ranges whose ids or names repeat, notes that are there twice, references to notes that are not there; None when there are none."""
    used, defined = [], []
    for name in (n for n in names if n.startswith("word/") and n.endswith(".xml")):
        for e in ET.fromstring(z.read(name)).iter():
            kind, number = e.tag.replace(W, ""), e.get(W + "id")
            if kind in ("comment", "footnote", "endnote", "bookmarkStart", "bookmarkEnd"):
                defined.append((kind, number))
            if kind == "bookmarkStart":
                defined.append(("bookmark named", e.get(W + "name")))
            if kind in ("commentReference", "footnoteReference", "endnoteReference", "commentRangeStart", "commentRangeEnd"):
                used.append((re.match("[a-z]+", kind).group(), number))
    twice = next((d for d in defined if defined.count(d) > 1), None)
    gone = next((u for u in used if u not in defined), None)
    return twice and "%s %s is there twice" % twice or gone and "%s %s is not there" % gone


def broken(path):
    """The first thing Word would complain about; None when there is none."""
    with zipfile.ZipFile(path) as z:
        names = set(z.namelist())
        types = z.read("[Content_Types].xml").decode()
        for name in names:
            if not name.endswith((".xml", ".rels")):
                continue
            try:
                root = ET.fromstring(z.read(name))
            except ET.ParseError as e:
                return "%s is not well-formed: %s" % (name, e)
            for problem in misplaced(root) if name.startswith("word/") and not name.endswith(".rels") else ():
                return "%s: %s" % (name, problem)
            folder, base = os.path.split(name)
            rels = os.path.join(folder, "_rels", base + ".rels")
            known = {r.get("Id") for r in ET.fromstring(z.read(rels))} if rels in names else set()
            used = {v for e in root.iter() for k, v in e.attrib.items() if k.startswith(R)}
            if used - known and not name.endswith(".rels"):
                return "%s: no relationship %s" % (name, sorted(used - known)[0])
            drawings = [e.get("id") for e in root.iter() if e.tag.endswith("}docPr") and "wordprocessingDrawing" in e.tag]
            if len(drawings) != len(set(drawings)):
                return "%s: two drawings with one id" % name
        problem = numbering_problem(z, names)
        if problem:
            return problem
        return next((n + " has no content type" for n in names if "/%s\"" % n not in types and 'Extension="%s"' % n.rsplit(".", 1)[-1] not in types and n != "[Content_Types].xml"), None)


# ---- variants

def cut(package, kind):
    rng, bookmarks = random.Random(5), itertools.count(99)
    glue = ['<w:proofErr w:type="spellStart"/>', '<w:bookmarkStart w:id="{0}" w:name="q{0}"/><w:bookmarkEnd w:id="{0}"/>', "<w:r><w:lastRenderedPageBreak/></w:r>", ""] if kind == "marks" else [""]

    def pieces(match):
        out, current = [], ""
        for character in re.findall(r"&[a-z]+;|.", match.group(2), re.S):
            current += character
            if kind == "chars" or rng.random() < 0.25:
                out.append(current)
                current = ""
        out += [current] if current else []
        return "".join('<w:r>%s<w:t xml:space="preserve">%s</w:t></w:r>%s' % (match.group(1), x, rng.choice(glue).format(next(bookmarks))) for x in out)

    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("word/") and name.endswith(".xml"):
                data = re.sub(r'<w:r>((?:<w:rPr>(?:(?!</w:rPr>).)*</w:rPr>)?)<w:t xml:space="preserve">([^<]+)</w:t></w:r>', pieces, data.decode()).encode()
            new.writestr(name, data)
    return result.getvalue()


# ---- running

def ours(folder, package, data):
    template, values, out = (os.path.join(folder, n) for n in ("t.docx", "d.json", "o.docx"))
    with open(template, "wb") as fh:
        fh.write(package)
    with open(values, "w", encoding="utf-8") as fh:
        json.dump(data, fh)
    if os.path.exists(out):
        os.remove(out)
    done = subprocess.run([PROGRAM, "render", template, values, "-o", out], capture_output=True, text=True)
    if done.returncode == 1:
        return ["error: " + done.stderr.strip().split(": ", 1)[1]]
    if done.returncode:
        return ["exit status %d" % done.returncode]
    problem = broken(out)
    return ["broken: " + problem] if problem else shape(out)


def theirs(package, data):
    import docxtpl
    import jinja2
    try:
        template = docxtpl.DocxTemplate(io.BytesIO(package))
        template.render(copy.deepcopy(data), jinja2.Environment(autoescape=True), autoescape=True)
        out = io.BytesIO()
        template.save(out)
        return shape(out)
    except Exception as e:  # whatever it is, we must fail too
        return ["error: %s: %s" % (type(e).__name__, e)]


def read_expected():
    with open(EXPECTED, encoding="utf-8") as fh:
        parts = re.split(r"^=== (\w+)\n", fh.read(), flags=re.M)[1:]
    return {name: text.rstrip("\n").split("\n") if text.strip("\n") else [] for name, text in zip(parts[::2], parts[1::2])}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--against-docxtpl", action="store_true")
    ap.add_argument("--write", action="store_true")
    ap.add_argument("--only", action="append")
    ap.add_argument("--runs", choices=["whole", "chars", "some", "marks"], default="whole")
    args = ap.parse_args()
    expected, written, failed = {} if args.write else read_expected(), [], 0
    with tempfile.TemporaryDirectory() as folder:
        for name, (package, data) in CASES.items():
            if (args.only and name not in args.only) or (args.runs != "whole" and name in ONE_RUN):
                continue
            package = package if args.runs == "whole" else cut(package, args.runs)
            got = ours(folder, package, data)
            written.append("=== %s\n%s\n" % (name, "\n".join(got)))
            want = expected.get(name, got if args.write else ["no such case in field_expected.txt"])
            if args.against_docxtpl and name not in RIGHT:
                want = theirs(package, data)
            if got == want or (got[:1] and want[:1] and got[0].startswith("error: ") and want[0].startswith("error: ") and (args.against_docxtpl or args.runs != "whole")):
                continue
            failed += 1
            print("FAIL %s\n   %s" % (name, "\n   ".join(list(difflib.unified_diff(want, got, "expected", "ours", n=0, lineterm=""))[2:])))
    if args.write:
        with open(EXPECTED, "w", encoding="utf-8") as fh:
            fh.write("\n".join(written))
    print("%d passed, %d failed" % (len(written) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
