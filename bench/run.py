"""Measurements, with their peers in the same run. `make bench` calls it; the table goes to the terminal, the raw samples to build/bench/results.json.

    accept          POST /documents/ at 64 connections, distinct bodies, every 202 on disk      beside: the bare group commit of the store
    template→DOCX   20 and 300 lines, warm, distinct data, equal text checked                   beside: docxtpl, docxtemplater, easy-template-x, Carbone in warm processes
    template→PDF    20, 300 and 3,000 lines, warm, distinct data, equal text checked            beside: docxtpl + soffice, Carbone and LibreOfficeKit kept warm
                    the example invoice through the API; cold start of the command; memory over 10,000 documents
    latency         request to webhook, idle server, DOCX, https receiver
    deliveries      HTTP and TLS, idle, isolated, a million pending (bench/deliver.py)          beside: libcurl multi, group-committed rows, BullMQ + Redis
    fairness        a quiet organization beside one that floods the queue (bench/fair.py)       beside: waiting behind the whole queue
    retention       accepting while a million old rows are erased (bench/prune.py)              the same load with retention off
    memory          peak resident size of the server and its workers after all that
"""
import glob
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
for folder in ("scripts", "tests/blackbox"):
    sys.path.insert(0, os.path.join(ROOT, folder))
import deliver  # noqa: E402
import fair  # noqa: E402
import prune  # noqa: E402
from docx import text_lines, write_docx  # noqa: E402
from local import PROGRAM, Client, Receiver, Server, make_certificate  # noqa: E402

OUT = os.path.join(ROOT, "build", "bench")
BINARIES = os.path.join(ROOT, "build", "release", "bench")
DEBIAN_PYTHON = "/usr/bin/python3"
results = {"versions": {}, "samples": {}}
rows = []


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode(errors="replace")


def versions():
    v = results["versions"]
    v["docgenlab"] = output(PROGRAM, "version").split()[-1]
    v["kernel"], v["cores"] = platform.release(), os.cpu_count()
    v["docxtpl"] = output(DEBIAN_PYTHON, "-c", "import docxtpl; print(docxtpl.__version__)").strip()
    v["libreoffice"] = output("soffice", "--version").strip()
    v["sqlite"] = output(DEBIAN_PYTHON, "-c", "import sqlite3; print(sqlite3.sqlite_version)").strip()


def row(what, ours, peer="", peer_name="", unit="ms", higher=False):
    ratio = ""
    if peer != "":
        ratio = f"{(ours / peer) if higher else (peer / ours):.1f}×"
    number = lambda x: "" if x == "" else f"{x:,.2f}" if x < 100 else f"{x:,.0f}"  # noqa: E731
    rows.append((what, f"{number(ours)} {unit}", f"{number(peer)} {unit} {peer_name}" if peer != "" else "", ratio))
    print(f"  {what:<34} {rows[-1][1]:>16}   {rows[-1][2]:<36} {ratio}", flush=True)


def keep(name, samples):
    results["samples"][name] = samples
    return statistics.median(samples)


# ---------------------------------------------------------------- template to DOCX

def invoice_template(path):
    write_docx(path, ["Invoice {{ number }}", "{{ customer.name }}", "{{ customer.street }}, {{ customer.city }}",
                      "| Pos | Article | Text | Count | Price | Sum |", "| {%tr for i in items %} |",
                      "| {{ loop.index }} | {{ i.article }} | {{ i.text }} | {{ i.count }} | {{ i.price }} | {{ i.sum }} |",
                      "| {%tr endfor %} |", "Total {{ total }}", "{% if note %}{{ note }}{% endif %}"])


HEAD = "| Pos | Article | Text | Count | Price | Sum |"
CELLS = ("pos", "article", "text", "count", "price", "sum")


def mustache_template(path):
    row = ["{%s}" % c for c in CELLS]
    row[0], row[-1] = "{#items}" + row[0], row[-1] + "{/items}"
    write_docx(path, ["Invoice {number}", "{#customer}{name}{/customer}", "{#customer}{street}, {city}{/customer}", HEAD, "| " + " | ".join(row) + " |",
                      "Total {total}", "{note}"])


