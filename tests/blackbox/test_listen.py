"""docgenlab listen and the feed behind it: exact bytes, the local answer in the log, nothing lost over restarts."""
import json
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from local import PATIENCE_S, PROGRAM, ApiError, Receiver, clean_environment, free_port, refusing_socket, verify_signature, wait_until


class Proxy:
    """A way to the server that breaks: `cut` holds, for each connection to come, after how many bytes of answers it is cut
    (None: never)."""

    def __init__(self, port, cut=()):
        self.to, self.cut, self.cuts = port, list(cut), 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                near, _ = self.socket.accept()
            except OSError:
                return
            limit = self.cut.pop(0) if self.cut else None
            try:
                far = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                near.close()
                continue
            threading.Thread(target=self.pump, args=(near, far, None), daemon=True).start()
            threading.Thread(target=self.pump, args=(far, near, limit), daemon=True).start()

    def pump(self, source, sink, limit):
        try:
            while data := source.recv(65536):
                sink.sendall(data[:limit] if limit is not None else data)
                if limit is not None and (limit := limit - len(data)) <= 0:
                    self.cuts += 1
                    break
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Listen:
    """The program's own listener, its output line by line in a file."""

    def __init__(self, house, target, log, *flags, server=None, name="test"):
        self.log = str(log)
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                [PROGRAM, "listen", "--api-key", house.first["api_key"], "--server",
                 server or house.server.url, "--forward-to", target, "--name", name, *flags],
                stdout=out, stderr=subprocess.STDOUT, env=clean_environment())
        self.wait_for("listening as")

    def text(self):
        with open(self.log, encoding="utf-8") as fh:
            return fh.read()

    def wait_for(self, words):
        wait_until(lambda: words in self.text() or self.process.poll() is not None, lambda: f"no {words!r} in {self.text()}")
        assert words in self.text(), self.text()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE_S) == 0


@pytest.fixture
def own_house(new_house):
    return new_house(listen=f"127.0.0.1:{free_port()}")


def wait_for_delivery(house, delivery_id, status):
    def became():
        row = house.client.call("GET", f"/webhooks/deliveries/{delivery_id}")
        return row if row["status"] == status else None

    return wait_until(became, f"the delivery {delivery_id} did not become {status}")


def test_listen(own_house, letter, tmp_path):
    house = own_house
    template = house.client.upload_template("Letter", letter)
    data = {"name": "Ada", "items": []}
    with Receiver(answer=lambda hook: (200, {"X-Local": "yes"}, b"got it")) as local:
        listen = Listen(house, local.url("/webhooks/docgenlab"), tmp_path / "log")
        document = house.client.generate(template["id"], data)
        hook = local.wait()
        secret = house.client.call("GET", "/webhooks/secret")["secret"]
        assert json.loads(hook.body)["job_id"] == document["id"]
        assert hook.headers["User-Agent"].startswith("DocGenLab-Webhooks/")
        assert hook.headers["DocGenLab-Attempt"] == "1"
        verify_signature(secret, hook)
        row = wait_for_delivery(house, hook.headers["webhook-id"], "succeeded")
        attempt = row["attempts"][0]
        assert attempt["http_status"] == 200 and attempt["answer_body"] == "got it" and "X-Local: yes" in attempt["answer_headers"]
        assert json.dumps(row["payload"], separators=(",", ":"), ensure_ascii=False).encode() == hook.body
        listen.wait_for(f"document.generated  {hook.headers['webhook-id']}  200")

        # The server restarts beneath it.
        house.server.stop()
        listen.wait_for("trying again in")
        house.start()
        second = house.client.generate(template["id"], data)
        hook = local.wait()
        assert json.loads(hook.body)["job_id"] == second["id"]
        wait_for_delivery(house, hook.headers["webhook-id"], "succeeded")

        # It restarts itself: what came meanwhile was kept.
        listen.stop()
        third = house.client.generate(template["id"], data)
        house.client.wait_document(third["id"])
        listen = Listen(house, local.url("/"), tmp_path / "log2", "--print-json")
        hook = local.wait()
        assert json.loads(hook.body)["job_id"] == third["id"]
        listen.wait_for(hook.body.decode())
        listen.stop()


