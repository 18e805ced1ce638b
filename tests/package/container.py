"""The container image: built from deploy/Containerfile, run with nothing but what it needs, stopped, and run again on its volume.

    python3 tests/package/container.py [--base FOLDER] [--image NAME]

--base FOLDER: a Debian in a folder, made by debootstrap when it is not there, stands for debian:bookworm-slim, so that no registry is
asked. --image NAME: that image instead of a new one. DGL_PODMAN="docker" chooses another program or, with its options, runtime.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "scripts"))
from local import Client, Fail, Receiver, free_port, make_certificate, verify_signature, wait_until  # noqa: E402
from service import answers, debian, run  # noqa: E402

# crun, podman's own choice, does not run where both versions of cgroups are mounted; runc does.
HYBRID = os.path.exists("/sys/fs/cgroup/unified/cgroup.procs")
PODMAN = os.environ.get("DGL_PODMAN", "podman --runtime runc" if HYBRID else "podman").split()
LIMITS = ("--ulimit", "nofile=10000:10000", "--ulimit", "nproc=4096:4096")
BASE = "localhost/docgenlab-test-base"


class Container:
    def __init__(self, folder):
        self.folder, self.passed, self.problems = folder, 0, []
        self.name = "docgenlab-test-" + os.path.basename(folder)[-8:]
        self.port = free_port()

    def expect(self, good, sentence):
        if good:
            self.passed += 1
        else:
            self.problems.append(sentence)
            print("FAILED:", sentence, flush=True)

    def podman(self, *arguments, check=True):
        return run(*PODMAN, *arguments, check=check)

    def start(self, image):
        """Read-only, without a right, on a volume of its own."""
        self.podman("run", "-d", "--name", self.name, "--network", "host", *LIMITS, "--read-only", "--cap-drop=all",
                    "--security-opt=no-new-privileges", "-v", f"{self.name}:/var/lib/docgenlab", "-v", f"{self.folder}/receiver:/receiver:ro",
                    "-e", f"DOCGENLAB_LISTEN=127.0.0.1:{self.port}", "-e", "DOCGENLAB_WEBHOOK_ALLOW_NETS=127.0.0.0/8",
                    "-e", "DOCGENLAB_WEBHOOK_CA_FILE=/receiver/ca.pem", image)
        self.client = Client(f"http://127.0.0.1:{self.port}", getattr(self, "key", None))
        wait_until(lambda: answers(self.client), "The container did not answer")

    def works(self, receiver):
        made = self.podman("exec", self.name, "docgenlab", "init", "--org", "Company", "--admin-email", "me@example.com", "--json")
        self.client.api_key = self.key = json.loads(made.strip().splitlines()[-1])["api_key"]
        self.client.call("PUT", "/webhooks/settings", {"webhook_url": receiver.url()})
        secret = self.client.call("GET", "/webhooks/secret")["secret"]
        template = self.client.upload_template("Invoice", os.path.join(ROOT, "examples", "invoice.docx"))["id"]
        with open(os.path.join(ROOT, "examples", "invoice.json"), "rb") as fh:
            self.made = self.client.wait_document(self.client.generate(template, fh.read(), "both")["id"])
        self.expect(self.made["status"] == "ready", f"the document is {self.made['status']}: {self.made['error_message']}")
        hook = receiver.wait("document.generated")
        verify_signature(secret, hook)
        self.expect(self.client.download(hook.payload["download_url"]).startswith(b"%PDF"), "the link gives no PDF")
        self.expect(all("same widths" in warning for warning in self.made["warnings"]), f"fonts are missing in the image: {self.made['warnings']}")

    def is_confined(self):
        self.expect(self.podman("exec", self.name, "id", "-un").strip() == "docgenlab", "the container runs as another user")
        status = self.podman("exec", self.name, "cat", "/proc/1/status")
        for line in ("NoNewPrivs:\t1", "CapEff:\t0000000000000000", "Seccomp:\t2"):
            self.expect(line in status, f"the container's process has not {line!r}")
        health = json.loads(self.podman("image", "inspect", self.image))[0]
        self.expect(health["Config"]["User"] == "docgenlab", "the image's user is another")
        self.podman("exec", self.name, "curl", "-fsS", "-o", "/dev/null", f"http://127.0.0.1:{self.port}/healthz")

    def stops_and_goes_on(self):
        self.podman("stop", "-t", "40", self.name)
        self.expect(self.podman("inspect", "-f", "{{.State.ExitCode}}", self.name).strip() == "0", "SIGTERM does not end it with 0")
        self.expect('"event":"stopped"' in self.podman("logs", self.name), "the log does not tell of the stop")
        self.podman("rm", self.name)
        self.start(self.image)
        self.expect(self.client.call("GET", f"/documents/{self.made['id']}")["sha256"] == self.made["sha256"], "the volume did not keep the document")

    def live(self, image):
        ca, certificate, key = make_certificate(os.path.join(self.folder, "receiver"))
        os.chmod(os.path.join(self.folder, "receiver"), 0o755)
        os.chmod(ca, 0o644)
        self.image = image
        with Receiver(certificate, key) as receiver:
            try:
                self.start(image)
                self.works(receiver)
                self.is_confined()
                self.stops_and_goes_on()
            finally:
                print(self.podman("logs", self.name, check=False) if self.problems else "", end="")
                self.podman("rm", "-f", self.name, check=False)
                self.podman("volume", "rm", self.name, check=False)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--base")
    options.add_argument("--image")
    chosen = options.parse_args()
    folder = tempfile.mkdtemp(prefix="docgenlab-container-")
    os.chmod(folder, 0o755)
    container = Container(folder)
    try:
        if chosen.base:
            with subprocess.Popen(["tar", "-C", debian(chosen.base), "--one-file-system", "-c", "."], stdout=subprocess.PIPE) as tar:
                run(*PODMAN, "import", "-", BASE, stdin=tar.stdout)
        image = chosen.image
        if not image:
            image = "localhost/docgenlab-test"
            run(*PODMAN, "build", "--network", "host", "--isolation", "chroot", *LIMITS, "--format", "docker", "-f",
                os.path.join(ROOT, "deploy", "Containerfile"), *(("--build-arg", f"BASE={BASE}") if chosen.base else ()), "-t", image, ROOT)
        container.live(image)
    except (Fail, OSError, subprocess.SubprocessError) as problem:
        container.expect(False, str(problem))
    finally:
        shutil.rmtree(folder)
    print(f"{container.passed} passed, {len(container.problems)} failed")
    return 1 if container.problems else 0


if __name__ == "__main__":
    sys.exit(main())
