"""scripts/deps, with programs of ours in the place of apt-get and its kin: nothing is installed."""
import os
import subprocess

import local

# The lock is held for the first $HELD calls.
APT_GET = """#!/bin/sh
echo "$*" >>"$PLACE/calls"
[ "$(wc -l <"$PLACE/calls")" -gt "$HELD" ] && exit $CODE
echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)'
exit 100
"""
PROGRAMS = {"apt-get": APT_GET, "dpkg-query": "#!/bin/sh\nexit 1\n", "id": "#!/bin/sh\necho 0\n",
            "sleep": '#!/bin/sh\necho "$1" >>"$PLACE/slept"\n'}


def install(place, held, code=0):
    for name, text in PROGRAMS.items():
        path = place / name
        path.write_text(text)
        path.chmod(0o755)
    env = dict(os.environ, PATH=f"{place}:{os.environ['PATH']}", PLACE=str(place), HELD=str(held), CODE=str(code))
    done = subprocess.run([os.path.join(local.ROOT, "scripts", "deps"), "deb"], env=env, capture_output=True, text=True)
    return done, (place / "calls").read_text().splitlines()


def test_a_lock_of_apt_is_waited_for(tmp_path):
    done, calls = install(tmp_path, held=2)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("waiting for it") == 1
    assert [call.split()[2] for call in calls] == ["update", "update", "update", "install"]
    assert calls[-1].endswith(" dpkg-dev")
    assert (tmp_path / "slept").read_text() == "5\n5\n"


def test_a_lock_that_stays_is_told_after_a_while(tmp_path):
    done, calls = install(tmp_path, held=10000)
    assert done.returncode == 1
    assert "wait until it has ended" in done.stderr and "held by process 7" in done.stderr
    assert len(calls) == 61 and len((tmp_path / "slept").read_text().splitlines()) == 60


def test_another_failure_is_told_at_once(tmp_path):
    done, calls = install(tmp_path, held=0, code=100)
    assert done.returncode == 1 and len(calls) == 1
    assert "Check the network" in done.stderr