def settled(house, count):
    """All deliveries are through."""
    def through():
        rows = house.client.call("GET", "/webhooks/deliveries/?limit=200")["items"]
        return rows if len(rows) == count and all(row["status"] == "succeeded" for row in rows) else None

    return wait_until(through, f"{count} deliveries are not through")


def test_a_connection_that_is_cut(own_house, letter, tmp_path):
    """Cut within the first answer, within an event, within a report's answer: each event comes, a repeat has its old id."""
    house = own_house
    template = house.client.upload_template("Letter", letter)
    proxy = Proxy(int(house.server.url.rsplit(":", 1)[1]), cut=[40, 900, 2500])
    with Receiver() as local:
        listen = Listen(house, local.url("/"), tmp_path / "log", server=proxy.url)
        made = [house.client.generate(template["id"], {"name": str(n), "items": []}, "docx")["id"] for n in range(12)]
        rows = settled(house, len(made))
        listen.stop()
        assert proxy.cuts >= 3 and "trying again in" in listen.text(), (proxy.cuts, listen.text())
        got = {}
        for hook in local.kept:
            got.setdefault(hook.payload["job_id"], set()).add(hook.headers["webhook-id"])
        assert set(got) == set(made) and all(len(ids) == 1 for ids in got.values())
        assert {row["id"]: row["attempts"] for row in rows} == {next(iter(ids)): 1 for ids in got.values()}
    proxy.socket.shutdown(socket.SHUT_RDWR)
    proxy.socket.close()


def test_a_server_that_is_killed(own_house, letter, tmp_path):
    """kill -9 of the server between two events, with reports on their way: nothing is missing after it."""
    house = own_house
    template = house.client.upload_template("Letter", letter)
    with Receiver() as local:
        listen = Listen(house, local.url("/"), tmp_path / "log")
        made = []
        for _ in range(3):
            made += [house.client.generate(template["id"], {"name": "A", "items": []}, "docx")["id"] for _ in range(4)]
            local.wait()
            house.server.kill()
            house.start()
        settled(house, len(made))
        listen.stop()
        assert {hook.payload["job_id"] for hook in local.kept} == set(made)


def test_two_listeners(own_house, letter, tmp_path):
    """Under two names each gets every event; two under one name are one endpoint, where the first report counts."""
    house = own_house
    template = house.client.upload_template("Letter", letter)
    with Receiver() as first, Receiver() as second:
        one = Listen(house, first.url("/"), tmp_path / "one", name="one")
        two = Listen(house, second.url("/"), tmp_path / "two", name="two")
        house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
        assert first.wait().headers["webhook-id"] != second.wait().headers["webhook-id"]
        settled(house, 2)
        two.stop()
        for endpoint in house.client.call("GET", "/webhooks/endpoints/")["items"]:
            if endpoint["url"] == "listener:two":
                house.client.call("DELETE", f"/webhooks/endpoints/{endpoint['id']}")
        again = Listen(house, second.url("/"), tmp_path / "again", name="one")
        for _ in range(3):
            house.client.generate(template["id"], {"name": "B", "items": []}, "docx")
        rows = settled(house, 5)
        assert all(row["attempts"] == 1 for row in rows)
        one.stop()
        again.stop()


def test_a_listener_that_is_gone(own_house, letter, tmp_path):
    """Deleted under it (or asked for by nobody in a day): the cursor is too old, it begins again under its name."""
    house = own_house
    template = house.client.upload_template("Letter", letter)
    with Receiver() as local:
        listen = Listen(house, local.url("/"), tmp_path / "log")
        endpoint = next(e for e in house.client.call("GET", "/webhooks/endpoints/")["items"] if e["url"] == "listener:test")
        cursor = house.client.call("GET", "/webhooks/events?name=test")["cursor"]
        house.client.call("DELETE", f"/webhooks/endpoints/{endpoint['id']}")
        gone = house.client.raw("GET", f"/webhooks/events?cursor={cursor}")
        assert gone.status == 404, gone.body
        wait_until(lambda: any(e["url"] == "listener:test" for e in house.client.call("GET", "/webhooks/endpoints/")["items"]), "it does not begin again")
        house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
        local.wait()
        settled(house, 1)
        listen.stop()


