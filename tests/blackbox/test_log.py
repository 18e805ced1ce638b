"""The log's reader hangs: the server works on, counts what it could not say, says so when he reads again, and stops in order."""
import json
import os
import re

from local import wait_until


def dropped(house):
    page = house.client.raw("GET", house.server.url + "/metrics").body.decode()
    return int(re.search(r"^docgenlab_log_lines_dropped_total (\d+)$", page, re.M).group(1))


def talk_until_it_is_full(house):
    """Long lines, more than any pipe holds."""
    before = dropped(house)
    for _ in range(40):
        for _ in range(100):
            assert house.client.raw("GET", house.server.url + "/" + "x" * 1000).status == 404
        if dropped(house) > before:
            return
    raise AssertionError("4,000 long lines found room in a pipe that nobody reads")


def read_what_is_there(reader):
    text = b""
    while True:
        try:
            piece = os.read(reader, 1 << 16)
        except BlockingIOError:
            return text
        if not piece:
            return text
        text += piece


def test_a_log_that_nobody_reads_stops_nothing(new_house, letter, tmp_path):
    pipe, kept = str(tmp_path / "log"), str(tmp_path / "log.txt")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    house = new_house(start=False)
    house.server.log_path = pipe
    house.start()
    template = house.client.upload_template("Letter", letter)["id"]
    talk_until_it_is_full(house)
    document = house.client.wait_document(house.client.generate(template, {"name": "A"}, "docx")["id"])
    assert document["status"] == "ready"

    text = read_what_is_there(reader)

    def told():
        nonlocal text
        house.client.raw("GET", house.server.url + "/healthz")
        text += read_what_is_there(reader)
        return b"log lines dropped" in text

    missing = dropped(house)
    wait_until(told, "the server does not tell what it could not say")
    lines = [json.loads(line) for line in text.decode().splitlines()]
    assert sum(line["count"] for line in lines if line["event"] == "log lines dropped") >= missing > 0

    talk_until_it_is_full(house)
    with open(kept, "wb") as fh:
        fh.write(text)
    house.server.log_path = kept  # the pipe's end is read by nobody any more
    assert house.server.stop() == 0
    os.close(reader)
