"""Small DOCX files for tests, and the text of DOCX files: standard library only.

A paragraph is one line of text; `¦` ends a run inside it. A line that begins with `|` is a table row of `| cell | cell |`, its cells divided
by " | "; consecutive ones make one table.
"""
import io
import xml.etree.ElementTree as ET
import zipfile
from xml.sax.saxutils import escape

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>%s</Types>"""
ROOT_RELS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"""
DOCUMENT_RELS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>"""


def paragraph(text):
    runs = "".join(f'<w:r><w:t xml:space="preserve">{escape(run)}</w:t></w:r>' for run in text.split("¦") if run)
    return f"<w:p>{runs}</w:p>"


def table(rows):
    cells = [[c.strip() for c in row.strip()[1:-1].split(" | ")] for row in rows]
    grid = "".join('<w:gridCol w:w="2000"/>' for _ in max(cells, key=len))
    body = "".join("<w:tr>" + "".join(f"<w:tc>{paragraph(c)}</w:tc>" for c in row) + "</w:tr>" for row in cells)
    return f"<w:tbl><w:tblPr/><w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>"


def blocks(lines):
    out, rows = [], []
    for line in list(lines) + [None]:
        if line is not None and line.startswith("|"):
            rows.append(line)
            continue
        if rows:
            out.append(table(rows))
            rows = []
        if line is not None:
            out.append(paragraph(line))
    return "".join(out)


def docx_bytes(lines, header=None, body_xml=None):
    content = body_xml if body_xml is not None else blocks(lines)
    header_type = header_rel = header_ref = ""
    if header is not None:
        header_type = '<Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/>'
        header_rel = '<Relationship Id="rId7" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/header" Target="header1.xml"/>'
        header_ref = '<w:sectPr><w:headerReference w:type="default" r:id="rId7"/></w:sectPr>'
    document = (f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:document xmlns:w="{W}" '
                f'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:body>{content}{header_ref}</w:body></w:document>')
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", TYPES % header_type)
        z.writestr("_rels/.rels", ROOT_RELS)
        z.writestr("word/document.xml", document)
        z.writestr("word/_rels/document.xml.rels", DOCUMENT_RELS % header_rel)
        if header is not None:
            z.writestr("word/header1.xml", f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:hdr xmlns:w="{W}">{blocks(header)}</w:hdr>')
    return out.getvalue()


def write_docx(path, lines, **more):
    with open(path, "wb") as fh:
        fh.write(docx_bytes(lines, **more))


def text_lines(data, part="word/document.xml"):
    """The text of a DOCX, a line per paragraph outside tables and `| a | b |` per row. `data` is bytes or a path."""
    with zipfile.ZipFile(io.BytesIO(data) if isinstance(data, bytes) else data) as z:
        root = ET.fromstring(z.read(part))
    w = f"{{{W}}}"

    def text(element):
        out = []
        for node in element.iter():
            if node.tag == w + "t":
                out.append(node.text or "")
            elif node.tag == w + "tab":
                out.append("\t")
            elif node.tag == w + "br":
                out.append("⏎")
            elif node.tag == w + "drawing":
                out.append("[drawing]")
        return "".join(out)

    lines = []
    body = root.find(w + "body")
    for block in (body if body is not None else root):
        if block.tag == w + "p":
            lines.append(text(block))
        elif block.tag == w + "tbl":
            for row in block.iter(w + "tr"):
                lines.append("| " + " | ".join("¶".join(text(p) for p in cell.iter(w + "p")) for cell in row.iter(w + "tc")) + " |")
    return lines
