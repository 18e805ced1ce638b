"""What /metrics says, and that documentation, dashboard and alert rules speak of metrics that are there."""
import json
import os
import re

import pytest
from conftest import ROOT
from local import wait_until


def parse(text):
    """{name: {labels: value}}; complains of anything the text format does not allow."""
    found, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in types, f"{name} is told of twice"
            types[name] = kind
        elif not line.startswith("# HELP "):
            match = re.fullmatch(r"([a-z_:]+)(?:\{((?:[a-z_]+=\"[^\"\\\n]*\",?)*)\})? (-?[0-9.e+]+)", line)
            assert match, line
            found.setdefault(match.group(1), {})[match.group(2) or ""] = float(match.group(3))
    for name in found:
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        assert name in types or types.get(base) in ("histogram", "summary"), f"{name} has no type"
        assert not (types.get(name) == "counter") or name.endswith("_total"), f"{name} is a counter"
    return found, types


@pytest.fixture
def metrics(house, template):
    for divisor in (1, 0):
        house.client.wait_document(house.client.generate(template["id"], {"name": "M", "items": [1] * divisor}, "docx")["id"])

    def calm():
        answer = house.client.raw("GET", house.server.url + "/metrics")
        assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        found, types = parse(answer.body.decode())
        counted = sum(found["docgenlab_documents_finished_total"].values()) >= 2 and found["docgenlab_document_render_seconds_count"][""] >= 2
        return (found, types) if counted and found["docgenlab_documents_queued"][""] == 0 else None

    return wait_until(calm, "the documents of this test and those before it are not counted as done")


def test_histograms_add_up(metrics):
    found, types = metrics
    names = [name for name, kind in types.items() if kind == "histogram"]
    assert len(names) >= 6
    for name in names:
        buckets = list(found[name + "_bucket"].values())
        assert buckets == sorted(buckets)
        assert found[name + "_bucket"]['le="+Inf"'] == found[name + "_count"][""]
    assert found["docgenlab_document_render_seconds_count"][""] >= 2
    assert found["docgenlab_store_commit_seconds_count"][""] >= 2


def test_it_says_what_happened(metrics):
    found, _ = metrics
    assert found["docgenlab_ready"] == {"": 1}
    assert found["docgenlab_documents_finished_total"]['status="ready",engine="native"'] >= 1
    assert found["docgenlab_http_requests_total"]['area="documents",class="2xx"'] >= 2
    assert 0 < found["docgenlab_disk_free_bytes"][""] < found["docgenlab_disk_bytes"][""]
    assert found["docgenlab_documents_queued"][""] == 0 == found["docgenlab_documents_oldest_queued_age_seconds"][""]


def test_labels_are_few_and_tell_nothing(house, metrics):
    found, _ = metrics
    series = sum(len(values) for values in found.values())
    assert series < 400
    text = json.dumps(found)
    for secret in (house.first["api_key"], house.first["organization_id"], "test.example", house.server.data_dir):
        assert secret not in text


def test_documentation_dashboard_and_alerts_name_metrics_that_exist(metrics):
    found, types = metrics
    ours = {name for name in types if name.startswith("docgenlab_")}

    def read(*path):
        with open(os.path.join(ROOT, *path), encoding="utf-8") as fh:
            return fh.read()

    page = read("docs", "operations.md")
    start = page.index("<!-- metrics:")
    table = page[start:page.index("\n\n", page.index("| --- |", start))]
    documented = {"docgenlab_" + name for name in re.findall(r"`([a-z_]+)(?:\{[^`]*\})?`", table)} - {"docgenlab_docgenlab_"}
    assert documented == ours

    dashboard = read("deploy", "grafana", "docgenlab.json")
    panels = json.loads(dashboard)["panels"]
    expressions = "\n".join(target["expr"] for panel in panels for target in panel.get("targets", []))
    for source in (expressions, read("deploy", "prometheus", "alerts.yml")):
        named = set(re.findall(r"\b(?:docgenlab|process)_[a-z_]+", source))
        assert len(named) > 10
        missing = {name for name in named if name not in found}
        assert not missing, f"no such metric: {missing}"
    for result in re.findall(r'(?:result|reason|status|class|area)[!=~]+"([^"]+)"', read("deploy", "prometheus", "alerts.yml")):
        assert any(f'"{word}"' in label for values in found.values() for label in values for word in result.split("|")), result
