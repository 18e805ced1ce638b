"""PNG files with a palette, small enough for a page: from pixels or from another PNG. Standard library only."""
import collections
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256


def chunks(png):
    at = len(SIGNATURE)
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        yield kind, png[at + 8:at + 8 + size]
        at += 12 + size


def unfilter(raw, width, height, depth):
    """The rows of a PNG's image data (PNG §9.2), `depth` bytes a pixel."""
    stride, before, at, rows = width * depth, bytearray(width * depth), 0, []
    for _ in range(height):
        kind, row = raw[at], bytearray(raw[at + 1:at + 1 + stride])
        at += 1 + stride
        for i in range(stride):
            left = row[i - depth] if i >= depth else 0
            up, corner = before[i], before[i - depth] if i >= depth else 0
            if kind == 1:
                row[i] = (row[i] + left) & 255
            elif kind == 2:
                row[i] = (row[i] + up) & 255
            elif kind == 3:
                row[i] = (row[i] + (left + up) // 2) & 255
            elif kind == 4:
                far = [abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)]
                row[i] = (row[i] + (left, up, corner)[far.index(min(far))]) & 255
        rows.append(bytes(row))
        before = row
    return rows


def read_png(png):
    """(width, height, rows of RGB bytes) of an RGB or RGBA picture without interlacing; opacity is ignored."""
    parts = list(chunks(png))
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    if bits != 8 or kind not in (2, 6) or interlaced:
        raise ValueError("only RGB and RGBA of 8 bits are read")
    rows = unfilter(zlib.decompress(b"".join(data for name, data in parts if name == b"IDAT")), width, height, 3 if kind == 2 else 4)
    if kind == 6:
        rows = [b"".join(row[i:i + 3] for i in range(0, len(row), 4)) for row in rows]
    return width, height, rows


def read_ppm(ppm):
    """The same of what pdftoppm writes: a binary PPM."""
    head, size, most, pixels = ppm.split(b"\n", 3)
    width, height = (int(n) for n in size.split())
    if head != b"P6" or most != b"255":
        raise ValueError("only binary PPM of 8 bits is read")
    return width, height, [pixels[i * width * 3:(i + 1) * width * 3] for i in range(height)]


def choose(counts):
    """The palette: all colours when they are few, else the most frequent ones, those that look alike counted together."""
    if len(counts) <= COLOURS:
        return list(counts)
    for bits in (6, 5, 4, 3):
        boxes = collections.defaultdict(collections.Counter)
        for colour, n in counts.items():
            boxes[tuple(c >> (8 - bits) for c in colour)][colour] += n
        if len(boxes) <= COLOURS:
            break
    common = sorted(boxes.values(), key=lambda box: -sum(box.values()))[:COLOURS]
    return [box.most_common(1)[0][0] for box in common]


def write_png(width, height, rows, note=None):
    """The picture with at most 256 colours; `note` is kept in it as its text "Source"."""
    pixels = [[tuple(row[i:i + 3]) for i in range(0, len(row), 3)] for row in rows]
    counts = collections.Counter(colour for row in pixels for colour in row)
    palette = choose(counts)
    index = {colour: i for i, colour in enumerate(palette)}
    for colour in counts:
        if colour not in index:
            index[colour] = min(range(len(palette)), key=lambda i: sum((a - b) ** 2 for a, b in zip(colour, palette[i])))
    raw = b"".join(b"\0" + bytes(index[colour] for colour in row) for row in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)) +
            chunk(b"PLTE", b"".join(bytes(colour) for colour in palette)) +
            (chunk(b"tEXt", b"Source\0" + note.encode("latin-1")) if note else b"") +
            chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def note_of(png):
    return next((data.split(b"\0", 1)[1].decode("latin-1") for kind, data in chunks(png) if kind == b"tEXt"), None)
