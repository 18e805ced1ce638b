"""Small DOCX packages, rendered by render_pdf and looked at with poppler and qpdf."""

import os
import re
import subprocess
import sys
import tempfile
import zipfile

RENDER = os.environ.get("RENDER_PDF") or (sys.argv[1] if len(sys.argv) > 1 else "render_pdf")
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NS = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "r": OFFICE,
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "wpg": "http://schemas.microsoft.com/office/word/2010/wordprocessingGroup",
        "v": "urn:schemas-microsoft-com:vml",
        "o": "urn:schemas-microsoft-com:office:office",
        "asvg": "http://schemas.microsoft.com/office/drawing/2016/SVG/main",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "dsp": "http://schemas.microsoft.com/office/drawing/2008/diagram",
        "wpc": "http://schemas.microsoft.com/office/word/2010/wordprocessingCanvas",
        "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
    }.items()
)
SECTION = (
    '<w:sectPr>{0}<w:pgSz w:w="12240" w:h="15840"/><w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440"'
    ' w:header="720" w:footer="720"/></w:sectPr>'
)
FONT = '<w:rFonts w:ascii="{0}" w:hAnsi="{0}" w:cs="{0}" w:eastAsia="{0}"/>'


def p(text, style=None, extra=""):
    """A paragraph; `text` is plain."""
    props = (f'<w:pStyle w:val="{style}"/>' if style else "") + extra
    return f'<w:p><w:pPr>{props}</w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def inline(graphic, width=200, height=100, alt=""):
    """A drawing in a line, in points."""
    cx, cy = int(width * 12700), int(height * 12700)
    return (
        f'<w:p><w:r><w:drawing><wp:inline><wp:extent cx="{cx}" cy="{cy}"/><wp:docPr id="1" name="d" descr="{alt}"/>'
        f"<a:graphic><a:graphicData>{graphic}</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )


def anchored(graphic, at=(0, 0), size=(100, 50), height=1, behind=0, relative="page", wrap="<wp:wrapNone/>", text=""):
    """A run with a drawing that lies `at` points from the corner of what it is relative to, and a text after it."""
    place = "".join(
        f'<wp:position{axis} relativeFrom="{relative}"><wp:posOffset>{int(v * 12700)}</wp:posOffset></wp:position{axis}>'
        for axis, v in zip("HV", at)
    )
    return (
        f'<w:r><w:drawing><wp:anchor behindDoc="{behind}" relativeHeight="{height}">{place}'
        f'<wp:extent cx="{int(size[0] * 12700)}" cy="{int(size[1] * 12700)}"/>{wrap}<wp:docPr id="1" name="d"/>'
        f"<a:graphic><a:graphicData>{graphic}</a:graphicData></a:graphic></wp:anchor></w:drawing></w:r>"
        f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'
    )


def solid(color, text="", preset="rect"):
    """A shape of one colour for `anchored`, with a text in it."""
    box = f"<wps:txbx><w:txbxContent>{p(text)}</w:txbxContent></wps:txbx>" if text else ""
    return (
        f'<wps:wsp><wps:spPr><a:prstGeom prst="{preset}"/><a:solidFill><a:srgbClr val="{color}"/></a:solidFill></wps:spPr>'
        f"{box}<wps:bodyPr/></wps:wsp>"
    )


def picture(rel, width=200, height=100, alt="a picture", fill="", xfrm="", blip=""):
    return inline(
        f'<pic:pic><pic:blipFill><a:blip r:embed="{rel}">{blip}</a:blip>{fill}</pic:blipFill>'
        f"<pic:spPr>{xfrm}</pic:spPr></pic:pic>",
        width,
        height,
        alt,
    )


def shape(preset, fill="FF0000", width=200, height=100, line="", xfrm="", avs="", body="", geometry=None):
    geometry = geometry or f'<a:prstGeom prst="{preset}"><a:avLst>{avs}</a:avLst></a:prstGeom>'
    paint = f'<a:solidFill><a:srgbClr val="{fill}"/></a:solidFill>' if fill and len(fill) == 6 else fill
    return inline(
        f"<wps:wsp><wps:spPr>{xfrm}{geometry}{paint}{line}</wps:spPr>{body}<wps:bodyPr/></wps:wsp>", width, height
    )


def build(path, body, styles="", parts=None, rels=None, header="", core="", numbering="", footnotes=""):
    """Writes a package. `parts`: name -> bytes or text; `rels`: id -> (type, target)."""
    parts, rels = dict(parts or {}), dict(rels or {})
    types = {"rels": "application/vnd.openxmlformats-package.relationships+xml", "xml": "application/xml"}
    rels.setdefault("rIdS", ("styles", "styles.xml"))
    parts["word/styles.xml"] = (
        f"<w:styles {NS}><w:docDefaults><w:rPrDefault><w:rPr>{FONT.format('Liberation Sans')}"
        f'<w:sz w:val="20"/></w:rPr></w:rPrDefault></w:docDefaults>{styles}</w:styles>'
    )
    reference = ""
    for text, rel, root, name in (
        (header, "header", "hdr", "header1"),
        (numbering, "numbering", "numbering", "numbering"),
        (footnotes, "footnotes", "footnotes", "footnotes"),
    ):
        if text:
            rels["rId" + rel] = (rel, name + ".xml")
            parts[f"word/{name}.xml"] = f"<w:{root} {NS}>{text}</w:{root}>"
    if header:
        reference = '<w:headerReference w:type="default" r:id="rIdheader"/>'
    if core:
        parts["docProps/core.xml"] = (
            '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/">{core}</cp:coreProperties>'
        )
    section = SECTION.format(reference) if "<w:sectPr" not in body else ""
    parts["word/document.xml"] = f"<w:document {NS}><w:body>{body}{section}</w:body></w:document>"
    parts["word/_rels/document.xml.rels"] = relationships(rels)
    root = {"rId1": ("officeDocument", "word/document.xml")}
    text = relationships(root)
    if core:
        text = text.replace(
            "</Relationships>",
            '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/'
            'core-properties" Target="docProps/core.xml"/></Relationships>',
        )
    parts["_rels/.rels"] = text
    parts["[Content_Types].xml"] = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        + "".join(f'<Default Extension="{e}" ContentType="{t}"/>' for e, t in types.items())
        + '<Override PartName="/word/document.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in parts.items():
            z.writestr(name, data)


def relationships(rels):
    items = ""
    for key, (kind, target) in rels.items():
        kind = kind if kind.startswith("http") else f"{OFFICE}/{kind}"
        mode = ' TargetMode="External"' if target.startswith(("http:", "https:", "mailto:", "javascript:")) else ""
        items += f'<Relationship Id="{key}" Type="{kind}" Target="{target}"{mode}/>'
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{items}</Relationships>'


class Rendered:
    """One document's PDF; every one is held to `qpdf --check`."""

    def __init__(self, body, flags=(), **kinds):
        self.folder = tempfile.mkdtemp()
        self.docx, self.pdf = os.path.join(self.folder, "in.docx"), os.path.join(self.folder, "out.pdf")
        build(self.docx, body, **kinds)
        run = subprocess.run([RENDER, *flags, self.docx, self.pdf], capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stderr
        self.notes = run.stderr
        check = subprocess.run(["qpdf", "--check", self.pdf], capture_output=True, text=True)
        assert check.returncode == 0, check.stdout + check.stderr

    def bytes(self):
        with open(self.pdf, "rb") as f:
            return f.read()

    def tool(self, *words):
        run = subprocess.run(words, capture_output=True, timeout=60)
        assert run.returncode == 0 and not run.stderr, (words, run.stderr)
        return run.stdout.decode("utf-8", "replace")

    def text(self, *flags):
        return self.tool("pdftotext", *flags, self.pdf, "-")

    def words(self):
        """Each word with its box, in points: left, top, right, bottom."""
        found = re.findall(
            r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>', self.text("-bbox")
        )
        return [(word, tuple(float(v) for v in box)) for *box, word in found]

    def structure(self):
        """Roles and texts, one a line, indented as they are nested."""
        return self.tool("pdfinfo", "-struct-text", self.pdf)

    def objects(self):
        """The file with every stream and object stream opened."""
        return self.tool("qpdf", "--qdf", "--object-streams=disable", self.pdf, "-")

    def pixels(self, page=1):
        """(width, height, colour(x, y)) at 72 dots per inch: points."""
        data = subprocess.run(
            ["pdftoppm", "-r", "72", "-f", str(page), "-l", str(page), self.pdf], capture_output=True, check=True
        ).stdout
        head = re.match(rb"P6\s(\d+) (\d+)\s255\s", data)
        width, height, start = int(head[1]), int(head[2]), head.end()

        def colour(x, y):
            at = start + 3 * (int(y) * width + int(x))
            return tuple(data[at : at + 3])

        return width, height, colour


def near(colour, wanted, by=12):
    """Whether a pixel has a colour given as RRGGBB."""
    return all(abs(c - int(wanted[2 * i : 2 * i + 2], 16)) <= by for i, c in enumerate(colour))


def run(tests):
    """Runs the test functions given; prints the counts."""
    failed = 0
    for test in tests:
        try:
            test()
        except Exception as problem:  # each test reports, the rest go on
            failed += 1
            print(f"FAILED {test.__name__}: {type(problem).__name__}: {problem}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed or not tests else 0
