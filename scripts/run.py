"""A server to click through: the set-up of the demo, then the server in the foreground until Ctrl-C.

First-run credentials are printed once and kept nowhere but in build/run/data (hashed); delete build/run to begin again.
"""
import json
import os
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from local import Client, Fail, Receiver, Server, make_certificate  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUN = os.path.join(ROOT, "build", "run")
EXAMPLES = os.path.join(ROOT, "examples")


def first_run(data_dir):
    first = Server.init(data_dir, "Demo Company", "admin@demo.example")
    print(f"\n  Sign in with      {first['admin_email']}\n  Password          {first['admin_password']}")
    print(f"  API key           {first['api_key']}\n  These are shown once: keep them now.\n")
    return first


def curl_line(url, key, template_id):
    with open(os.path.join(EXAMPLES, "invoice.json"), "rb") as fh:
        body = json.dumps({"template_id": template_id, "input_json": json.load(fh), "output_format": "both"}, ensure_ascii=False)
    path = os.path.join(RUN, "request.json")
    with open(path, "w", encoding="utf-8") as fh:
        fh.write(body)
    return (f"curl -sS -X POST {url}/api/v1/documents/ -H 'X-API-Key: {key}' "
            f"-H 'Content-Type: application/json' --data-binary @{os.path.relpath(path)}")


def run():
    data_dir = os.path.join(RUN, "data")
    os.makedirs(RUN, exist_ok=True)
    fresh = not os.path.exists(os.path.join(data_dir, "docgenlab.db"))
    ca, certificate, key = make_certificate(os.path.join(RUN, "tls"))
    first = first_run(data_dir) if fresh else None
    listen = os.environ.get("LISTEN", "127.0.0.1:8080")
    with Receiver(certificate, key) as receiver:
        server = Server(data_dir, ca_file=ca, allow_nets="127.0.0.0/8", listen=listen, log=os.path.join(RUN, "server.log"))
        try:
            server.start()
        except Fail as failure:
            raise Fail(f"{failure}\nAnother port: LISTEN=127.0.0.1:0 make run")
        if first:
            client = Client(server.url, first["api_key"])
            template = client.upload_template("Invoice", os.path.join(EXAMPLES, "invoice.docx"))
            client.call("PUT", "/webhooks/settings", {"webhook_url": receiver.url("/webhooks/docgenlab")})
            print(f"  Generate an invoice with\n\n    {curl_line(server.url, first['api_key'], template['id'])}\n")
        print(f"  The page          {server.url}/\n  The log           {os.path.relpath(server.log_path)}")
        print(f"  A receiver        {receiver.url('/webhooks/docgenlab')} (it answers 200)\n  Ctrl-C stops.\n", flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            while True:
                hook = receiver.wait(timeout=1e6)
                print(f"  webhook           {hook.body.decode()}", flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    try:
        run()
    except Fail as failure:
        print(f"run: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(0)