def carbone_template(path):
    rows = ["| " + " | ".join("{d.items[%s].%s}" % (i, c) for c in CELLS) + " |" for i in ("i", "i+1")]
    write_docx(path, ["Invoice {d.number}", "{d.customer.name}", "{d.customer.street}, {d.customer.city}", HEAD] + rows + ["Total {d.total}", "{d.note}"])


NODE_PEERS = {"docxtemplater": mustache_template, "easy-template-x": mustache_template, "carbone": carbone_template}


def install_node_peers():
    """The engines for Node, at the versions of bench/peers/package-lock.json; without npm or network they are left out."""
    folder = os.path.join(OUT, "peers")
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(ROOT, "bench", "peers", name), folder)
    if shutil.which("npm") and subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        for name in NODE_PEERS:
            with open(os.path.join(folder, "node_modules", name, "package.json"), encoding="utf-8") as fh:
                results["versions"][name] = json.load(fh)["version"]
        return folder
    print("  docxtemplater, easy-template-x and Carbone could not be installed: they are left out")
    return None


def invoice(number, lines):
    items = [{"pos": i + 1, "article": f"A-{number:04d}-{i:04d}", "text": f"Service & support {number} part {i}", "count": i % 9 + 1, "price": f"{10.5 + i:.2f}",
              "sum": f"{(i % 9 + 1) * (10.5 + i):.2f}"} for i in range(lines)]
    return {"number": f"2026-{number:05d}", "customer": {"name": f"Customer {number}", "street": f"Main Street {number}", "city": "Springfield"},
            "items": items, "total": f"{sum(float(i['sum']) for i in items):.2f}", "note": "Thank you." if number % 2 else ""}


def bench_docx(lines, count, node_folder=None):
    template, data = os.path.join(OUT, "template.docx"), os.path.join(OUT, f"data-{lines}.ndjson")
    invoice_template(template)
    with open(data, "w", encoding="utf-8") as fh:
        for n in range(count):
            fh.write(json.dumps(invoice(n, lines)) + "\n")
    engines = [("ours", [os.path.join(BINARIES, "bench_docx"), template]),
               ("docxtpl", [DEBIAN_PYTHON, os.path.join(ROOT, "bench", "peer_docxtpl.py"), template])]
    for name, write in NODE_PEERS.items() if node_folder else ():
        path = os.path.join(OUT, f"template-{name}.docx")
        write(path)
        engines.append((name, ["node", os.path.join(ROOT, "bench", "peers", "render.mjs"), name, path]))
    times = {}
    env = dict(os.environ, PEERS_FOLDER=node_folder or "")
    for name, command in engines:
        folder = os.path.join(OUT, f"{name}-{lines}")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        done = subprocess.run(command + [data, folder], stdout=subprocess.PIPE, check=True, env=env)
        times[name] = [int(x) / 1000 for x in done.stdout.split()][5:]  # the first five warm up
    # Some engines leave the paragraph of an empty note behind: blank lines do not count.
    text = lambda path: [line for line in text_lines(path) if line.strip()]  # noqa: E731
    for path in glob.glob(os.path.join(OUT, f"ours-{lines}", "*.docx")):
        for name in times:
            if text(path) != text(path.replace("/ours-", f"/{name}-")):
                sys.exit(f"bench: {path} and the file of {name} have different text")
    ours = keep(f"docx-{lines}", times["ours"])
    for name in list(times)[1:]:
        row(f"template→DOCX, {lines} lines (median)", ours, keep(f"docx-{lines}-{name}", times[name]), name)


# ---------------------------------------------------------------- template to PDF

OFFICE = "/usr/lib/libreoffice/program"


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def first_lines(data, count):
    """A copy of the data with `count` documents, for peers that take seconds each."""
    path = f"{data}.{count}"
    with open(data, encoding="utf-8") as fh, open(path, "w", encoding="utf-8") as out:
        out.writelines(fh.readlines()[:count])
    return path


