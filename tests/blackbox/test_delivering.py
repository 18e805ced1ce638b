"""Names, receivers and connections that mean harm, or only behave badly: what each costs, and whom."""
import gzip
import json
import re
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest
from conftest import House
from local import PROGRAM, Client, Receiver, clean_environment, free_port, listens, wait_until



class NameServer:
    """Answers A and AAAA over UDP from a table: name -> addresses, or a list of such answers, one after the other; None: silence."""

    def __init__(self, names):
        self.names, self.asked = names, {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(512)
            except OSError:
                return
            answer = self.answer(query)
            if answer:
                self.socket.sendto(answer, peer)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        name, kind, end = ".".join(labels).lower(), struct.unpack("!H", query[at + 1:at + 3])[0], at + 5
        if name not in self.names:
            return query[:2] + b"\x81\x83" + query[4:6] + bytes(6) + query[12:end]
        if self.names[name] is None:
            return None
        addresses = self.names[name]
        if addresses and isinstance(addresses[0], list):
            turn = self.asked.get((name, kind), 0)
            self.asked[name, kind] = turn + 1
            addresses = addresses[min(turn, len(addresses) - 1)]
        family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
        found = [socket.inet_pton(family, a) for a in addresses if (":" in a) == (kind == 28)] if kind in (1, 28) else []
        rows = b"".join(struct.pack("!HHHIH", 0xC00C, kind, 1, 0, size) + a for a in found)
        return query[:2] + b"\x81\x80" + query[4:6] + struct.pack("!HHH", len(found), 0, 0) + query[12:end] + rows


INSIDE = {
    "alone.test": ["10.1.2.3"], "second.test": ["127.0.0.1", "192.168.0.1"], "sixth.test": ["127.0.0.1", "fe80::1"],
    "metadata.test": ["169.254.169.254"], "mapped.test": ["::ffff:10.1.2.3"], "nat64.test": ["64:ff9b::a01:203"],
    "translated.test": ["64:ff9b:1::8.8.8.8"], "sixtofour.test": ["2002:a01:203::1"], "teredo.test": ["2001:0:4136:e378::1"],
    "compatible.test": ["::10.1.2.3"], "isatap.test": ["2a00::5efe:10.1.2.3"], "unique.test": ["fd00::1"], "loopback.test": ["127.0.0.2"], "zero.test": ["0.0.0.0"],
}


@pytest.fixture(scope="module")
def names():
    server = NameServer({**INSIDE, "localhost.test": ["127.0.0.1"], "hole.test": None,
                         "rebinds.test": [["127.0.0.1"], ["127.0.0.2"]]})
    yield server
    server.socket.close()


def options(names):
    return {"DNS_SERVERS": names.address, "WEBHOOK_RETRY_SCHEDULE": "1", "WEBHOOK_ALLOW_HTTP": "true", "WEBHOOK_ALLOW_NETS": "127.0.0.1/32"}


@pytest.fixture(scope="module")
def place(tmp_path_factory, tls, names):
    """A server whose names are ours and whose retries come at once. It has the patience for a busy machine."""
    made = House(tmp_path_factory.mktemp("place"), tls, start=False, **options(names), WEBHOOK_TIMEOUT_MS=60000)
    done = subprocess.run([PROGRAM, "orgs", "create", "--data", made.data_dir, "--name", "Second", "--email", "b@second.example", "--json"],
                          stdout=subprocess.PIPE, env=clean_environment(), check=True)
    made.second = json.loads(done.stdout)
    made.start()
    yield made
    assert made.server.stop() == 0


@pytest.fixture(scope="module")
def hasty(tmp_path_factory, tls, names):
    """Such a server whose patience is short: for receivers that use all of it up."""
    made = House(tmp_path_factory.mktemp("hasty"), tls, **options(names), WEBHOOK_TIMEOUT_MS=2000)
    yield made
    assert made.server.stop() == 0


@pytest.fixture(scope="module")
def letters(place, hasty, letter):
    """The same template at both, by server."""
    return {house: house.client.upload_template("Letter", letter)["id"] for house in (place, hasty)}


def send(place, letters, url):
    return place.client.generate(letters[place], {"name": "A", "items": []}, "docx", webhook_url=url)["id"]


def attempts_of(place, document, at_least=1):
    def enough():
        items = place.client.call("GET", f"/webhooks/deliveries?document_id={document}")["items"]
        return items if items and items[0]["attempts"] >= at_least else None

    items = wait_until(enough, f"{document} has not had {at_least} attempts")
    return place.client.call("GET", f"/webhooks/deliveries/{items[0]['id']}")["attempts"]


def test_names_of_inside_addresses(place, letters, receiver):
    """A name with one address that is not allowed is not connected to; tenants read that alone, the operator reads which."""
    documents = {name: send(place, letters, f"http://{name}:{receiver.port}/") for name in INSIDE}
    for name, document in documents.items():
        attempt = attempts_of(place, document)[0]
        assert attempt["outcome"] == "blocked" and attempt["message"] == "destination not allowed", name
        told = json.dumps(attempt)
        assert not any(address in told for address in INSIDE[name]), told
        assert not attempt["address"] and not attempt["total_ms"] and not attempt["dns_ms"] and not attempt["connect_ms"], told
        assert f"{name} is at " in place.log()
    assert not receiver.kept


def test_a_name_that_changes(place, letters, names, tls):
    """Asked once per attempt: allowed, then not, although a connection is still open."""
    with Receiver(tls[1], tls[2], answer=lambda hook: (500, {}, b"")) as plain, Receiver() as open_one:
        open_one.answer = lambda hook: (500, {}, b"")
        first = attempts_of(place, send(place, letters, f"http://rebinds.test:{open_one.port}/"), at_least=2)
        assert [a["outcome"] for a in first] == ["answered", "blocked"]
        assert len(open_one.kept) == 1 and not plain.kept


def test_a_silent_name_server_stalls_nobody(place, letters, tls):
    """Twenty deliveries hang on a name that nobody answers; one that was accepted after them arrives before any of them is over.
    A machine that is too busy for this within the five seconds that they hang is asked again."""
    with Receiver() as good:
        for _ in range(5):
            holes = [send(place, letters, f"http://hole.test:{good.port}/{n}") for n in range(20)]
            send(place, letters, f"http://localhost.test:{good.port}/")
            good.wait("document.generated")
            rows = [row for h in holes for row in place.client.call("GET", f"/webhooks/deliveries?document_id={h}")["items"]]
            if not any(row["attempts"] for row in rows):
                break
        else:
            raise AssertionError("the good one came after those that hang")
        assert attempts_of(place, holes[0])[0]["outcome"] == "dns"


class Script:
    """A server that reads a request and then does as `play(connection)` says."""

    def __init__(self, play):
        self.play, self.sent = play, 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = "http://127.0.0.1:%d/" % self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                connection.recv(65536)
                self.play(self, connection)
            except OSError:
                pass

    def send(self, connection, data):
        connection.sendall(data)
        self.sent += len(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)  # who waits in accept() hears of it, and takes nothing of the next socket's
        self.socket.close()


def trickle_head(script, c):
    script.send(c, b"HTTP/1.1 200 OK\r\n")
    while True:
        script.send(c, b"X")
        time.sleep(0.1)


def trickle_body(script, c):
    script.send(c, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        script.send(c, b"x")
        time.sleep(0.1)


def endless_chunks(script, c):
    script.send(c, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        script.send(c, b"8000\r\n" + b"x" * 0x8000 + b"\r\n")


def oversized(script, c):
    script.send(c, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    while True:
        script.send(c, b"x" * 65536)


def endless_headers(script, c):
    script.send(c, b"HTTP/1.1 200 OK\r\n")
    while True:
        script.send(c, b"X-Filler: " + b"y" * 8000 + b"\r\n")


BOMB = gzip.compress(bytes(50 << 20))


def gzip_bomb(script, c):
    script.send(c, b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB)


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as fh:
        return int(re.search(r"VmRSS:\s+(\d+)", fh.read()).group(1))


@pytest.mark.parametrize("play, outcome, says", [
    (trickle_head, "timeout", "did not"), (trickle_body, "timeout", "did not end its answer"), (endless_chunks, "answered", None),
    (oversized, "answered", None), (gzip_bomb, "answered", None), (endless_headers, "broken", "bytes of headers"),
], ids=lambda p: getattr(p, "__name__", None))
def test_hostile_answers_cost_little(place, hasty, letters, play, outcome, says):
    """The deadline holds for the whole exchange; of an answer 64 KiB are read and 16 KiB kept, as they came."""
    place = hasty if outcome == "timeout" else place
    before = resident_kib(place.server.process.pid)
    with Script(play) as script:
        attempt = attempts_of(place, send(place, letters, script.url))[0]
        assert attempt["outcome"] == outcome, attempt
        assert says is None or says in attempt["message"], attempt
        if outcome == "answered":
            assert attempt["http_status"] == 200 and len(attempt["answer_body"] or "") <= 16384
            assert script.sent < 32 << 20  # the kernel's buffers and no more
    assert resident_kib(place.server.process.pid) - before < 16384


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_forms(place, letters, form):
    """Retry-After in seconds and as a date: longer than the schedule, and obeyed."""
    def answer(hook):
        hint = "3" if form == "seconds" else time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 4))
        return 429, {"Retry-After": hint}, b""
    with Receiver(answer=answer) as busy:
        document = send(place, letters, busy.url())
        attempts_of(place, document, at_least=2)
        first, second = (int(h.headers["webhook-timestamp"]) for h in busy.kept[:2])
        assert second - first >= 3


NGINX = """daemon off; worker_processes 1; pid {0}/pid; error_log {0}/error.log;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi; uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
    log_format line '$connection $server_protocol $ssl_protocol $ssl_server_name $http_x_organization';
    access_log {0}/access.log line;
    server {{ listen 127.0.0.1:{1} ssl http2; ssl_certificate {2}; ssl_certificate_key {3}; location / {{ return 200 ok; }} }}
}}
"""


@pytest.fixture
def nginx(tmp_path, tls):
    port = free_port()
    (tmp_path / "nginx.conf").write_text(NGINX.format(tmp_path, port, tls[1], tls[2]))
    process = subprocess.Popen(["nginx", "-p", str(tmp_path), "-e", str(tmp_path / "error.log"), "-c", str(tmp_path / "nginx.conf")],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: listens(port) or process.poll() is not None, "nginx does not listen")
    assert process.poll() is None, (tmp_path / "error.log").read_text()
    yield port, tmp_path / "access.log"
    process.terminate()
    process.wait()


def test_http2_connections_are_kept_within_an_organization(place, nginx, letter):
    """HTTP/2 over TLS 1.2 or later with SNI; one connection serves many deliveries, but never two organizations'."""
    port, log = nginx
    clients = {"first": place.client, "second": Client(place.server.url, place.second["api_key"])}
    for name, client in clients.items():
        client.call("POST", "/webhooks/endpoints/", {"url": f"https://localhost:{port}/", "headers": {"X-Organization": name}})
        template = client.upload_template(f"Letter of {name}", letter)
        for _ in range(6):
            job = client.generate(template["id"], {"name": "A", "items": []}, "docx")
            client.wait_document(job["id"])
    wait_until(lambda: len(log.read_text().splitlines()) >= 12, "nginx has not had twelve requests")
    lines = [line.split() for line in log.read_text().splitlines()]
    assert {line[1] for line in lines} == {"HTTP/2.0"} and {line[3] for line in lines} == {"localhost"}
    assert {line[2] for line in lines} <= {"TLSv1.2", "TLSv1.3"}
    used = {name: {line[0] for line in lines if line[4] == name} for name in clients}
    assert not used["first"] & used["second"] and all(1 <= len(connections) < 6 for connections in used.values()), used
    for client in clients.values():
        for endpoint in client.call("GET", "/webhooks/endpoints/")["items"]:
            client.raw("DELETE", f"/webhooks/endpoints/{endpoint['id']}")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_tls_is_refused(place, letters, tls):
    """A receiver that speaks TLS 1.1 at most gets nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls[1], tls[2])
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with Receiver() as old:
        old.server.socket = context.wrap_socket(old.server.socket, server_side=True, do_handshake_on_connect=False)
        assert attempts_of(place, send(place, letters, f"https://localhost:{old.port}/"))[0]["outcome"] == "tls"
        assert not old.kept


def test_a_silent_endpoint_delays_no_other(place, letter):
    """Forty events to two endpoints of which one never answers: the other one has all of them while the first attempt there still lasts."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as silent, Receiver() as good:
        ids = [place.client.call("POST", "/webhooks/endpoints/", {"url": url})["id"]
               for url in (f"http://127.0.0.1:{silent.getsockname()[1]}/", good.url())]
        template = place.client.upload_template("Letter for two", letter)
        for _ in range(40):
            place.client.generate(template["id"], {"name": "A", "items": []}, "docx")
        for _ in range(40):
            good.wait("document.generated")
        found = place.client.call("GET", f"/webhooks/deliveries?endpoint_id={ids[0]}")["items"]
        assert len(found) == 40 and not any(row["attempts"] for row in found)
        for endpoint in ids:
            place.client.raw("DELETE", f"/webhooks/endpoints/{endpoint}")
