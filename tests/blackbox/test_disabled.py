"""An organization that is disabled: refused with a clear word, everything of it waits, nothing of it is lost."""
import sqlite3
import time

from docx import write_docx
from local import Client, Receiver, wait_until
from test_tenants import Tenants, cli


def test_a_disabled_organization_waits_and_goes_on(tmp_path, tls):
    tenants = Tenants(tmp_path, tls)
    server, data, ours = tenants.house.server, tenants.house.data_dir, tenants.admin
    tenants.house.restart(RENDER_WORKERS=1, WEBHOOK_RETRY_SCHEDULE=",".join(["5"] * 32))
    ours, theirs = Client(server.url, ours.api_key), Client(server.url, tenants.keys["stranger"])
    slow = str(tmp_path / "slow.docx")
    write_docx(slow, ["{% for a in range(2000000) %}{% if false %}{{ a }}{% endif %}{% endfor %}done"])
    slow = ours.upload_template("Slow", slow)["id"]
    letter = theirs.upload_template("Letter", tenants.letter)["id"]
    session, _ = tenants.sign_in("org_admin")
    taken = []
    with Receiver(answer=lambda hook: (200 if taken else 503, {}, b"")) as receiver:
        ours.call("PUT", "/webhooks/settings", {"webhook_url": receiver.url()})
        link = ours.wait_document(ours.generate(slow, {}, "docx")["id"])["download_url"]
        assert ours.raw("GET", link).status == 200
        first = receiver.wait()  # refused; again every 5 s, for more than two minutes
        documents = [ours.generate(slow, {}, "docx")["id"] for _ in range(20)]
        cli(data, "orgs", "disable", "Test Organization")
        everybody_knows = time.monotonic() + 7  # caches live 5 s, each by itself; and what was just begun ends

        def count(sql):
            db = sqlite3.connect(data + "/docgenlab.db")
            try:
                return db.execute("SELECT count(*) FROM documents WHERE " + sql).fetchone()[0]
            finally:
                db.close()

        # What is accepted until the API has heard of it waits, too.
        body = {"template_id": slow, "input_json": {}, "output_format": "docx"}
        while (refusal := ours.raw("POST", "/documents/", body)).status == 202:
            documents.append(refusal.json["id"])
            assert len(documents) < 100
            time.sleep(0.5)
        assert (refusal.status, refusal.json["code"]) == (403, "organization_disabled")
        assert len(refusal.json["detail"].split()) > 4
        assert ours.raw("GET", link).json["code"] == "organization_disabled"
        assert tenants.request("GET", "/templates", headers={"Cookie": session})[0] == 303  # to sign in again
        tenants.cookies.clear()
        try:
            tenants.sign_in("org_admin")
        except AssertionError as problem:
            assert "403" in str(problem)
        else:
            raise AssertionError("signed in")
        taken.append(True)
        wait_until(lambda: count("status = 1") == 0, "what was under way does not end")

        def nothing_is_sent():  # who begins to send has heard of it, and what was begun before has ended
            page = theirs.raw("GET", server.url + "/metrics").body.decode()
            return time.monotonic() > everybody_knows and "\ndocgenlab_webhook_in_flight 0\n" in page

        wait_until(nothing_is_sent, "webhooks under way do not end")
        left, came = count("status = 0"), len(receiver.kept)
        assert left > 0
        other = theirs.wait_document(theirs.generate(letter, {"name": "x"}, "docx")["id"])
        assert other["status"] == "ready"  # nobody else notices
        time.sleep(6)  # a retry would have been due
        assert (count("status = 0"), len(receiver.kept)) == (left, came)
        assert tenants.house.client.raw("GET", server.url + "/readyz").status == 200

        tenants.house.restart()  # a restart changes nothing of it
        ours.url = server.url
        assert ours.raw("GET", "/templates/").status == 403
        cli(data, "orgs", "enable", "Test Organization")
        wait_until(lambda: ours.raw("GET", "/templates/").status == 200, "still refused")
        assert {ours.wait_document(document)["status"] for document in documents} == {"ready"}
        assert ours.raw("GET", link.replace(link.split("/files")[0], server.url)).status == 200
        wait_until(lambda: len({hook.payload["job_id"] for hook in list(receiver.kept)}) == len(documents) + 1, "an event is missing")
        first_is_done = lambda: ours.call("GET", f"/webhooks/deliveries/{first.headers['webhook-id']}")["status"] == "succeeded"  # noqa: E731
        wait_until(first_is_done, "the delivery that was refused is not done")
        again = [hook for hook in receiver.kept if hook.payload["job_id"] == first.payload["job_id"]]
        assert len(again) >= 2 and len({hook.headers["webhook-id"] for hook in again}) == 1
        tenants.sign_in("org_admin")
    assert tenants.house.server.stop() == 0