def test_a_long_line_of_events(own_house, letter, tmp_path):
    """What waited is fetched page by page and posted in the order it was made in; the lines of --print-json are the bodies."""
    house, count = own_house, 120
    template = house.client.upload_template("Letter", letter)
    house.client.call("GET", "/webhooks/events?name=test")
    house.client.wait_document(house.client.generate(template["id"], {"name": "A", "items": []}, "docx")["id"])
    house.server.stop()
    with sqlite3.connect(os.path.join(house.data_dir, "docgenlab.db")) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(deliveries)") if row[1] not in ("seq", "id", "created_at_us", "next_attempt_at_us")]
        for n in range(1, count):
            db.execute(f"INSERT INTO deliveries (id, created_at_us, next_attempt_at_us, {', '.join(columns)}) SELECT ?, created_at_us + ?,"
                       f" next_attempt_at_us + ?, {', '.join(columns)} FROM deliveries WHERE seq = (SELECT min(seq) FROM deliveries)",
                       (str(uuid.UUID(int=n)), n, n))
    db.close()
    house.start()
    with Receiver() as local:
        listen = Listen(house, local.url("/"), tmp_path / "log", "--print-json")
        hooks = [local.wait() for _ in range(count)]
        wait_until(lambda: not house.client.call("GET", "/webhooks/deliveries/?status=pending")["items"], "deliveries stay pending")
        listen.stop()
    assert [hook.headers["webhook-id"] for hook in hooks[1:]] == [str(uuid.UUID(int=n)) for n in range(1, count)]
    lines = [line for line in listen.text().splitlines() if line.startswith("{")]
    assert lines == [hook.body.decode() for hook in hooks]


def test_nothing_listens_locally(own_house, letter, tmp_path):
    house = own_house
    template = house.client.upload_template("Letter", letter)
    with refusing_socket() as nobody:
        listen = Listen(house, f"http://127.0.0.1:{nobody.getsockname()[1]}/", tmp_path / "log")
        house.client.generate(template["id"], {"name": "Ada", "items": []})
        listen.wait_for("no answer: 127.0.0.1 refused the connection")
    rows = house.client.call("GET", "/webhooks/deliveries/")["items"]
    row = wait_for_delivery(house, rows[0]["id"], "dropped")
    assert row["reason"].startswith("the local program did not answer")
    listen.stop()


def test_wrong_key(house, tmp_path):
    run = subprocess.run([PROGRAM, "listen", "--api-key", "dgl_" + "0" * 32, "--server",
                          house.server.url, "--forward-to", "http://127.0.0.1:1/"],
                         capture_output=True, text=True, timeout=PATIENCE_S, env=clean_environment())
    assert run.returncode == 1
    assert "the server answered 401" in run.stderr and run.stderr.count("\n") == 1


def events_of(house, cursor):
    got = house.client.call("GET", f"/webhooks/events?cursor={cursor}&wait=20")
    return got if got["events"] else None


