"""Webhook deliveries measured, beside the bare limits and a job queue, all against the same sink in the same run.

    rate        8,000+ deliveries of different payloads to 200 endpoints, durable, with the full attempt log, over HTTP and over TLS
                beside: libcurl's multi interface alone, group-committed rows alone, BullMQ + Redis (appendfsync always) + undici
    idle        from the commit that makes a delivery to the end of its first attempt
    isolation   the same at 1,000 events/s, alone and beside endpoints that never answer, answer 500, or trickle
    backlog     memory and start-up of the real server with a million pending deliveries

`make bench` runs it after the documents' measurements; alone: python3 bench/deliver.py [--quick]
"""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
from local import Server, free_port, listens, make_certificate, wait_until  # noqa: E402

OUT = os.path.join(ROOT, "build", "bench")
BINARIES = os.path.join(ROOT, "build", "release", "bench")
PROGRAMS = ("bench_deliver", "bench_sink", "bench_curl", "bench_store")


def figures(*command, env=None):
    """What a measurement printed as key=value; the first word of its line goes before each key."""
    done = subprocess.run(command, cwd=OUT, stdout=subprocess.PIPE, env=env)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} ended with status {done.returncode}")
    found = {}
    for line in done.stdout.decode().splitlines():
        name = line.split(" ", 1)[0]
        found.update({f"{name}.{key}": float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", line)})
    lost = [key for key, value in found.items() if key.endswith(".failed") and value]
    if lost:
        sys.exit(f"bench: {' '.join(command)} lost requests: {found}")
    return found


def program(name):
    return os.path.join(BINARIES, name)


class Sink:
    def __enter__(self):
        self.process = subprocess.Popen([program("bench_sink")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().decode().strip()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


class Nginx:
    """The sink over TLS: one worker that answers 200."""

    def __init__(self, certificate, key):
        self.folder, self.port = os.path.join(OUT, "nginx"), free_port()
        os.makedirs(self.folder, exist_ok=True)
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w", encoding="utf-8") as fh:
            fh.write(f"daemon off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;\n"
                     f"events {{ worker_connections 4096; }}\n"
                     f"http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;\n"
                     f"fastcgi_temp_path {self.folder}/fastcgi; uwsgi_temp_path {self.folder}/uwsgi; scgi_temp_path {self.folder}/scgi;\n"
                     f"server {{ listen 127.0.0.1:{self.port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};\n"
                     f"location / {{ return 200 ok; }} }} }}\n")
        self.command = ["nginx", "-p", self.folder, "-e", os.path.join(self.folder, "error.log"), "-c", path]
        self.url = f"https://localhost:{self.port}"

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port), f"bench: nothing came up on port {self.port}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Redis:
    def __enter__(self):
        self.folder, self.port = os.path.join(OUT, "redis"), free_port()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.process = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, "--save", "", "--appendonly", "yes",
                                         "--appendfsync", "always", "--maxmemory-policy", "noeviction"], stdout=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port), f"bench: nothing came up on port {self.port}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def bullmq(sink, count):
    """None without npm or network."""
    folder = os.path.join(OUT, "peers-deliver")
    shutil.copytree(os.path.join(ROOT, "bench", "peers", "deliver"), folder, dirs_exist_ok=True)
    if not (shutil.which("npm") and shutil.which("redis-server")) or subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
        print("  BullMQ could not be installed: it is left out")
        return None
    with Redis() as redis:
        return figures("node", os.path.join(folder, "deliver.mjs"), str(redis.port), sink.url, str(count))


def rows_alone():
    done = subprocess.run([program("bench_store")], cwd=OUT, stdout=subprocess.PIPE).stdout.decode()
    found = re.search(r"attempt records \(success\)[^\n]*?([\d,.]+)/s", done)
    return float(found.group(1).replace(",", "")) if found else ""


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as fh:
        text = fh.read()
    return {word: int(re.search(word + r":\s+(\d+)", text).group(1)) / 1024 for word in ("VmHWM", "VmRSS")}


def backlog(sink, documents):
    """The real server, started over a database full of pending deliveries."""
    data_dir = os.path.join(OUT, "backlog")
    shutil.rmtree(data_dir, ignore_errors=True)
    Server.init(data_dir)
    pending = figures(program("bench_deliver"), "fill", os.path.join(data_dir, "docgenlab.db"), sink.url, str(documents))["fill.pending"]
    server = Server(data_dir, allow_nets="127.0.0.0/8", options={"WEBHOOK_ALLOW_HTTP": "true", "LOG_LEVEL": "warn"})
    start = time.monotonic()
    server.start()
    ready = time.monotonic() - start
    time.sleep(15)  # while it delivers
    memory = resident_mib(server.process.pid)["VmHWM"]
    server.stop()
    db = sqlite3.connect(f"file:{data_dir}/docgenlab.db?mode=ro", uri=True)
    delivered = db.execute("SELECT count(*) FROM deliveries WHERE status = 1").fetchone()[0]
    db.close()
    shutil.rmtree(data_dir, ignore_errors=True)
    return {"pending": pending, "ready_s": ready, "peak_mib": memory, "delivered_in_15_s": delivered}


def measure(row, quick=False):
    """Calls row(what, ours, peer, peer's name, unit=…, higher=…) for each figure; returns all of them."""
    subprocess.run(["ninja", "-C", os.path.join(ROOT, "build", "release")] + [f"bench/{name}" for name in PROGRAMS], check=True, stdout=subprocess.DEVNULL)
    os.makedirs(OUT, exist_ok=True)
    documents, requests = (100, 20000) if quick else (400, 100000)
    found = {}
    ca, certificate, key = make_certificate(os.path.join(OUT, "tls"))
    with Sink() as sink:
        found.update(figures(program("bench_curl"), sink.url + "/", str(requests)))
        found.update(figures(program("bench_deliver"), "client", sink.url, str(requests)))
        found.update(figures(program("bench_deliver"), "rate", sink.url, str(documents)))
        found["rows.rows_per_s"] = rows_alone()
        rate = found["rate.deliveries_per_s"]
        row("deliveries over HTTP", rate, found["curl.requests_per_s"], "libcurl multi alone", unit="/s", higher=True)
        row("deliveries over HTTP", rate, found["rows.rows_per_s"], "group-committed rows alone", unit="/s", higher=True)
        peer = bullmq(sink, requests // 5)
        if peer:
            found.update(peer)
            row("deliveries over HTTP", rate, peer["bullmq.deliveries_per_s"], "BullMQ + Redis + undici", unit="/s", higher=True)
        with Nginx(certificate, key) as nginx:
            tls = figures(program("bench_deliver"), "rate", nginx.url, str(documents), ca)
        found["tls.deliveries_per_s"] = tls["rate.deliveries_per_s"]
        row("deliveries over TLS", found["tls.deliveries_per_s"], rate, "over HTTP", unit="/s", higher=True)
        found.update(figures(program("bench_deliver"), "idle", sink.url))
        row("commit to first attempt, idle, p99", found["idle.p99_ms"])
        found.update(figures(program("bench_deliver"), "isolation", sink.url, "3" if quick else "10"))
        row("1,000 events/s, healthy alone, p99", found["healthy.p99_ms"])
        row("  beside dead endpoints, p99", found["beside_dead_ones.p99_ms"], found["healthy.p99_ms"], "alone")
        found["backlog"] = backlog(sink, 1000 if quick else 20000)
        row(f"start with {found['backlog']['pending']:,.0f} pending", found["backlog"]["ready_s"], unit="s")
        row("  peak memory while delivering", found["backlog"]["peak_mib"], unit="MiB")
    return found


def main():
    def row(what, ours, peer="", peer_name="", unit="ms", higher=False):
        ratio = f"{(ours / peer if higher else peer / ours):.2f}×" if peer else ""
        print(f"  {what:<36} {ours:>12,.1f} {unit:<4} {f'{peer:,.1f} {unit} {peer_name}' if peer else '':<44} {ratio}", flush=True)

    found = measure(row, quick="--quick" in sys.argv[1:])
    with open(os.path.join(OUT, "deliver.json"), "w", encoding="utf-8") as fh:
        json.dump(found, fh, indent=1)


if __name__ == "__main__":
    main()
