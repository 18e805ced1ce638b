"""The walk from a template to a document in docs/api.md, typed as it stands there."""
import os
import re
import subprocess

from local import ROOT


def test_the_walk_through_the_api_works_as_it_is_written(new_house, tmp_path):
    house = new_house(RATE_LIMIT_PER_MINUTE=0)
    with open(os.path.join(ROOT, "docs", "api.md"), encoding="utf-8") as fh:
        page = fh.read()
    script = re.search(r"<!-- tour: .*?```sh\n(.*?)```", page, re.S).group(1)
    assert script.count("http://127.0.0.1:8080") == 1
    script = script.replace("http://127.0.0.1:8080", house.server.url)
    os.symlink(os.path.join(ROOT, "examples"), tmp_path / "examples")
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                          env={"PATH": os.environ["PATH"], "KEY": house.first["api_key"]})
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert '"name":' in lines[0] and lines[-1] == "ready"
    assert (tmp_path / "ready.txt").read_text() == "true\n"
    assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF")