def test_the_feed_by_hand(own_house, letter):
    house = own_house
    call = house.client.call
    template = house.client.upload_template("Letter", letter)
    start = call("GET", "/webhooks/events?name=hand")
    assert start["events"] == []
    began = time.monotonic()
    assert call("GET", f"/webhooks/events?cursor={start['cursor']}&wait=1")["events"] == []
    assert time.monotonic() - began >= 1
    house.client.generate(template["id"], {"name": "Ada", "items": []})
    got = wait_until(lambda: events_of(house, start["cursor"]), "the event does not come")
    (event,) = got["events"]
    assert event["headers"]["webhook-id"] == event["id"] and got["cursor"] == event["cursor"]
    assert json.loads(event["body"])["event"] == "document.generated"
    again = call("GET", f"/webhooks/events?cursor={start['cursor']}")["events"]
    assert [e["id"] for e in again] == [event["id"]]
    report = {"timestamp": event["timestamp"], "http_status": 503, "body": "busy"}
    call("POST", f"/webhooks/events/{event['id']}/result", report)
    row = call("GET", f"/webhooks/deliveries/{event['id']}")
    assert row["status"] == "dropped" and row["attempts"][0]["answer_body"] == "busy"
    assert call("GET", f"/webhooks/events?cursor={start['cursor']}")["events"] == []
    # A range again.
    since = row["created_at"]
    assert call("POST", "/webhooks/redeliver", {"since": since, "dry_run": True}) == {"count": 1,
                                                                                            "dry_run": True}
    assert call("POST", "/webhooks/redeliver", {"since": since})["count"] == 1
    again = wait_until(lambda: events_of(house, start["cursor"]), "the event does not come again")["events"]
    assert [(e["id"], e["attempt"]) for e in again] == [(event["id"], 2)]
    for bad, field in (("/webhooks/events?cursor=x", "cursor"), ("/webhooks/events?wait=61", "wait"),
                       ("/webhooks/events?limit=0", "limit"), ("/webhooks/events?name=a%20b", "name")):
        with pytest.raises(ApiError) as refused:
            call("GET", bad)
        assert refused.value.status == 422
        assert refused.value.json["errors"][0]["field"] == field
    with pytest.raises(ApiError) as refused:
        call("POST", "/webhooks/redeliver", {"since": "2001-01-01T00:00:00Z"})
    assert refused.value.json["errors"][0]["field"] == "since"


class OtherServer:
    """Anybody's server behind --server: answers each GET of the feed with the next page, keeps the paths it is asked for."""

    def __init__(self, *pages):
        self.pages, self.paths = list(pages), []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.paths.append(self.path)
                self.send(200, outer.pages.pop(0) if outer.pages else outer.idle)

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.paths.append(self.path)
                self.send(422, {"detail": "not \x1b[31mtaken"})

            def send(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.idle = {"events": [], "cursor": "c.9"}
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def an_event(**changes):
    return {"id": "msg_1", "event": "document.generated", "timestamp": 1, "attempt": 1, "headers": {"webhook-id": "msg_1"},
            "body": '{"a":"\x7f\x9b2J"}', "cursor": "c.1"} | changes


@pytest.mark.parametrize("changes, says", [
    ({"headers": {"x": "1\r\n\r\nPOST /inside HTTP/1.1\r\nHost: a\r\n\r\n"}}, "the header x has no value of printable ASCII"),
    ({"headers": {"Transfer-Encoding": "chunked"}}, 'the header "Transfer-Encoding" is none of a message'),
    ({"id": "../../keys"}, "its id, event and cursor must be words"),
])
def test_a_server_that_sends_no_events(changes, says, tmp_path):
    """A page with one event that would change a request is refused whole: the local program hears nothing."""
    server = OtherServer({"events": [an_event(), an_event(**changes)], "cursor": "c.2"})
    with Receiver() as local:
        run = subprocess.run([PROGRAM, "listen", "--api-key", "dgl_x", "--server", server.url, "--forward-to", local.url("/")],
                             capture_output=True, text=True, timeout=60, env=clean_environment())
        assert run.returncode == 1 and says in run.stderr, run.stderr
        assert local.kept == [] and len(server.paths) == 1
    server.close()


def test_a_server_that_steers_no_terminal(tmp_path):
    """What another server sends to be seen is seen as what it is; and one that never waits is not asked without a pause."""
    server = OtherServer({"events": [an_event()], "cursor": "c.2"})
    with Receiver() as local, open(tmp_path / "log", "wb") as out:
        process = subprocess.Popen([PROGRAM, "listen", "--api-key", "dgl_x", "--server", server.url, "--forward-to", local.url("/"),
                                    "--print-json"], stdout=out, stderr=subprocess.STDOUT, env=clean_environment())
        assert local.wait().body.decode() == '{"a":"\x7f\x9b2J"}'
        until = time.monotonic() + 60
        while sum("cursor=c.9" in path for path in server.paths) < 2:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.05)
        polls = [path for path in server.paths if "wait=" in path]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert '{"a":"\\u007f\\u009b2J"}\n' in text and "the result was not taken: not \\u001b[31mtaken\n" in text
    assert "\x1b" not in text and "\x9b" not in text
    assert "/api/v1/webhooks/events/msg_1/result" in server.paths and len(polls) < 60
    server.close()
