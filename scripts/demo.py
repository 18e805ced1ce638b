"""The whole road once, over HTTP and TLS as a client would go it: see README.md.

Starts a server and an https receiver of its own on free ports of 127.0.0.1, ends both, and leaves build/demo/invoice.pdf, invoice.docx
and webhook.json (the body exactly as received). Needs nothing but Python's standard library and openssl.
"""
import os
import shutil
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from local import Client, Fail, Receiver, Server, make_certificate, step, verify_signature  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEMO = os.path.join(ROOT, "build", "demo")
TEMPLATE = os.path.join(ROOT, "examples", "invoice.docx")
DATA = os.path.join(ROOT, "examples", "invoice.json")


def run():
    started = time.monotonic()
    for path in (TEMPLATE, DATA):
        if not os.path.exists(path):
            raise Fail(f"{path} is missing; the demo needs the files of a whole checkout.")
    os.makedirs(DEMO, exist_ok=True)
    for name in ("invoice.pdf", "invoice.docx", "webhook.json"):
        if os.path.exists(os.path.join(DEMO, name)):
            os.remove(os.path.join(DEMO, name))
    data_dir = os.path.join(DEMO, "data")
    if os.path.isdir(data_dir):
        shutil.rmtree(data_dir)

    ca, certificate, key = make_certificate(os.path.join(DEMO, "tls"))
    with Receiver(certificate, key) as receiver:
        first = Server.init(data_dir, "Demo Company", "admin@demo.example")
        step("organization and API key", f"{first['organization_id']}")
        with Server(data_dir, ca_file=ca, allow_nets="127.0.0.0/8") as server:
            step("server", server.url)
            client = Client(server.url, first["api_key"])
            template = client.upload_template("Invoice", TEMPLATE)
            step("template uploaded", f"{template['name']}, version {template['version']}, {len(template['tokens'])} tokens")
            settings_url = receiver.url("/webhooks/docgenlab")
            client.call("PUT", "/webhooks/settings", {"webhook_url": settings_url})
            step("webhook URL saved", settings_url)
            secret = client.call("GET", "/webhooks/secret")["secret"]
            with open(DATA, "rb") as fh:
                job = client.generate(template["id"], fh.read(), "both")
            posted = time.monotonic()
            step("document requested", f"{job['id']} {job['status']}")
            hook = receiver.wait("document.generated", 60)
            step("webhook received", f"status {hook.payload['status']}, {1000 * (time.monotonic() - posted):.0f} ms after the request")
            if hook.payload["status"] != "completed":
                raise Fail(f"The document failed: {hook.payload['metadata']['error_message']}")
            verify_signature(secret, hook)
            step("signature verified", hook.headers["webhook-signature"])
            with open(os.path.join(DEMO, "webhook.json"), "wb") as fh:
                fh.write(hook.body)
            for name, url in (("invoice.pdf", hook.payload["download_url"]), ("invoice.docx", hook.payload["download_urls"]["docx"])):
                data = client.download(url)
                with open(os.path.join(DEMO, name), "wb") as fh:
                    fh.write(data)
                step("downloaded", f"build/demo/{name}, {len(data):,} bytes")
    step("done", f"{time.monotonic() - started:.1f} s; see build/demo/")


if __name__ == "__main__":
    try:
        run()
    except Fail as failure:
        print(f"demo: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
