"""How long a quiet organization waits for its documents while another floods the queue.

    python3 bench/fair.py [--flood 5000] [--samples 100]

One organization asks for a small DOCX again and again, one at a time, and waits for it (POST with Prefer: wait): first alone, then
while thousands of another organization's documents are queued before it, of 10 ms and of 50 ms each. The figures say what the
turns between organizations are worth: without them the wait would be the whole queue.
"""
import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "tests", "blackbox")]
from docx import write_docx  # noqa: E402
from local import PROGRAM, Client, Server, clean_environment  # noqa: E402

LOOPS = {"10 ms": 60000, "50 ms": 300000}  # rounds of an empty loop, about so long on the author's machine


def percentile(samples, percent):
    return sorted(samples)[max(0, -(-len(samples) * percent // 100) - 1)]


def post_many(client, template, count):
    where = urllib.parse.urlsplit(client.url)
    connection = http.client.HTTPConnection(where.hostname, where.port)
    body = json.dumps({"template_id": template, "input_json": {}, "output_format": "docx"})
    for _ in range(count):
        connection.request("POST", "/api/v1/documents/", body, {"X-API-Key": client.api_key, "Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 202:
            raise SystemExit(f"a flooding document was refused with {answer.status}")


def flood(client, template, count):
    threads = [threading.Thread(target=post_many, args=(client, template, count // 8)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def queued(client):
    text = client.raw("GET", client.url + "/metrics").body.decode()
    return int(next(line for line in text.splitlines() if line.startswith("docgenlab_documents_queued ")).split()[1])


def waits(client, template, count, while_queued=False):
    """Milliseconds from sending the request to the document being ready."""
    found = []
    while len(found) < count and (not while_queued or queued(client) > 0):
        begun = time.monotonic()
        done = client.generate(template, {"name": "x"}, "docx", {"Prefer": "wait=30"})
        found.append(1000 * (time.monotonic() - begun))
        if done["status"] != "ready":
            raise SystemExit(f"a document of the quiet organization is {done['status']}")
    return found


def measure(row, documents=5000, samples=100):
    folder = tempfile.mkdtemp(prefix="docgenlab-fair-")
    data = os.path.join(folder, "data")
    quiet = Server.init(data)
    loud = json.loads(subprocess.run([PROGRAM, "orgs", "create", "--data", data, "--name", "Loud", "--email", "loud@test.example", "--json"],
                                     stdout=subprocess.PIPE, check=True, env=clean_environment()).stdout)
    letter = os.path.join(folder, "letter.docx")
    write_docx(letter, ["Dear {{ name }},"])
    with Server(data, options={"RATE_LIMIT_PER_MINUTE": 0, "LOG_LEVEL": "warn"}) as server:
        ours, theirs = Client(server.url, quiet["api_key"]), Client(server.url, loud["api_key"])
        template = ours.upload_template("Letter", letter)["id"]
        waits(ours, template, 10)
        alone = waits(ours, template, samples)
        for percent in (50, 99):
            row(f"quiet organization alone, p{percent}", percentile(alone, percent))
        for name, loops in LOOPS.items():
            path = os.path.join(folder, "flood.docx")
            write_docx(path, ["{%% for a in range(%d) %%}{%% if false %%}{{ a }}{%% endif %%}{%% endfor %%}done" % loops])
            flood(theirs, theirs.upload_template("Flood", path)["id"], documents)
            before, begun = queued(ours), time.monotonic()
            found = waits(ours, template, samples, True)
            rate = (before - queued(ours)) / (time.monotonic() - begun)
            for percent in (50, 99):
                row(f"beside {before:,} of {name} each, p{percent}", percentile(found, percent), 1000 * before / max(rate, 0.1), "behind them all")
        server.kill()
    shutil.rmtree(folder)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--flood", type=int, default=5000)
    options.add_argument("--samples", type=int, default=100)
    chosen = options.parse_args()

    def row(what, ours, peer="", peer_name="", unit="ms", higher=False):
        print(f"  {what:<44} {ours:>10,.1f} {unit}" + (f"   {peer:>10,.0f} {unit} {peer_name}" if peer != "" else ""), flush=True)

    measure(row, chosen.flood, chosen.samples)


if __name__ == "__main__":
    main()
