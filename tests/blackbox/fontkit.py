"""Fonts for tests: the machine's own with another name, or with a table changed. Standard library only.

fonts/vary.ttf is a variable font of four boxes, "Vary" in the styles Thin, Regular and Black; a Black box is 300 units wider.
"""
import os
import re
import struct
import subprocess
import zipfile

from docx import DOCUMENT_RELS, ROOT_RELS, TYPES, W

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

VARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fonts", "vary.ttf")


def font_path(pattern="DejaVu Serif:bold"):
    return subprocess.run(["fc-match", "-f", "%{file}", pattern], stdout=subprocess.PIPE, text=True, check=True).stdout


def tables_of(data):
    count = struct.unpack(">H", data[4:6])[0]
    rows = [struct.unpack(">4sIII", data[12 + 16 * i:28 + 16 * i]) for i in range(count)]
    return {tag: data[at:at + length] for tag, _, at, length in rows}


def build(data, tables):
    out = data[:4] + struct.pack(">HHHH", len(tables), 0, 0, 0)
    at, rows, body = 12 + 16 * len(tables), b"", b""
    for tag, table in sorted(tables.items()):
        rows += struct.pack(">4sIII", tag, 0, at + len(body), len(table))
        body += table + b"\0" * (-len(table) % 4)
    return out + rows + body


def name_table(names):
    records, texts = b"", b""
    for number, text in sorted(names.items()):
        coded = text.encode("utf-16-be")
        records += struct.pack(">HHHHHH", 3, 1, 0x409, number, len(coded), len(texts))
        texts += coded
    return struct.pack(">HHH", 0, len(names), 6 + len(records)) + records + texts


def font(family="Acme Sans", style="Regular", source=None, weight=400, fs_type=0):
    """A font of the machine under another name."""
    with open(source or font_path(), "rb") as fh:
        data = fh.read()
    tables = tables_of(data)
    tables[b"name"] = name_table({1: family, 2: style, 4: f"{family} {style}"})
    os2 = bytearray(tables[b"OS/2"])
    os2[4:6] = struct.pack(">H", weight)
    os2[8:10] = struct.pack(">H", fs_type)
    os2[62:64] = struct.pack(">H", 0x40)
    tables[b"OS/2"] = bytes(os2)
    return build(data, tables)


def document(path, lines, extra=None, types="", more=""):
    """A DOCX of (font, run properties, text) lines, and `more` of the body's XML."""
    body = "".join(f'<w:p><w:r><w:rPr><w:rFonts w:ascii="{f}" w:hAnsi="{f}" w:cs="{f}" w:eastAsia="{f}"/>{p}</w:rPr>'
                   f'<w:t xml:space="preserve">{t}</w:t></w:r></w:p>' for f, p, t in lines)
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("[Content_Types].xml", TYPES % types)
        package.writestr("_rels/.rels", ROOT_RELS)
        package.writestr("word/document.xml",
                         f'<?xml version="1.0"?><w:document xmlns:w="{W}" xmlns:r="{OFFICE}"><w:body>{body}{more}<w:sectPr/></w:body></w:document>')
        for name, data in (extra or {}).items():
            package.writestr(name, data)
    return str(path)


def inside(path, lines, fonts, more="", key="{1DF903AD-A2BC-4D2E-9A31-55E7B2A0C4F8}", mixed=True):
    """A document that holds fonts, (family, element of its font table, bytes) each, mixed with the key as Word does."""
    raw = bytes.fromhex(re.sub("[^0-9A-F]", "", key))[::-1]
    table, rels, extra = "", "", {}
    for i, (family, element, data) in enumerate(fonts):
        if mixed:
            data = bytes(b ^ raw[k % 16] for k, b in enumerate(data[:32])) + data[32:]
        extra[f"word/fonts/font{i}.odttf"] = data
        table += f'<w:font w:name="{family}"><w:{element} r:id="rId{i}" w:fontKey="{key}"/></w:font>'
        rels += f'<Relationship Id="rId{i}" Type="{OFFICE}/font" Target="fonts/font{i}.odttf"/>'
    extra["word/fontTable.xml"] = f'<w:fonts xmlns:w="{W}" xmlns:r="{OFFICE}">{table}</w:fonts>'
    extra["word/_rels/fontTable.xml.rels"] = DOCUMENT_RELS % rels
    extra["word/_rels/document.xml.rels"] = DOCUMENT_RELS % (
        f'<Relationship Id="rId1" Type="{OFFICE}/fontTable" Target="fontTable.xml"/>')
    kind = "application/vnd.openxmlformats-officedocument.obfuscatedFont"
    return document(path, lines, extra, more=more, types=f'<Default Extension="odttf" ContentType="{kind}"/>')


def pdf_fonts(data, folder):
    """Names of the fonts in a PDF, without the tags of their subsets."""
    path = os.path.join(str(folder), "fonts.pdf")
    with open(path, "wb") as fh:
        fh.write(data)
    listed = subprocess.run(["pdffonts", path], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    width = listed[1].index(" ")  # a name may hold spaces
    return {line[:width].rstrip().split("+")[-1] for line in listed[2:]}
