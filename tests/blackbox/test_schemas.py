"""Every released schema, as a data folder kept in text, is migrated by this program and then says what it said."""
import glob
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess

import pytest
from local import PROGRAM, Client, Receiver, Server, clean_environment, verify_signature

KEEP = {"DOCUMENT_RETENTION_DAYS": 0, "DELIVERY_LOG_DAYS": 0}  # these folders get older than anything a server keeps
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schemas")


def version_of(path):
    database = sqlite3.connect(path)
    try:
        return database.execute("PRAGMA user_version").fetchone()[0]
    finally:
        database.close()


def shape(path):
    """Tables with their columns, indexes with theirs and their conditions."""
    database = sqlite3.connect(path)
    try:
        tables = {name: sorted(tuple(row[1:]) for row in database.execute(f"PRAGMA table_info({name})"))
                  for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        indexes = dict(database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"))
        return {name: [column[:4] for column in columns] for name, columns in tables.items()}, indexes
    finally:
        database.close()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    data = str(tmp_path_factory.mktemp("fresh") / "data")
    Server.init(data)
    return os.path.join(data, "docgenlab.db")


def unpack(name, to):
    shutil.copytree(os.path.join(HERE, name, "files"), os.path.join(to, "files"))
    shutil.copy(os.path.join(HERE, name, "secret.key"), to)
    os.chmod(os.path.join(to, "secret.key"), 0o600)
    with open(os.path.join(HERE, name, "database.sql"), encoding="utf-8") as fh:
        database = sqlite3.connect(os.path.join(to, "docgenlab.db"))
        database.executescript(fh.read())
        database.close()
    with open(os.path.join(HERE, name, "expected.json"), encoding="utf-8") as fh:
        return json.load(fh)


def without_links(items):
    return [{k: v for k, v in item.items() if "url" not in k} for item in items]


def test_every_older_schema_is_kept(fresh):
    kept = {os.path.basename(path) for path in glob.glob(os.path.join(HERE, "v*"))}
    missing = {f"v{n}" for n in range(1, version_of(fresh))} - kept
    assert not missing, f"check out the commit before the newest migration and run {HERE}/make.py"


@pytest.mark.parametrize("name", sorted(os.path.basename(path) for path in glob.glob(os.path.join(HERE, "v*"))))
def test_a_released_schema_is_migrated(name, fresh, tls, tmp_path):
    data = str(tmp_path / "data")
    os.makedirs(data)
    expected = unpack(name, data)
    database = os.path.join(data, "docgenlab.db")
    before, newest = version_of(database), version_of(fresh)
    assert name == f"v{before}"

    def migrate(*flags):
        done = subprocess.run([PROGRAM, "migrate", "--data", data, "--json", *flags], stdout=subprocess.PIPE, env=clean_environment())
        return done.returncode, json.loads(done.stdout)

    status, said = migrate("--check")
    assert (status, said["from_version"], version_of(database)) == (1 if before < newest else 0, before, before)
    status, said = migrate()
    assert (status, version_of(database)) == (0, newest)
    if before < newest:
        assert version_of(said["copy"]) == before
    assert shape(database) == shape(fresh)

    with Receiver(tls[1], tls[2]) as receiver, Server(data, ca_file=tls[0], allow_nets="127.0.0.0/8", options=KEEP) as server:
        client = Client(server.url, expected["api_key"])
        documents = client.call("GET", "/documents/")["items"]
        for there, was in zip(without_links(documents), without_links(expected["documents"]), strict=True):
            assert {k: there[k] for k in was} == was
        for document in documents:
            if document["status"] == "ready":
                assert hashlib.sha256(client.raw("GET", f"/documents/{document['id']}/download").body).hexdigest() == document["sha256"]
        assert client.raw("GET", f"/documents/{expected['gone']}").status == 404
        assert [t["id"] for t in client.call("GET", "/templates/")] == [t["id"] for t in expected["templates"]]
        deliveries = client.call("GET", "/webhooks/deliveries/")["items"]
        assert {d["id"]: d["status"] for d in deliveries} == {d["id"]: d["status"] for d in expected["deliveries"]}
        assert client.call("GET", "/webhooks/secret")["secret"] == expected["secret"]
        client.call("PUT", "/webhooks/settings", {"webhook_url": receiver.url()})
        made = client.call("POST", "/documents/", {"template_id": expected["templates"][0]["id"], "output_format": "docx",
                                                   "input_json": {"name": "After", "divisor": 4}})["id"]
        hook = receiver.wait("document.generated")
        assert hook.payload["job_id"] == made
        verify_signature(expected["secret"], hook)
