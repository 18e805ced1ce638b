"""Images in templates: data URIs, and https through the guard."""
import base64
import http.server
import io
import ssl
import struct
import threading
import zipfile
import zlib

import pytest
from docx import docx_bytes, text_lines


def png(width=8, height=4, colour=b"\x20\x60\xc0"):
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))  # noqa: E731
    rows = b"".join(b"\0" + colour * width for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture
def image_server(tls):
    """https://127.0.0.1:port/logo.png, /moved, /huge, /text"""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answers = {"/logo.png": (200, "image/png", png()), "/moved": (302, "text/plain", b""), "/text": (200, "image/png", b"not a picture"),
                       "/huge": (200, "image/png", png() + b"\0" * (30 << 20))}
            status, kind, body = answers.get(self.path, (404, "text/plain", b""))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", "/logo.png")
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                pass

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls[1], tls[2])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def upload(house, tmp_path):
    path = tmp_path / "picture.docx"
    path.write_bytes(docx_bytes(["{{ img_logo }}", "{% for p in pictures %}", "{{ p|image(width=20) }}", "{% endfor %}"]))
    return house.client.upload_template("Picture", str(path))


def make(house, template, data):
    return house.client.wait_document(house.client.generate(template["id"], data, "docx")["id"])


def media(house, document):
    body = house.client.raw("GET", f"/documents/{document['id']}/download?format=docx").body
    with zipfile.ZipFile(io.BytesIO(body)) as z:
        return body, [z.read(n) for n in z.namelist() if n.startswith("word/media/")]


def test_data_uri_and_https(new_house, image_server, tmp_path):
    house = new_house(FETCH_ALLOW_NETS="127.0.0.0/8")
    template = upload(house, tmp_path)
    uri = "data:image/png;base64," + base64.b64encode(png(colour=b"\xc0\x20\x20")).decode()
    document = make(house, template, {"img_logo": image_server + "/logo.png", "pictures": [uri, uri]})
    assert document["status"] == "ready", document
    body, pictures = media(house, document)
    assert sorted(pictures) == sorted([png(), png(colour=b"\xc0\x20\x20")])  # the same picture twice is stored once
    assert text_lines(body) == ["[drawing]"] * 3


@pytest.mark.parametrize("path, word", [("/missing", "404"), ("/moved", "302"), ("/text", "image"), ("/huge", "image")])
def test_what_cannot_be_fetched_is_a_clear_failure(new_house, image_server, tmp_path, path, word):
    house = new_house(FETCH_ALLOW_NETS="127.0.0.0/8")
    document = make(house, upload(house, tmp_path), {"img_logo": image_server + path, "pictures": []})
    assert document["status"] == "failed"
    assert word in document["error_message"] and "paragraph 1" in document["error_message"], document["error_message"]


def test_the_guard_stands_before_images(house, image_server, tmp_path):
    """Without FETCH_ALLOW_NETS a private address is refused, though webhooks may go there."""
    template = upload(house, tmp_path)
    for url in (image_server + "/logo.png", "http://example.com/x.png", "https://169.254.169.254/latest", "file:///etc/passwd"):
        document = make(house, template, {"img_logo": url, "pictures": []})
        assert document["status"] == "failed", url
        assert "root:" not in document["error_message"]
