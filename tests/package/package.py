"""The Debian package: what is in it, whether its unit allows what the program does, and its life from install to purge.

    python3 tests/package/package.py [--chroot FOLDER]

The package is built and read, systemd-analyze checks the unit, and every system call that the server and its workers make for a
DOCX and a PDF must be one the unit allows. Then dpkg installs it, upgrades it with data and a changed configuration, removes and
purges it: on a copy of this machine that ends with the test (an overlay over /, for which the test must be root).

With --chroot the same happens in a fresh Debian by apt, dependencies and all, and once more while a systemd of its own runs there:
service.py. FOLDER is made by debootstrap when it is not there, and changed.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "scripts"))
from local import Client, Fail, PATIENCE_S, PROGRAM, Server, clean_environment  # noqa: E402
import service  # noqa: E402
from service import ENVIRONMENT, run  # noqa: E402

UNIT = os.path.join(ROOT, "deploy", "systemd", "docgenlab.service")
passed, problems = 0, []


def expect(good, sentence):
    global passed
    if good:
        passed += 1
    else:
        problems.append(sentence)
        print("FAILED:", sentence, flush=True)


def build(revision):
    return os.path.join(ROOT, run(os.path.join(ROOT, "scripts", "deb"), env=dict(os.environ, DEB_REVISION=str(revision))).split()[-1])


def look_inside(package):
    listing = run("dpkg-deb", "-c", package)
    for path in ("./usr/bin/docgenlab", "./usr/share/man/man1/docgenlab.1.gz", "./usr/share/bash-completion/completions/docgenlab", "./lib/systemd/system/docgenlab.service", "./etc/docgenlab/docgenlab.conf",
                 "./usr/share/doc/docgenlab/copyright", "./usr/share/doc/docgenlab/examples/nginx/docgenlab.conf"):
        expect(re.search(re.escape(path) + r"$", listing, re.M), f"{path} is not in the package")
    expect(all(re.match(r"[d-][rwxs-]{9} root/root ", line) for line in listing.splitlines()), "something is not root's")
    fields = run("dpkg-deb", "-f", package)
    for library in ("libmicrohttpd12", "libsqlite3-0", "libseccomp2", "libc6 "):
        expect(library in fields, f"the package does not depend on {library}")
    expect(run("dpkg-deb", "-I", package, "conffiles").split() == ["/etc/docgenlab/docgenlab.conf"], "conffiles are others")


# ---------------------------------------------------------------- the unit

def allowed_calls():
    """The unit's SystemCallFilter with its groups written out."""
    groups, name = {}, None
    for line in run("systemd-analyze", "syscall-filter").splitlines():
        if line.startswith("@"):
            name = line.split()[0]
            groups[name] = []
        elif name and line.strip() and not line.strip().startswith("#"):
            groups[name].append(line.split()[0])

    def members(word):
        return set().union(*(members(inner) for inner in groups[word])) if word in groups else {word}

    allowed = members("@default")
    with open(UNIT, encoding="utf-8") as fh:
        for value in re.findall(r"^SystemCallFilter=(\S.*)$", fh.read(), re.M):
            named = set().union(*(members(word) for word in value.lstrip("~").split()))
            allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed


def used_calls(folder):
    data, trace = os.path.join(folder, "data"), os.path.join(folder, "trace")
    key = Server.init(data)["api_key"]
    process = subprocess.Popen(["strace", "-f", "-qq", "-e", "signal=none", "-o", trace, PROGRAM, "serve"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL,
                               env=clean_environment({"DOCGENLAB_LISTEN": "127.0.0.1:0", "DOCGENLAB_DATA_DIR": data}))
    try:
        client = Client(re.search(r"http\S+", process.stdout.readline().decode()).group(0), key)
        template = client.upload_template("Invoice", os.path.join(ROOT, "examples", "invoice.docx"))["id"]
        with open(os.path.join(ROOT, "examples", "invoice.json"), encoding="utf-8") as fh:
            data = json.load(fh)
        for kind in ("docx", "pdf"):
            made = client.wait_document(client.generate(template, data, kind)["id"])
            expect(made.get("status") == "ready", f"the {kind} is {made.get('status')}: {made.get('error_message')}")
    finally:
        children = f"/proc/{process.pid}/task/{process.pid}/children"
        with open(children, encoding="ascii") as fh:
            for child in fh.read().split():
                os.kill(int(child), 15)
        process.wait(PATIENCE_S)
    with open(trace, encoding="utf-8", errors="replace") as fh:
        return set(re.findall(r"^\d+\s+(?:<\.\.\. )?(\w+)[ (]", fh.read(), re.M))


def check_unit(folder, package):
    # fchown: SQLite gives its files to the database's owner, only as root.
    missing = used_calls(folder) - allowed_calls() - {"fchown"}
    expect(not missing, f"the unit forbids what the program calls: {', '.join(sorted(missing))}")
    run("dpkg-deb", "-x", package, os.path.join(folder, "root"))
    with open(UNIT, encoding="utf-8") as fh:
        unit = fh.read().replace("/usr/bin/docgenlab", os.path.join(folder, "root/usr/bin/docgenlab"))
    path = os.path.join(folder, "docgenlab.service")
    with open(path, "w", encoding="utf-8") as fh:
        fh.write(unit)
    said = run("systemd-analyze", "verify", path, check=False)
    expect("docgenlab.service" not in said, f"systemd-analyze verify says {said.strip()}")
    exposure = float(re.search(r"exposure level for \S+: ([\d.]+)", run("systemd-analyze", "security", "--offline=true", path)).group(1))
    print(f"    exposure {exposure} of 10 by systemd-analyze security")
    expect(exposure < 2.5, f"the unit's exposure is {exposure}")


# ---------------------------------------------------------------- a life

PLACES = ("etc", "usr", "lib", "var", "root", "opt", "home")
APT = ("apt-get", "install", "-y", "--no-install-recommends")
DPKG = ("dpkg", "--force-confold", "-i")


def live(root, first, second, install, changed):
    """From install to purge below `root`, a Debian that is ours to change; what was changed there is below `changed`."""
    def inside(*command, check=True):
        return run("chroot", root, *command, check=check, env=ENVIRONMENT)

    def there(path):
        return os.path.lexists(os.path.join(root, path.lstrip("/")))

    def named():
        places = [os.path.join(changed, place) for place in PLACES if os.path.isdir(os.path.join(changed, place))]
        return set(run("find", *places, "-xdev", "-name", "*docgenlab*", "-not", "-type", "c").split("\n"))  # c: taken away, in an overlay

    for package in (first, second):
        shutil.copy(package, os.path.join(root, "root"))
    name = lambda package: "/root/" + os.path.basename(package)  # noqa: E731
    conf = os.path.join(root, "etc/docgenlab/docgenlab.conf")
    before = named()
    said = inside(*install, name(first))
    expect("docgenlab init" in said, "installing does not say how to begin")
    expect(inside("docgenlab", "version").startswith("docgenlab"), "the installed program does not run")
    expect(inside("stat", "-c", "%U:%G %a", "/var/lib/docgenlab").strip() == "docgenlab:docgenlab 700", "the data folder is another's")
    expect(inside("stat", "-c", "%U:%G %a", "/etc/docgenlab/docgenlab.conf").strip() == "root:docgenlab 640",
           "the configuration's owner or mode is another")
    # As root, without naming the folder: the command finds it by the configuration and becomes the data's owner.
    inside("docgenlab", "init", "--org", "Company", "--admin-email", "me@example.com")
    expect(set(inside("find", "/var/lib/docgenlab", "-printf", "%u\\n").split()) == {"docgenlab"}, "init made files of another user")
    with open(conf, "a", encoding="utf-8") as fh:
        fh.write("RATE_LIMIT_PER_MINUTE = 7\n")
    inside(*install, name(second))
    expect("-2" in inside("dpkg-query", "-W", "docgenlab"), "the upgrade did not upgrade")
    expect("Company" in inside("docgenlab", "orgs", "list"), "the upgrade lost the data")
    with open(conf, encoding="utf-8") as fh:
        expect("LIMIT_PER_MINUTE = 7" in fh.read(), "the upgrade lost the changed configuration")
    inside("dpkg", "--remove", "docgenlab")
    expect(not there("/usr/bin/docgenlab") and there("/var/lib/docgenlab/docgenlab.db") and there("/etc/docgenlab/docgenlab.conf"),
           "remove left the program or took the data")
    inside(*install, name(second))
    expect("Company" in inside("docgenlab", "orgs", "list"), "installing again does not find the data")
    expect(inside("dpkg", "--audit").strip() == "", "dpkg finds something half done")
    inside("dpkg", "--purge", "docgenlab")
    expect(not there("/var/lib/docgenlab") and not there("/etc/docgenlab"), "purge left data or configuration")
    expect("docgenlab" not in inside("cat", "/etc/passwd", "/etc/group"), "purge left the user")
    left = named() - before
    expect(not left, f"purge left {left}")


def live_here(folder, first, second):
    """On an overlay over this machine's root; what is changed is thrown away."""
    top, root = os.path.join(folder, "top"), os.path.join(folder, "machine")
    os.makedirs(root)
    os.makedirs(top)
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "docgenlab", top)
    try:
        for part in ("upper", "work"):
            os.mkdir(os.path.join(top, part))
        run("mount", "-t", "overlay", "-o", f"lowerdir=/,upperdir={top}/upper,workdir={top}/work", "docgenlab", root)
        try:
            run("mount", "-t", "proc", "proc", os.path.join(root, "proc"))
            run("mount", "--bind", "/dev", os.path.join(root, "dev"))
            run("chroot", root, "dpkg", "--purge", "docgenlab", check=False, env=ENVIRONMENT)
            live(root, first, second, DPKG, os.path.join(top, "upper"))
        finally:
            for mount in ("dev", "proc", ""):
                run("umount", "-l", os.path.join(root, mount), check=False)
    finally:
        run("umount", "-l", top, check=False)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--chroot")
    chosen = options.parse_args()
    folder = tempfile.mkdtemp(prefix="docgenlab-package-")
    try:
        first = build(1)
        look_inside(first)
        check_unit(folder, first)
        first = shutil.copy(first, folder)
        second = build(2)
        live_here(folder, first, second)
        if chosen.chroot:
            live(service.debian(chosen.chroot), first, second, APT, chosen.chroot)
            run("chroot", chosen.chroot, *APT, *service.PACKAGES, env=ENVIRONMENT)
            service.live(chosen.chroot, folder, first, second, expect)
    except (Fail, OSError, subprocess.SubprocessError) as problem:
        problems.append(str(problem))
        print("FAILED:", problem)
    finally:
        shutil.rmtree(folder)
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
