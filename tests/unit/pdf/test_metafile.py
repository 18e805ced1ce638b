"""EMF and WMF pictures, made here record by record."""

import gzip
import struct
import sys

from docx import Rendered, near, picture, run

LEFT, TOP = 72, 72


def emf_record(kind, body=b""):
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, 8 + len(body)) + body


def emf(*records):
    """A picture of 100 by 100 device units; one unit is a millimetre of the frame."""
    header = struct.pack("<8i", 0, 0, 100, 100, 0, 0, 10000, 10000) + b" EMF" + struct.pack("<IIIHHIII", 0x10000, 0, 0, 1, 0, 0, 0, 0)
    header += struct.pack("<4i", 100, 100, 100, 100)
    return emf_record(1, header) + b"".join(records) + emf_record(14, struct.pack("<III", 0, 0, 20))


def brush(index, r, g, b, style=0):
    return emf_record(39, struct.pack("<IIBBBBI", index, style, r, g, b, 0, 0)) + emf_record(37, struct.pack("<I", index))


NO_PEN = emf_record(37, struct.pack("<I", 0x80000008))


def text_record(text, x, y):
    data = text.encode("utf-16-le")
    body = struct.pack("<4iIff", 0, 0, 0, 0, 1, 1.0, 1.0) + struct.pack("<iiIIIiiiiI", x, y, len(text), 76, 0, 0, 0, 0, 0, 0)
    return emf_record(84, body + data)


def wmf_record(function, *words):
    return struct.pack("<IH", 3 + len(words), function) + struct.pack(f"<{len(words)}h", *words)


def wmf(*records):
    placement = struct.pack("<IHhhhhHIH", 0x9AC6CDD7, 0, 0, 0, 1000, 1000, 1440, 0, 0)
    head = struct.pack("<HHHIHIH", 1, 9, 0x300, 0, 4, 0, 0)
    return placement + head + b"".join(records) + struct.pack("<IH", 3, 0)


def seen(data, name="a.emf"):
    made = Rendered(picture("rIdP", 100, 100), parts={f"word/{name}": data}, rels={"rIdP": ("image", name)})
    _, _, colour = made.pixels()
    return made, lambda x, y: colour(LEFT + x, TOP + y)


def test_emf_shapes_are_vectors():
    rect = emf_record(43, struct.pack("<4i", 0, 0, 50, 50))
    polygon = emf_record(86, struct.pack("<4iI6h", 0, 0, 0, 0, 3, 50, 50, 100, 100, 50, 100))
    ellipse = emf_record(42, struct.pack("<4i", 50, 0, 100, 50))
    made, colour = seen(
        emf(NO_PEN, brush(1, 255, 0, 0), rect, brush(2, 0, 0, 255), polygon, brush(3, 0, 255, 0), ellipse)
    )
    assert near(colour(25, 25), "FF0000") and near(colour(60, 90), "0000FF") and near(colour(75, 25), "00FF00")
    assert near(colour(95, 60), "FFFFFF") and near(colour(52, 2), "FFFFFF")
    assert "warning" not in made.notes and "/Image" not in made.objects()


def test_emf_texts_come_out():
    font = emf_record(82, struct.pack("<Iiiiii8B", 5, -20, 0, 0, 0, 700, 0, 0, 0, 0, 0, 0, 0, 0) + "Arial".encode("utf-16-le").ljust(64, b"\0"))
    made, _ = seen(emf(font, emf_record(37, struct.pack("<I", 5)), text_record("Größe 5", 5, 5)))
    assert "Größe 5" in made.text()


