"""The alert rules and the dashboard under deploy/, asked of a real Prometheus.

promtool runs every alert over made-up series: one that must raise it, one that must not. Then a Prometheus scrapes a server at work:
every rule and every expression of the dashboard must be answered there. Debian's package prometheus is unpacked under build/tools
when it is not installed, so that no service is started for a test.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "scripts"))
from local import PATIENCE_S, Client, Fail, Receiver, Server, make_certificate, wait_until  # noqa: E402

RULES = os.path.join(ROOT, "deploy", "prometheus", "alerts.yml")
TOOLS = os.path.join(ROOT, "build", "tools")
passed, problems = 0, []


def expect(good, sentence):
    global passed
    if good:
        passed += 1
    else:
        problems.append(sentence)
        print("FAILED:", sentence, flush=True)


def tool(name):
    there = shutil.which(name) or os.path.join(TOOLS, "prometheus/usr/bin", name)
    if not os.path.exists(there):
        os.makedirs(TOOLS, exist_ok=True)
        try:
            subprocess.run(["apt-get", "download", "-qq", "prometheus"], cwd=TOOLS, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            subprocess.run(["dpkg-deb", "-x", sorted(glob.glob(TOOLS + "/prometheus_*.deb"))[-1], TOOLS + "/prometheus"], check=True)
        except (subprocess.CalledProcessError, IndexError) as problem:
            raise Fail(f"apt-get download prometheus does not work: {getattr(problem, 'stdout', b'')[-300:]}")
    return there


# ---------------------------------------------------------------- rules over made-up series

A = 'instance="a"'
D = "docgenlab_"


def histogram(name, slow):
    """One observation a second, below the first bound or, when slow, above the second."""
    counts = {"1": 0 if slow else 60, "10": 0 if slow else 60, "30": 60, "+Inf": 60}
    return {f'{D}{name}_bucket{{le="{bound}",{A}}}': f"0+{count}x40" for bound, count in counts.items()}


# alert: (labels besides severity, series that raise it within half an hour, series that must not); a minute a step
ALERTS = {
    "DocgenlabDown": ({"job": "docgenlab", "instance": "a"}, {f'up{{job="docgenlab",{A}}}': "0x40"}, {f'up{{job="docgenlab",{A}}}': "1x40"}),
    "DocgenlabNotReady": ({"instance": "a"}, {f"{D}ready{{{A}}}": "0x40"}, {f"{D}ready{{{A}}}": "1x27 0x1 1x12"}),
    "DocgenlabWritesFail": ({"instance": "a"}, {f"{D}store_write_errors_total{{{A}}}": "0+2x40"}, {f"{D}store_write_errors_total{{{A}}}": "0x20 1x20"}),
    "DocgenlabDiskFillsUp": ({"instance": "a"}, {f"{D}disk_free_bytes{{{A}}}": "900-1x40", f"{D}disk_bytes{{{A}}}": "1000x40"},
                             {f"{D}disk_free_bytes{{{A}}}": "500x40", f"{D}disk_bytes{{{A}}}": "1000x40"}),
    "DocgenlabBehind": ({"instance": "a"}, {f"{D}documents_oldest_queued_age_seconds{{{A}}}": "0+60x40"},
                        {f"{D}documents_oldest_queued_age_seconds{{{A}}}": "200x40"}),
    "DocgenlabSlowRendering": ({}, histogram("document_render_seconds", True), histogram("document_render_seconds", False)),
    "DocgenlabSlowDisk": ({}, histogram("store_commit_seconds", True),
                          {f'{D}store_commit_seconds_bucket{{le="{bound}",{A}}}': "0+60x40" for bound in ("0.01", "0.1", "+Inf")}),
    "DocgenlabDocumentsFail": ({}, {f"{D}documents_failed_total{{{A}}}": "0+5x40", f"{D}documents_accepted_total{{{A}}}": "0+10x40"},
                               {f"{D}documents_failed_total{{{A}}}": "0+5x40", f"{D}documents_accepted_total{{{A}}}": "0+100x40"}),
    "DocgenlabWorkersDie": ({}, {f'{D}engine_worker_ends_total{{reason="crash",{A}}}': "0+1x40"},
                            {f'{D}engine_worker_ends_total{{reason="crash",{A}}}': "0x20 1x20"}),
    "DocgenlabSandboxKills": ({"reason": "sandbox", "instance": "a"}, {f'{D}engine_worker_ends_total{{reason="sandbox",{A}}}': "0x25 1x15"},
                              {f'{D}engine_worker_ends_total{{reason="sandbox",{A}}}': "0x40", f'{D}engine_worker_ends_total{{reason="timeout",{A}}}': "0x25 1x15"}),
    "DocgenlabWebhooksBehind": ({"instance": "a"}, {f"{D}webhook_oldest_due_age_seconds{{{A}}}": "0+60x40"},
                                {f"{D}webhook_oldest_due_age_seconds{{{A}}}": "60x40"}),
    "DocgenlabWebhooksFail": ({}, {f'{D}webhook_attempts_total{{result="http",{A}}}': "0+10x40", f'{D}webhook_attempts_total{{result="succeeded",{A}}}': "0+1x40"},
                              {f'{D}webhook_attempts_total{{result="http",{A}}}': "0+10x40", f'{D}webhook_attempts_total{{result="succeeded",{A}}}': "0+50x40"}),
    "DocgenlabWebhooksDropped": ({"instance": "a"}, {f"{D}webhook_deliveries_dropped_total{{{A}}}": "0x20 1x20"},
                                 {f"{D}webhook_deliveries_dropped_total{{{A}}}": "7x40"}),
}


def alerts():
    """name: (severity, annotations), as deploy/prometheus/alerts.yml has them: one line each."""
    with open(RULES, encoding="utf-8") as fh:
        parts = fh.read().split("- alert: ")[1:]
    line = lambda part, word: re.search(rf"^ *{word}: (.*)$", part, re.M).group(1)  # noqa: E731
    return {part.split("\n")[0]: (re.search(r"severity: (\w+)", part).group(1), {word: line(part, word) for word in ("summary", "action")})
            for part in parts}


def rules(folder):
    known = alerts()
    expect(set(known) == set(ALERTS), f"alerts without a test, or tests without an alert: {set(known) ^ set(ALERTS)}")
    tests = []
    for name in sorted(set(known) & set(ALERTS)):
        labels, raising, quiet = ALERTS[name]
        severity, annotations = known[name]
        fires = [{"exp_labels": dict(labels, severity=severity), "exp_annotations": annotations}]
        for series, expected in ((raising, fires), (quiet, [])):
            tests.append({"interval": "1m", "input_series": [{"series": k, "values": v} for k, v in series.items()],
                          "alert_rule_test": [{"eval_time": "30m", "alertname": name, "exp_alerts": expected}]})
    path = os.path.join(folder, "tests.yml")
    with open(path, "w", encoding="utf-8") as fh:
        json.dump({"rule_files": [RULES], "evaluation_interval": "1m", "tests": tests}, fh)  # JSON is YAML
    for command in (["check", "rules", RULES], ["test", "rules", path]):
        done = subprocess.run([tool("promtool"), *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        expect(done.returncode == 0, f"promtool {command[0]} rules: {done.stdout[-1500:]}")
    print(f"    {len(tests)} cases of {len(known)} alerts")


# ---------------------------------------------------------------- a Prometheus beside a server

class Prometheus:
    def __init__(self, folder, target):
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}, "rule_files": [RULES],
                  "scrape_configs": [{"job_name": "docgenlab", "static_configs": [{"targets": [target]}]}]}
        path, self.log = os.path.join(folder, "prometheus.yml"), os.path.join(folder, "prometheus.log")
        with open(path, "w", encoding="utf-8") as fh:
            json.dump(config, fh)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([tool("prometheus"), "--config.file", path, "--storage.tsdb.path", os.path.join(folder, "tsdb"),
                                             "--web.listen-address", "127.0.0.1:0"], stdout=log, stderr=log)
        self.url = f"http://{wait_until(self.address, f'Prometheus did not start; {self.log} says why')}/api/v1/"

    def address(self):
        with open(self.log, encoding="utf-8", errors="replace") as fh:
            found = re.search(r"Listening on\" address=([\d.]+:\d+)", fh.read())
        return found and found.group(1)

    def ask(self, path, **query):
        with urllib.request.urlopen(self.url + path + "?" + urllib.parse.urlencode(query), timeout=PATIENCE_S) as answer:
            return json.load(answer)["data"]

    def stop(self):
        self.process.terminate()
        self.process.wait()


# Grafana's names: a rate of requests, seconds, bytes (1,024), a share of one, a plain number; a rate of something else.
UNITS = {"reqps", "s", "bytes", "percentunit", "none", "suffix:/s"}


def dashboard():
    with open(os.path.join(ROOT, "deploy", "grafana", "docgenlab.json"), encoding="utf-8") as fh:
        return json.load(fh)


def board():
    """What Grafana would show without complaint, and wrongly."""
    panels = dashboard()["panels"]
    titles = [panel["title"] for panel in panels]
    expect(len(set(titles)) == len(titles), f"two panels have one title: {sorted(titles)}")
    expect(len({panel["id"] for panel in panels}) == len(panels), "two panels have one id")
    cells = {}
    for panel in panels:
        at = panel["gridPos"]
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            if cell in cells or cell[0] >= 24:
                expect(False, f"{panel['title']} lies on {cells.get(cell, 'the edge')}")
            cells[cell] = panel["title"]
        if panel["type"] == "row":
            continue
        expect(panel["fieldConfig"]["defaults"]["unit"] in UNITS, f"{panel['title']} has another unit")
        # A line that names no server must be one line, however many servers there are.
        for target in panel["targets"]:
            one = re.match(r"(sum|count|histogram_quantile)\b", target["expr"]) or re.search(r"\{\{\w+\}\}", target["legendFormat"])
            expect(one, f"{panel['title']}: several servers give several lines of one name, {target['legendFormat']!r}")
        # The value of an _info metric is 1; what it says is in its labels.
        if "_info{" in panel["targets"][0]["expr"]:
            expect(panel["options"].get("textMode") == "name", f"{panel['title']} shows 1")


def expressions():
    shown = dashboard()
    for panel in shown["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"].replace("$__rate_interval", "10s").replace("$instance", ".*")
    for note in shown["annotations"]["list"]:
        yield note["name"], note["expr"].split(">")[0]


def work(client, template, seconds):
    until = time.monotonic() + seconds
    with open(os.path.join(ROOT, "examples", "invoice.json"), encoding="utf-8") as fh:
        data = json.load(fh)
    while time.monotonic() < until:
        client.wait_document(client.generate(template, data, "pdf")["id"])
        client.raw("GET", "/documents/none")
        time.sleep(0.1)


def look_until_well(prometheus, work):
    """Looks at targets, rules and panels after each piece of work: a busy machine is read late."""
    until = time.monotonic() + PATIENCE_S
    while True:
        work()
        targets = prometheus.ask("targets")["activeTargets"]
        rules_now = prometheus.ask("rules")["groups"][0]["rules"]
        checks = [([target["health"] for target in targets] == ["up"], f"Prometheus cannot read /metrics: {targets}")]
        checks += [(rule["health"] == "ok" and rule["state"] != "firing", f"{rule['name']} is {rule['state']} and {rule['health']}: {rule.get('lastError')}")
                   for rule in rules_now]
        checks += [(prometheus.ask("query", query=expression)["result"], f"the panel {panel} shows nothing: {expression}") for panel, expression in expressions()]
        if all(good for good, _ in checks) or time.monotonic() > until:
            break
    for good, sentence in checks:
        expect(good, sentence)


def watch(folder):
    ca, certificate, key = make_certificate(os.path.join(folder, "tls"))
    data = os.path.join(folder, "data")
    first = Server.init(data)
    with Receiver(certificate, key) as receiver, Server(data, ca_file=ca, allow_nets="127.0.0.0/8", options={"RATE_LIMIT_PER_MINUTE": 0}) as server:
        client = Client(server.url, first["api_key"])
        client.call("PUT", "/webhooks/settings", {"webhook_url": receiver.url()})
        template = client.upload_template("Invoice", os.path.join(ROOT, "examples", "invoice.docx"))["id"]
        prometheus = Prometheus(folder, urllib.parse.urlsplit(server.url).netloc)
        try:
            look_until_well(prometheus, lambda: work(client, template, 2))
        finally:
            prometheus.stop()


def main():
    folder = tempfile.mkdtemp(prefix="docgenlab-monitoring-")
    try:
        board()
        rules(folder)
        watch(folder)
    except (Fail, OSError, subprocess.SubprocessError) as problem:
        expect(False, str(problem))
    if not problems:
        shutil.rmtree(folder)
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