def microseconds(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, **more)
    return [[int(x) for x in line.split()] for line in done.stdout.splitlines()]


def pdf_ours(template, data, folder):
    return [sum(line[:2]) / 1000 for line in microseconds([os.path.join(BINARIES, "bench_pdf"), template, data, fresh(folder)], stderr=subprocess.DEVNULL)]


def pdf_docxtpl_soffice(template, data, folder):
    fills = microseconds([DEBIAN_PYTHON, os.path.join(ROOT, "bench", "peer_docxtpl.py"), template, data, fresh(folder)])
    times = []
    for number, (fill,) in enumerate(fills):
        start = time.monotonic()
        subprocess.run(["soffice", f"-env:UserInstallation=file://{OUT}/profile", "--headless", "--convert-to", "pdf", "--outdir", folder,
                        f"{folder}/{number}.docx"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        times.append(fill / 1000 + (time.monotonic() - start) * 1000)
    return times


def pdf_kit(template, data, folder):
    """Our own DOCX, then LibreOfficeKit kept warm: what the office worker does."""
    fills = microseconds([os.path.join(BINARIES, "bench_docx"), template, data, fresh(folder)])
    files = sorted(glob.glob(f"{folder}/*.docx"), key=lambda p: int(os.path.basename(p)[:-5]))
    kit = microseconds([os.path.join(BINARIES, "bench_kit"), OFFICE, os.path.join(OUT, "profile-kit"), folder] + files, stderr=subprocess.DEVNULL)
    fill = statistics.median(f[0] for f in fills)
    return [(fill + k[0]) / 1000 for k in kit]


def pdf_carbone(node_folder, data, folder):
    template = os.path.join(OUT, "template-carbone.docx")
    carbone_template(template)
    # It looks for soffice.bin and for a python3 that has LibreOffice's module along the path.
    env = dict(os.environ, PEERS_FOLDER=node_folder, PATH=f"{OFFICE}:/usr/bin:{os.environ['PATH']}")
    node = subprocess.Popen([shutil.which("node"), os.path.join(ROOT, "bench", "peers", "render.mjs"), "carbone-pdf", template, data, fresh(folder)],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, start_new_session=True)
    times = [int(line) / 1000 for line in node.stdout.read().split()]
    node.wait()
    try:
        os.killpg(node.pid, signal.SIGKILL)  # its LibreOffice
    except ProcessLookupError:
        pass
    return times[1:]  # the first starts LibreOffice


def characters(pdf):
    """What is on the pages: engines break lines at different places, so white space does not count, nor the order of lines."""
    return Counter(re.sub(r"\s", "", output("pdftotext", pdf, "-")))


def check_text(name, folder, reference):
    for pdf in glob.glob(f"{folder}/*.pdf"):
        if characters(pdf) != characters(os.path.join(reference, os.path.basename(pdf))):
            sys.exit(f"bench: {pdf} of {name} and ours have different text")


def bench_pdf_engines(lines, count, slow, warm, node_folder):
    template, data = os.path.join(OUT, "template.docx"), os.path.join(OUT, f"data-{lines}.ndjson")
    invoice_template(template)
    with open(data, "w", encoding="utf-8") as fh:
        for n in range(count):
            fh.write(json.dumps(invoice(n, lines)) + "\n")
    folder = lambda name: os.path.join(OUT, f"pdf-{name}-{lines}")  # noqa: E731
    ours = keep(f"pdf-{lines}", pdf_ours(template, data, folder("ours"))[5 if count > 20 else 1:])
    peers = {"docxtpl + soffice": lambda out: pdf_docxtpl_soffice(template, first_lines(data, slow), out),
             "LibreOfficeKit, warm": lambda out: pdf_kit(template, first_lines(data, warm), out)}
    if node_folder:
        peers["Carbone, warm"] = lambda out: pdf_carbone(node_folder, first_lines(data, warm), out)
    for name, run in peers.items():
        times = run(folder(name.split(",")[0]))
        check_text(name, folder(name.split(",")[0]), folder("ours"))
        if times:
            row(f"template→PDF, {lines:,} lines (median)", ours, keep(f"pdf-{lines}-{name}", times), name)


def bench_pdf_memory(documents=10000):
    """One process, ten thousand documents of 20 lines: resident memory after a twentieth of them and at the end."""
    data = first_lines(os.path.join(OUT, "data-20.ndjson"), 200)
    done = subprocess.run([os.path.join(BINARIES, "bench_pdf"), os.path.join(OUT, "template.docx"), data, fresh(os.path.join(OUT, "pdf-memory")), str(documents // 200)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    resident = [int(x) / 1024 for x in re.findall(r"(\d+) KiB resident", done.stderr.decode())]
    results["samples"]["pdf-resident-mib"] = resident
    row(f"resident after {documents:,} documents", resident[-1], resident[len(resident) // 20], f"after {documents // 20}", unit="MiB", higher=True)
    done = subprocess.run([os.path.join(BINARIES, "bench_pdf"), os.path.join(OUT, "template.docx"), os.path.join(OUT, "data-300.ndjson"), os.path.join(OUT, "pdf-memory")],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    row("peak memory, 300 lines to PDF", int(re.search(r"(\d+) KiB at most", done.stderr.decode()).group(1)) / 1024, unit="MiB")


def bench_cold(count=15):
    examples = [os.path.join(ROOT, "examples", f"invoice.{end}") for end in ("docx", "json")]
    samples = []
    for _ in range(count):
        start = time.monotonic()
        subprocess.run([PROGRAM, "render"] + examples + ["-o", os.path.join(OUT, "cold.pdf")], stderr=subprocess.DEVNULL, check=True)
        samples.append((time.monotonic() - start) * 1000)
    row("docgenlab render, cold (median)", keep("cold", samples))


# ---------------------------------------------------------------- through the server

def bench_accept(server, client, template):
    done = output("wrk", "-t2", "-c64", "-d4s", "-s", os.path.join(ROOT, "bench", "accept.lua"), server.url, "--", client.api_key, template["id"])
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", done)
    if not found:
        sys.exit(f"bench: wrk said {done}")
    requests, duration_us, errors, p50, p99 = map(int, found.groups())
    if errors:
        sys.exit(f"bench: {errors} of {requests} requests were refused: {done}")
    bare = re.search(r"group commit alone[^\n]*?([\d,.]+)/s", output(os.path.join(BINARIES, "bench_store")))
    results["samples"]["accept"] = {"requests": requests, "duration_us": duration_us, "p50_us": p50, "p99_us": p99}
    limit = float(bare.group(1).replace(",", "")) if bare else ""
    row("accept, 64 connections, fsync", requests / (duration_us / 1e6), limit, "bare group commit", "/s", higher=True)
    row("accept latency p99", p99 / 1000)
    return requests


def drain(client, server, timeout=900):
    until = time.monotonic() + timeout
    start = time.monotonic()
    while time.monotonic() < until:
        if not client.call("GET", "/documents/?status=queued&limit=1")["items"] and not client.call("GET", "/documents/?status=rendering&limit=1")["items"]:
            return time.monotonic() - start
        time.sleep(0.2)
    sys.exit("bench: the queue did not drain")


def bench_latency(client, receiver, template, count=100):
    samples = []
    for n in range(count):
        start = time.monotonic()
        client.generate(template["id"], {"name": f"Customer {n}", "items": ["a"]}, "docx")
        receiver.wait("document.generated")
        samples.append((time.monotonic() - start) * 1000)
    keep("request-to-webhook", samples)
    row("request to webhook, median", statistics.median(samples))
    row("request to webhook, p99", sorted(samples)[int(len(samples) * 0.99) - 1])


def bench_pdf(client, template, data, count=15):
    samples = []
    for n in range(count + 3):
        start = time.monotonic()
        job = client.generate(template["id"], dict(data, invoice_number=f"B-{n}"), "pdf", headers={"Prefer": "wait=30"})
        if job.get("status") != "ready":
            sys.exit(f"bench: {job}")
        samples.append((time.monotonic() - start) * 1000)
    peer = []
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "in.docx")
        with open(source, "wb") as fh:
            fh.write(client.raw("GET", f"/templates/{template['id']}/file").body)
        for _ in range(4):
            start = time.monotonic()
            subprocess.run(["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf", "--outdir", folder, source],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            peer.append((time.monotonic() - start) * 1000)
    row("template→PDF by API (median)", keep("pdf", samples[3:]), keep("pdf-soffice", peer[1:]), "soffice --convert-to alone")


def peak_memory(server):
    def descendants(pid):
        for task in glob.glob(f"/proc/{pid}/task/*/children"):
            with open(task) as fh:
                for child in fh.read().split():
                    yield child
                    yield from descendants(child)
    total = 0
    for pid in [str(server.process.pid)] + list(descendants(server.process.pid)):
        with open(f"/proc/{pid}/status") as fh:
            text = fh.read()
        peak = int(re.search(r"VmHWM:\s+(\d+)", text).group(1)) / 1024
        name = re.search(r"Name:\s+(\S+)", text).group(1)
        results["samples"].setdefault("memory_mib", []).append({"process": name, "peak": round(peak, 1)})
        total += peak
        if pid == str(server.process.pid):
            row("peak memory, main process", peak, unit="MiB")
    row("peak memory, all processes", total, unit="MiB")


def main():
    os.makedirs(OUT, exist_ok=True)
    subprocess.run(["ninja", "-C", os.path.join(ROOT, "build", "release"), "bench/bench_docx", "bench/bench_store", "bench/bench_pdf", "bench/bench_kit"], check=True, stdout=subprocess.DEVNULL)
    versions()
    print(json.dumps(results["versions"]))
    node_folder = install_node_peers()
    for lines, count in ((20, 205), (300, 65)):
        bench_docx(lines, count, node_folder)
    for lines, count, slow, warm in ((20, 205, 4, 12), (300, 65, 3, 5), (3000, 8, 1, 3)):
        bench_pdf_engines(lines, count, slow, warm, node_folder)
    bench_pdf_memory()
    bench_cold()
    data_dir = os.path.join(OUT, "data")
    shutil.rmtree(data_dir, ignore_errors=True)
    ca, certificate, key = make_certificate(os.path.join(OUT, "tls"))
    first = Server.init(data_dir)
    with Receiver(certificate, key) as receiver, Server(data_dir, ca_file=ca, allow_nets="127.0.0.0/8", options={"RATE_LIMIT_PER_MINUTE": 0}) as server:
        client = Client(server.url, first["api_key"])
        letter = os.path.join(OUT, "letter.docx")
        write_docx(letter, ["Dear {{ name }},", "{% for item in items %}", "- {{ item }}", "{% endfor %}"])
        template = client.upload_template("Letter", letter)
        accepted = bench_accept(server, client, template)
        seconds = drain(client, server)
        results["samples"]["drain"] = {"documents": accepted, "seconds_after_load": seconds}
        client.call("PUT", "/webhooks/settings", {"webhook_url": receiver.url()})
        bench_latency(client, receiver, template)
        client.raw("DELETE", "/webhooks/settings")
        with open(os.path.join(ROOT, "examples", "invoice.json"), encoding="utf-8") as fh:
            bench_pdf(client, client.upload_template("Invoice", os.path.join(ROOT, "examples", "invoice.docx")), json.load(fh))
        peak_memory(server)
    results["samples"]["deliver"] = deliver.measure(row)
    fair.measure(row)
    prune.measure(row)
    with open(os.path.join(OUT, "results.json"), "w", encoding="utf-8") as fh:
        json.dump(results, fh, indent=1)
    print(f"\nraw samples: {os.path.relpath(os.path.join(OUT, 'results.json'))}")


if __name__ == "__main__":
    main()
