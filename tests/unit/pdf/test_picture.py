"""Pictures made here bit by bit, and what their pixels come to."""

import struct
import sys
import zlib

from docx import Rendered, anchored, near, run

WIDTH, HEIGHT = 9, 7  # pixels, so that the passes of an interlaced PNG have ends of every kind
SIDE = 5  # points of a pixel
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def seen(files, effect=""):
    """One page with these pictures of WIDTH by HEIGHT pixels, under an effect; colour(name, x, y) of a pixel."""
    places, body = {}, ""
    for i, name in enumerate(files):
        places[name] = at = (20 + i % 11 * 52, 20 + i // 11 * 42)
        graphic = f'<pic:pic><pic:blipFill><a:blip r:embed="r{i}">{effect}</a:blip></pic:blipFill><pic:spPr/></pic:pic>'
        body += anchored(graphic, at, (WIDTH * SIDE, HEIGHT * SIDE))
    made = Rendered(
        f"<w:p>{body}</w:p>",
        parts={f"word/{name}": data for name, data in files.items()},
        rels={f"r{i}": ("image", name) for i, name in enumerate(files)},
    )
    assert "warning" not in made.notes, made.notes
    _, _, pixel = made.pixels()
    return lambda name, x, y: pixel(places[name][0] + (x + 0.5) * SIDE, places[name][1] + (y + 0.5) * SIDE)


# ---- PNG


def packed(row, depth):
    """Samples of a row in bytes."""
    if depth == 16:
        return struct.pack(f">{len(row)}H", *row)
    bits = "".join(format(v, f"0{depth}b") for v in row)
    return int(bits.ljust(-len(bits) % 8 + len(bits), "0"), 2).to_bytes((len(bits) + 7) // 8, "big")


def filtered(kind, row, up, step):
    """A row as one of the five filters writes it."""
    out = bytearray([kind])
    for i, v in enumerate(row):
        a, b, c = (row[i - step] if i >= step else 0), up[i], (up[i - step] if i >= step else 0)
        nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
        out.append((v - (0, a, b, (a + b) // 2, nearest)[kind]) % 256)
    return bytes(out)


def png(color, depth, sample, interlaced, palette=None, transparent=None):
    """sample(x, y) -> the pixel's samples."""
    data, step = b"", max(CHANNELS[color] * depth // 8, 1)
    for x0, y0, dx, dy in PASSES if interlaced else ((0, 0, 1, 1),):
        up = None
        for number, y in enumerate(range(y0, HEIGHT, dy)):
            row = packed([v for x in range(x0, WIDTH, dx) for v in sample(x, y)], depth)
            if row:
                data += filtered((number + x0) % 5, row, up or bytes(len(row)), step)
            up = row

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, color, 0, 0, interlaced))
        + (chunk(b"PLTE", palette) if palette else b"")
        + (chunk(b"tRNS", transparent) if transparent else b"")
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def spread(x, y, channel, most):
    """Some sample that differs from its neighbours'."""
    return (x * 5 + y * 11 + channel * 7) % 16 * most // 15


def over_white(rgb, alpha):
    return "".join(f"{round(255 - (255 - v) * alpha):02X}" for v in rgb)


def test_png_of_every_colour_type_and_depth():
    palette = bytes(v * 37 % 256 for v in range(48))
    files, wanted = {}, {}
    for color, depths in ((0, (1, 2, 4, 8, 16)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8, 16)), (6, (8, 16))):
        for depth in depths:
            most = (1 << depth) - 1

            def sample(x, y, color=color, depth=depth, most=most):
                if color == 3:
                    return [spread(x, y, 0, min(most, 15))]
                return [spread(x, y, k, most) for k in range(CHANNELS[color])]

            def look(x, y, sample=sample, color=color, most=most):
                s = [v / most for v in sample(x, y)]
                if color == 3:
                    at = sample(x, y)[0] * 3
                    return over_white(palette[at : at + 3], 1)
                rgb = [v * 255 for v in (s[:3] if color in (2, 6) else s[:1] * 3)]
                return over_white(rgb, s[-1] if color in (4, 6) else 1)

            for interlaced in (0, 1):
                name = f"{color}-{depth}-{interlaced}.png"
                files[name] = png(color, depth, sample, interlaced, palette if color == 3 else None)
                wanted[name] = look
    colour = seen(files)
    for name, look in wanted.items():
        for y in range(HEIGHT):
            for x in range(WIDTH):
                assert near(colour(name, x, y), look(x, y), 6), (name, x, y, colour(name, x, y), look(x, y))


def test_the_transparent_colour_of_a_png():
    """Columns: that colour, one that differs in its lowest bit, another."""
    files, samples = {}, {}
    for color, depth in ((0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16)):
        clear = [(0x8040 >> (16 - depth)) - (k > 0) for k in range(CHANNELS[color])]
        close, other = clear[:-1] + [clear[-1] ^ 1], [0] * len(clear)
        for interlaced in (0, 1):
            for high in (0, 0xFFFF >> depth << depth):  # bits that the depth does not have
                name = f"{color}-{depth}-{interlaced}-{high}.png"
                transparent = b"".join(struct.pack(">H", v | high) for v in clear)
                columns = samples[name] = (clear, close, other)
                files[name] = png(color, depth, lambda x, y, c=columns: c[x // 3], interlaced, None, transparent)
    colour = seen(files)
    for name, columns in samples.items():
        depth = int(name.split("-")[1])
        for i, column in enumerate(columns):
            rgb = [v * 255 / ((1 << depth) - 1) for v in (column * 3)[:3]]
            wanted = over_white(rgb, 0 if column == columns[0] else 1)
            assert near(colour(name, 3 * i + 1, 3), wanted, 6), (name, i, colour(name, 3 * i + 1, 3), wanted)


def test_a_palette_of_transparent_entries():
    palette = bytes((255, 0, 0, 0, 0, 255, 0, 0, 0))
    files = {
        f"{depth}-{interlaced}.png": png(3, depth, lambda x, y: [x // 3], interlaced, palette, bytes((0, 128)))
        for depth in (2, 4, 8)
        for interlaced in (0, 1)
    }
    colour = seen(files)
    for name in files:
        for i, wanted in enumerate(("FFFFFF", "7F7FFF", "000000")):
            assert near(colour(name, 3 * i + 1, 3), wanted, 6), (name, i, colour(name, 3 * i + 1, 3))


# ---- JPEG


def jpeg(components, progressive=False, adobe=None):
    """Two blocks of one colour side by side: (left, right) samples of each component. The only coefficients are the first
    ones; a progressive picture says in a scan more for each component that the others are zero."""

    def segment(marker, body):
        return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body

    bits, before = "", [0] * len(components)
    for block in (0, 1):
        for k, areas in enumerate(components):
            value = areas[block] - 128
            diff, before[k] = value - before[k], value
            size = abs(diff).bit_length()
            bits += format(size, "04b")
            bits += format(diff if diff > 0 else diff + (1 << size) - 1, f"0{size}b") if size else ""
            bits += "" if progressive else "0"  # no others in this block
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    n = len(components)
    zeros = b"".join(segment(0xDA, bytes((1, k + 1, 0, 1, 63, 0))) + b"\x3f" for k in range(n))
    return (
        b"\xff\xd8"
        + (segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, adobe)) if adobe is not None else b"")
        + segment(0xDB, b"\0" + b"\x08" * 64)
        + segment(0xC2 if progressive else 0xC0, struct.pack(">BHHB", 8, 8, 16, n) + b"".join(bytes((k + 1, 0x11, 0)) for k in range(n)))
        + segment(0xC4, b"\0" + bytes((0, 0, 0, 9)) + bytes(12) + bytes(range(9)))  # nine codes of four bits
        + segment(0xC4, b"\x10" + bytes((1,)) + bytes(15) + b"\0")
        + segment(0xDA, bytes((n,)) + b"".join(bytes((k + 1, 0)) for k in range(n)) + (bytes((0, 0, 0)) if progressive else bytes((0, 63, 0))))
        + scan
        + (zeros if progressive else b"")
        + b"\xff\xd9"
    )


def test_jpeg_gray_and_coloured_at_once_and_bit_by_bit():
    red_blue = ((76, 29), (85, 255), (255, 107))
    files = {}
    for progressive in (False, True):
        files[f"gray-{progressive}.jpg"] = jpeg(((40, 200),), progressive)
        files[f"rgb-{progressive}.jpg"] = jpeg(red_blue, progressive)
    colour = seen(files)
    for name in files:
        for x, wanted in ((1, "282828" if "gray" in name else "FE0000"), (7, "C8C8C8" if "gray" in name else "0000FE")):
            assert near(colour(name, x, 3), wanted), (name, x, colour(name, x, 3))


def test_jpeg_of_four_inks():
    """Adobe's hold their values the other way round."""
    yellow_black = ((0, 0), (0, 0), (255, 0), (0, 255))
    turned = tuple(tuple(255 - v for v in areas) for areas in yellow_black)
    files = {
        f"{kind}-{progressive}.jpg": jpeg(inks, progressive, adobe)
        for progressive in (False, True)
        for kind, inks, adobe in (("plain", yellow_black, None), ("adobe", turned, 0))
    }
    colour = seen(files)
    for name in files:
        assert near(colour(name, 1, 3), "FFF200", 20) and max(colour(name, 7, 3)) < 70, (name, colour(name, 1, 3), colour(name, 7, 3))


def test_jpeg_in_two_colours():
    """Its file cannot pass through: it is decoded, also one of inks."""
    inks = ((0, 0), (0, 0), (0, 0), (0, 255))
    files = {
        "rgb.jpg": jpeg(((255, 0), (128, 128), (128, 128))),
        "gray.jpg": jpeg(((255, 0),)),
        "inks.jpg": jpeg(inks),
        "adobe.jpg": jpeg(tuple(tuple(255 - v for v in areas) for areas in inks), adobe=0),
    }
    colour = seen(files, '<a:duotone><a:srgbClr val="000080"/><a:srgbClr val="FFFF00"/></a:duotone>')
    for name in files:
        assert near(colour(name, 1, 3), "FFFF00") and near(colour(name, 7, 3), "000080"), (name, colour(name, 1, 3), colour(name, 7, 3))


# ---- GIF


def gif(interlaced):
    """Three columns: red, the transparent index, blue. Every index has a code before it that begins anew, so that codes
    stay three bits long."""
    order = [y for start, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(start, HEIGHT, step)]
    rows = order if interlaced else range(HEIGHT)
    codes = [code for y in rows for x in range(WIDTH) for code in (4, (x // 3 + (y == 0)) % 3)] + [5]
    bits = "".join(format(code, "03b") for code in reversed(codes))
    data = int(bits, 2).to_bytes((len(bits) + 7) // 8, "little")
    blocks = b"".join(bytes((len(data[i : i + 255]),)) + data[i : i + 255] for i in range(0, len(data), 255))
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", WIDTH, HEIGHT, 0x81, 0, 0)
        + bytes((255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0))
        + b"\x21\xf9\x04\x01\0\0\x01\0"
        + b"\x2c"
        + struct.pack("<HHHHB", 0, 0, WIDTH, HEIGHT, 0x40 if interlaced else 0)
        + b"\x02"
        + blocks
        + b"\0\x3b"
    )


def test_gif_with_a_transparent_index():
    files = {f"{interlaced}.gif": gif(interlaced) for interlaced in (False, True)}
    colour = seen(files)
    looks = ("FF0000", "FFFFFF", "0000FF")
    for name in files:
        for y in range(HEIGHT):
            for i in range(3):
                wanted = looks[(i + (y == 0)) % 3]
                assert near(colour(name, 3 * i + 1, y), wanted), (name, i, y, colour(name, 3 * i + 1, y))


if __name__ == "__main__":
    sys.exit(run([f for name, f in list(globals().items()) if name.startswith("test_")]))