def test_emf_paths_windows_and_transforms():
    window = emf_record(17, struct.pack("<I", 8)) + emf_record(9, struct.pack("<ii", 1000, 1000)) + emf_record(11, struct.pack("<ii", 100, 100))
    path = (
        emf_record(59) + emf_record(27, struct.pack("<ii", 0, 0)) + emf_record(54, struct.pack("<ii", 500, 0))
        + emf_record(54, struct.pack("<ii", 500, 500)) + emf_record(61) + emf_record(60) + emf_record(62, b"\0" * 16)
    )
    shift = emf_record(35, struct.pack("<6f", 1, 0, 0, 1, 500, 500))
    made, colour = seen(emf(window, NO_PEN, brush(1, 255, 0, 0), path, emf_record(33), shift, path, emf_record(34, struct.pack("<i", -1))))
    assert near(colour(40, 10), "FF0000") and near(colour(90, 60), "FF0000") and near(colour(10, 40), "FFFFFF")


def test_wmf_is_drawn():
    pen = wmf_record(0x02FA, 5, 0, 0, 0, 0)
    red = wmf_record(0x02FC, 0, 0x00FF, 0x0000, 0)
    made, colour = seen(
        wmf(
            wmf_record(0x020C, 1000, 1000), pen, wmf_record(0x012D, 0), red, wmf_record(0x012D, 1),
            wmf_record(0x041B, 500, 500, 0, 0), wmf_record(0x0324, 3, 500, 500, 1000, 1000, 500, 1000),
        ),
        "a.wmf",
    )
    assert near(colour(25, 25), "FF0000") and near(colour(60, 90), "FF0000") and near(colour(75, 25), "FFFFFF")


def test_records_left_out_are_told():
    rect = emf_record(43, struct.pack("<4i", 0, 0, 50, 50))
    made, _ = seen(emf(brush(1, 255, 0, 0), rect, emf_record(71, b"\0" * 16)))
    assert "metafile" in made.notes


def test_packed_metafiles_are_unpacked():
    rect = emf_record(43, struct.pack("<4i", 0, 0, 50, 50))
    red = emf(NO_PEN, brush(1, 255, 0, 0), rect)
    blue = wmf(
        wmf_record(0x020C, 100, 100), wmf_record(0x02FC, 0, 0, 255, 0), wmf_record(0x012D, 0),
        wmf_record(0x041B, 50, 50, 0, 0),
    )  # fmt: skip
    for data, name, wanted in ((red, "a.emz", "FF0000"), (blue, "a.wmz", "0000FF"), (red, "a.emf", "FF0000")):
        _, colour = seen(gzip.compress(data), name)
        assert near(colour(25, 25), wanted) and near(colour(75, 75), "FFFFFF"), (name, colour(25, 25))


def test_packed_metafiles_that_are_none_are_left_out():
    red = emf(NO_PEN, brush(1, 255, 0, 0), emf_record(43, struct.pack("<4i", 0, 0, 50, 50)))
    whole = gzip.compress(red)
    broken = {
        "one byte too many": gzip.compress(red + bytes((16 << 20) + 1 - len(red))),
        "cut": whole[:-9],
        "says to be larger": whole[:-4] + struct.pack("<I", len(red) + 1),
        "says to be huge": whole[:-4] + b"\xff\xff\xff\xff",
        "says to be more than it can hold": whole[:-4] + struct.pack("<I", 16 << 20),
        "says to be empty": whole[:-4] + bytes(4),
        "another checksum": whole[:-8] + bytes(8)[:4] + whole[-4:],
        "twice packed": gzip.compress(whole),
        "its first bytes": whole[:2],
    }
    for what, data in broken.items():
        made, colour = seen(data, "a.emz")
        assert "picture" in made.notes and near(colour(25, 25), "FFFFFF"), (what, made.notes)


def test_broken_metafiles_end():
    good = emf(NO_PEN, brush(1, 255, 0, 0), emf_record(43, struct.pack("<4i", 0, 0, 50, 50)), text_record("abc", 1, 1))
    for cut in range(0, len(good), 37):
        seen(good[:cut] if cut > 4 else b"xxxx")
    for at in range(88, len(good) - 4, 23):
        seen(good[:at] + b"\xff\xff\xff\x7f" + good[at + 4 :])


if __name__ == "__main__":
    sys.exit(run([f for name, f in list(globals().items()) if name.startswith("test_")]))
