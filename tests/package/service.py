"""The installed service under a systemd of its own: a Debian in a folder, booted by systemd-nspawn, used through its address.

package.py --chroot calls live(); the folder is what debian() makes, with PACKAGES in it.
"""
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time

from local import PATIENCE_S, Client, Fail, Receiver, ROOT, free_port, make_certificate, verify_signature, wait_until

sys.path.insert(0, os.path.join(ROOT, "tests", "blackbox"))
from docx import docx_bytes, paragraph  # noqa: E402

CONF = "/etc/docgenlab/docgenlab.conf"
PACKAGES = ("systemd", "systemd-sysv", "dbus", "procps", "libreoffice-writer-nogui")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def run(*command, check=True, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if check and done.returncode:
        raise Fail(f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-1500:]}")
    return done.stdout


def debian(folder):
    """A Debian 12 of this machine's sources in a folder; by debootstrap when it is not there."""
    if not os.path.exists(os.path.join(folder, "etc/debian_version")):
        run("debootstrap", "--variant=minbase", "bookworm", folder)
    for name in ("etc/resolv.conf", "etc/apt/sources.list.d/debian.sources"):
        if os.path.exists("/" + name):
            shutil.copy("/" + name, os.path.join(folder, name))
    run("chroot", folder, "apt-get", "update", env=ENVIRONMENT)
    return folder


