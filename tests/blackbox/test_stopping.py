"""SIGTERM under load, with receivers that hang: it ends, no accepted document lost, no event lost, clients told."""
import http.client
import json
import signal
import socket
import threading
import time
import urllib.parse

from docx import write_docx
from local import PATIENCE_S, Receiver, wait_until


class Load:
    """Clients that post until the server is gone; what was accepted."""

    def __init__(self, client, template, count):
        self.client, self.template, self.accepted, self.refusals = client, template, [], []
        self.threads = [threading.Thread(target=self.post) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def post(self):
        where = urllib.parse.urlsplit(self.client.url)
        body = json.dumps({"template_id": self.template, "input_json": {}, "output_format": "docx"})
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=PATIENCE_S)
        while True:
            try:
                connection.request("POST", "/api/v1/documents/", body, {"X-API-Key": self.client.api_key, "Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 202:
                self.accepted.append(json.loads(text)["id"])
            else:
                self.refusals.append((answer.status, text))
                return
            time.sleep(0.05)


def half_an_upload(url):
    """A body of which half has come, and a connection that says nothing."""
    where = urllib.parse.urlsplit(url)
    kept = []
    for head in (b"POST /api/v1/documents/ HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", b""):
        connection = socket.create_connection((where.hostname, where.port))
        connection.sendall(head)
        kept.append(connection)
    return kept


def test_a_server_stops_in_order_under_load(new_house, tmp_path, tls):
    house = new_house(RENDER_WORKERS=2, WEBHOOK_RETRY_SCHEDULE="1,1,1,1")
    slow = str(tmp_path / "slow.docx")
    write_docx(slow, ["{% for a in range(2000000) %}{% if false %}{{ a }}{% endif %}{% endfor %}done"])
    template, awaited = (house.client.upload_template(name, slow)["id"] for name in ("Slow", "Awaited"))
    hang = threading.Event()

    def answer(hook):
        if not hang.is_set() and len(receiver.kept) % 2:
            hang.wait(2 * PATIENCE_S)  # longer than the server waits for it, and we for the server
        return 200, {}, b""

    with Receiver(tls[1], tls[2], answer=answer) as receiver:
        house.webhook(receiver.url())
        load = Load(house.client, template, 4)
        waiting = []
        waiter = threading.Thread(target=lambda: waiting.append(house.client.raw("POST", "/documents/", {
            "template_id": awaited, "input_json": {}, "output_format": "docx"}, {"Prefer": "wait=30"})))
        waiter.start()
        wait_until(lambda: len(receiver.kept) >= 2 and len(load.accepted) >= 10, "the load does not begin", pause=0.02)
        wait_until(lambda: house.client.call("GET", f"/documents/?template_id={awaited}")["items"], "nobody waits", pause=0.02)
        kept = half_an_upload(house.server.url)
        begun = time.monotonic()
        house.server.process.send_signal(signal.SIGTERM)
        code = house.server.process.wait(PATIENCE_S)  # the 30 seconds it may take are the sum in app.c
        took = time.monotonic() - begun
        for thread in [*load.threads, waiter]:
            thread.join(PATIENCE_S)
        for connection in kept:
            connection.close()
        hang.set()
        assert code == 0, (code, house.log()[-1000:])
        assert waiting and waiting[0].status in (200, 202), waiting  # told, not cut off
        assert all(status == 503 and len(json.loads(text)["detail"].split()) > 3 for status, text in load.refusals), load.refusals
        accepted = [*load.accepted, waiting[0].json["id"]]
        house.server.process.stdout.close()
        house.start()
        done = [house.client.wait_document(document) for document in accepted]
        assert {document["status"] for document in done} == {"ready"}
        wait_until(lambda: set(accepted) <= {hook.payload["job_id"] for hook in list(receiver.kept)}, "an event is missing")
        ids = {}
        for hook in list(receiver.kept):
            ids.setdefault(hook.payload["job_id"], set()).add(hook.headers["webhook-id"])
        assert all(len(one) == 1 for one in ids.values())
        print(f"\nstopped after {took:.1f} s; {len(accepted)} accepted, {len(load.refusals)} refused while it stopped")