class Machine:
    """A booted Debian. Its network is ours, so its ports are reached at 127.0.0.1."""

    def __init__(self, folder):
        self.folder = folder
        self.boot = subprocess.Popen(["systemd-nspawn", "--register=no", "--keep-unit", "--console=read-only", "-D", folder, "--boot"],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.leader = wait_until(self.find_leader, "systemd-nspawn did not boot the folder")
            wait_until(lambda: self.inside("systemctl", "is-system-running", check=False).strip() in ("running", "degraded"), "systemd was not up", 300)
        except Fail:
            self.off()
            raise

    def find_leader(self):
        if self.boot.poll() is not None:
            raise Fail(f"systemd-nspawn ended with {self.boot.returncode}; `systemd-nspawn --boot -D {self.folder}` says why.")
        with open(f"/proc/{self.boot.pid}/task/{self.boot.pid}/children", encoding="ascii") as fh:
            children = fh.read().split()
        for child in children:  # the first one may only be on its way to start the second
            with open(f"/proc/{child}/status", encoding="ascii") as fh:
                if re.search(r"^NSpid:\t\d+\t1$", fh.read(), re.M):
                    return child
        return None

    def inside(self, *command, check=True):
        return run("nsenter", "-t", self.leader, "-m", "-u", "-i", "-p", "-C", "--", *command, check=check, env=ENVIRONMENT)

    def show(self, field):
        return self.inside("systemctl", "show", "-P", field, "docgenlab").strip()

    def main_process(self):
        """The service's main process, as numbered out here."""
        inner = self.show("MainPID")
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/status", encoding="ascii") as fh:
                    status = fh.read()
            except (OSError, ValueError):
                continue
            numbers = re.search(r"^NSpid:\t(.*)$", status, re.M)
            if "Name:\tdocgenlab\n" in status and numbers and numbers.group(1).split()[-1:] == [inner] and len(numbers.group(1).split()) == 2:
                return int(name), status
        raise Fail("The service's process is not to be found.")

    def configure(self, **options):
        path = self.folder + CONF
        with open(path, encoding="utf-8") as fh:
            lines = [line for line in fh if line.split("=")[0].strip() not in options]
        with open(path, "w", encoding="utf-8") as fh:
            fh.writelines(lines + [f"{key} = {value}\n" for key, value in options.items()])

    def off(self):
        self.boot.send_signal(signal.SIGTERM)
        try:
            self.boot.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.boot.kill()
            self.boot.wait()


def answers(client):
    try:
        return client.raw("GET", client.url + "/readyz", timeout=10).status == 200
    except OSError:
        return False


class Life:
    def __init__(self, machine, folder, first, second, expect):
        self.machine, self.folder, self.first, self.second, self.expect = machine, folder, first, second, expect
        self.port = free_port()
        self.made = []

    def install(self, package):
        shutil.copy(package, os.path.join(self.machine.folder, "root"))
        self.machine.inside("apt-get", "install", "-y", "--no-install-recommends", "/root/" + os.path.basename(package))

    def ready(self):
        wait_until(lambda: answers(self.client), "The service did not answer")

    def journal(self, *more):
        return self.machine.inside("journalctl", "-u", "docgenlab", "-o", "cat", "--no-pager", *more)

    def begin(self, receiver, ca):
        machine = self.machine
        self.install(self.first)
        self.expect(machine.inside("systemctl", "is-active", "docgenlab", check=False).strip() == "active", "installing does not start the service")
        self.expect(machine.inside("systemctl", "is-enabled", "docgenlab", check=False).strip() == "enabled", "the service is not enabled")
        shutil.copy(ca, os.path.join(machine.folder, "etc/docgenlab/receiver.pem"))
        machine.configure(LISTEN=f"127.0.0.1:{self.port}", WEBHOOK_ALLOW_NETS="127.0.0.0/8", RATE_LIMIT_PER_MINUTE=0,
                          WEBHOOK_CA_FILE="/etc/docgenlab/receiver.pem")
        key = json.loads(machine.inside("docgenlab", "init", "--org", "Company", "--admin-email", "me@example.com", "--json"))["api_key"]
        machine.inside("systemctl", "restart", "docgenlab")  # Type=notify: it listens when this returns
        self.client = Client(f"http://127.0.0.1:{self.port}", key)
        self.expect(answers(self.client), "`systemctl restart` returns before the service is ready")
        answer = self.client.call("PUT", "/webhooks/settings", {"webhook_url": receiver.url()})
        self.secret = answer.get("secret") or self.client.call("GET", "/webhooks/secret")["secret"]
        self.template = self.client.upload_template("Invoice", os.path.join(ROOT, "examples", "invoice.docx"))["id"]
        with open(os.path.join(ROOT, "examples", "invoice.json"), encoding="utf-8") as fh:
            self.data = json.load(fh)

    def document(self, kind="docx"):
        made = self.client.generate(self.template, self.data, kind)["id"]
        self.made.append(made)
        return made

    def works(self, receiver):
        """What the unit forbids hinders neither the workers nor LibreOffice nor the way out."""
        document = self.client.wait_document(self.document("both"))
        self.expect(document["status"] == "ready" and document["engine"] == "native", f"the invoice is {document['status']}: {document}")
        verify_signature(self.secret, receiver.wait("document.generated"))
        answer = self.client.upload("/templates/", {"name": "Declined", "file": ("t.docx", docx_bytes(
            [], body_xml=paragraph("Hello {{ name }}") + '<w:altChunk r:id="rId9"/>'))})
        document = self.client.wait_document(self.client.generate(answer.json["id"], {"name": "Ada"}, "pdf")["id"])
        self.expect(document["engine"] == "libreoffice", f"LibreOffice does not work in the service: {document['warnings']} {document['error_message']}")

    def is_confined(self):
        pid, status = self.machine.main_process()
        for line in ("NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "Seccomp:\t2"):
            self.expect(line + "\n" in status, f"the service's process has not {line!r}")
        self.expect(not re.search(r"^Uid:\t0\t", status, re.M), "the service runs as root")
        for place, may in (("/etc/docgenlab/x", False), ("/usr/x", False), ("/var/lib/docgenlab/x", True), ("/tmp/x", True)):
            done = subprocess.run(["nsenter", "-t", str(pid), "-m", "--", "touch", place], stderr=subprocess.DEVNULL)
            self.expect((done.returncode == 0) == may, f"the service {'cannot' if may else 'can'} write {place}")
        os.remove(self.machine.folder + "/var/lib/docgenlab/x")
        said = self.machine.inside("systemd-analyze", "security", "--no-pager", "docgenlab")
        print("    " + re.search(r"Overall exposure.*", said).group(0))

    def logs(self):
        lines = [line for line in self.journal().splitlines() if line.startswith("{")]
        self.expect(any(json.loads(line)["event"] == "ready" for line in lines), "the journal does not hold the log")
        self.expect(self.client.api_key not in self.journal(), "the journal holds a key")

    def crashes(self):
        for number, wanted in ((9, "killed"), (11, "crashed")):
            before, ids = self.show_restarts(), [self.document() for _ in range(20)]
            os.kill(self.machine.main_process()[0], number)
            wait_until(lambda: self.show_restarts() == before + 1, f"The service that was {wanted} was not started anew")  # noqa: B023
            self.ready()
            self.expect(all(self.client.wait_document(i)["status"] == "ready" for i in ids), f"documents were lost when it was {wanted}")

    def show_restarts(self):
        return int(self.machine.show("NRestarts"))

    def stops(self):
        ids = [self.document("pdf") for _ in range(30)]
        self.machine.inside("systemctl", "stop", "docgenlab")  # which kills after TimeoutStopSec, and then says so
        self.expect(self.machine.show("Result") == "success" and self.machine.show("ExecMainStatus") == "0", "a stop ends with an error")
        self.expect('"event":"stopped"' in self.journal("-n", "20"), "the journal does not tell of the stop")
        self.expect(not self.machine.inside("pgrep", "-u", "docgenlab", check=False).strip(), "processes stay behind")
        self.machine.inside("systemctl", "start", "docgenlab")
        self.expect(all(self.client.wait_document(i)["status"] == "ready" for i in ids), "documents were lost over a stop")

    def upgrades(self):
        before, ids = self.machine.show("MainPID"), [self.document() for _ in range(20)]
        self.install(self.second)
        self.ready()
        self.expect(self.machine.show("MainPID") != before, "the upgrade does not start the new program")
        self.expect(all(self.client.wait_document(i)["status"] == "ready" for i in ids), "documents were lost over the upgrade")

    def takes_certificates(self):
        """Served directly; the renewed certificate comes with `systemctl reload`, without a restart."""
        folder = self.machine.folder + "/etc/docgenlab/tls"
        owner = int(self.machine.inside("id", "-g", "docgenlab"))
        os.makedirs(folder)

        def put(name):
            _, certificate, key = make_certificate(os.path.join(self.folder, name))
            for source, target in ((certificate, "fullchain.pem"), (key, "key.pem")):
                shutil.copy(source, os.path.join(folder, target))
                os.chown(os.path.join(folder, target), 0, owner)
                os.chmod(os.path.join(folder, target), 0o640)

        put("first")
        self.machine.configure(TLS_CERT_FILE="/etc/docgenlab/tls/fullchain.pem", TLS_KEY_FILE="/etc/docgenlab/tls/key.pem")
        self.machine.inside("systemctl", "restart", "docgenlab")
        shown, pid = ssl.get_server_certificate(("127.0.0.1", self.port)), self.machine.show("MainPID")
        put("renewed")
        self.machine.inside("systemctl", "reload", "docgenlab")
        wait_until(lambda: ssl.get_server_certificate(("127.0.0.1", self.port)) != shown, "The renewed certificate was not taken")
        self.expect(self.machine.show("MainPID") == pid, "a reload restarts the service")

    def refuses(self):
        """A configuration with a mistake: systemd says failed or goes on trying, the journal says why."""
        self.machine.configure(LISTEN=f"127.0.0.1:{self.port}", RENDER_WORKERS="many")
        self.machine.inside("systemctl", "restart", "docgenlab", check=False)
        self.expect("RENDER_WORKERS" in self.journal("-n", "20"), "the journal does not name the mistake in the configuration")
        self.machine.configure(RENDER_WORKERS="0")
        self.machine.inside("systemctl", "restart", "docgenlab")

    def ends(self):
        self.machine.inside("apt-get", "remove", "-y", "docgenlab")
        self.expect(not self.machine.inside("pgrep", "-u", "docgenlab", check=False).strip(), "remove leaves the service running")
        self.machine.inside("apt-get", "purge", "-y", "docgenlab")
        self.expect(not os.path.exists(self.machine.folder + "/var/lib/docgenlab"), "purge leaves the data")
        self.expect("docgenlab" not in self.machine.inside("systemctl", "list-unit-files", "--no-pager"), "purge leaves the unit")


def live(chroot, folder, first, second, expect):
    """`expect(good, sentence)` counts. `folder` is for what is thrown away."""
    ca, certificate, key = make_certificate(os.path.join(folder, "receiver"))
    machine = Machine(chroot)
    try:
        life = Life(machine, folder, first, second, expect)
        with Receiver(certificate, key) as receiver:
            begun = time.monotonic()
            life.begin(receiver, ca)
            for name, part in (("works", lambda: life.works(receiver)), ("is confined", life.is_confined), ("logs", life.logs),
                               ("crashes", life.crashes), ("stops", life.stops), ("upgrades", life.upgrades), ("refuses", life.refuses),
                               ("takes certificates", life.takes_certificates), ("ends", life.ends)):
                print(f"    the service {name} ({time.monotonic() - begun:.0f} s)", flush=True)
                part()
    finally:
        machine.off()
