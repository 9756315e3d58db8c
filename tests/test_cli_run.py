"""People drive a bot, and two such logs are compared: `inhabit run` and `inhabit compare`."""

import contextlib
import http.server
import json
import threading

import pytest

from inhabit.cli.main import main
from inhabit.records.reading import read

from .tiny import tiny_people


@contextlib.contextmanager
def bot(answer):
    """A bot on this machine; `answer` maps the body it was sent to words, or to a status code."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers.get("Authorization"), body))
            said = answer(body)
            status = said if isinstance(said, int) else 200
            told = json.dumps({"choices": [{"message": {"role": "assistant", "content": said}}]}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *words):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def people(tmp_path, monkeypatch):
    monkeypatch.setenv("INHABIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("INHABIT_KEY", "hidden")
    path = tmp_path / "people.mind"
    tiny_people().save(path)
    return str(path)


def run(people, url, path, *more):
    return main(["run", people, "--target", url, "--seed", "7", "--turns", "3", "-o", str(path), "--json", *more])


def test_people_drive_a_bot_and_the_same_seed_gives_the_same_log(people, tmp_path, capsys):
    with bot(lambda body: f"I heard {len(body['messages'])}.") as (url, asked):
        assert run(people, url, tmp_path / "a.jsonl", "-n", "5", "--greeting", "Hello!", "--met", "agree") == 0
        assert run(people, url, tmp_path / "b.jsonl", "-n", "5", "--greeting", "Hello!", "--met", "agree") == 0
    told = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    path, secret, body = asked[0]
    assert (path, secret, body["model"]) == ("/v1/chat/completions", "Bearer hidden", "bot")
    assert [one["role"] for one in body["messages"]] == ["assistant", "user"]
    reading = read(tmp_path / "a.jsonl")
    assert (reading.format, len(reading.lives), reading.set_aside, reading.mended) == ("life", 5, (), ())
    for life in reading.lives:
        assert [one.content for one in life.messages if one.role == "assistant"] == [
            "Hello!",
            "I heard 2.",
            "I heard 4.",
            "I heard 6.",
        ]
        own = [one for one in life.messages if one.role == "user"]
        assert all(one.act and {"stress", "valence", "load"} <= set(one.feels) for one in own)
        assert life.outcome["truncated"] and life.outcome["met"] == any(one.act == "agree" for one in own)
    assert told[0]["talks"] == 5 and told[0]["cut off at the last turn"] == 5


def test_a_bot_that_fails_costs_its_talk_and_resuming_tries_it_again(people, tmp_path, capsys):
    broken, path = [True], tmp_path / "a.jsonl"

    def answer(body):
        return 404 if broken[0] and len(body["messages"]) > 1 else "Fine."

    with bot(answer) as (url, asked):
        assert run(people, url, path, "-n", "3", "--tries", "1") == 1
        told = json.loads(capsys.readouterr().out)
        assert (told["talks"], told["failed"]) == (0, 3) and "status 404" in told["first error"]
        assert run(people, url, path, "-n", "3") == 2  # it is there already
        with path.open("a") as file:
            file.write('{"id": "half a li')
        broken[0] = False
        assert run(people, url, path, "-n", "4", "--resume") == 0
        before = len(asked)
        assert run(people, url, path, "-n", "4", "--resume") == 0
        assert len(asked) == before  # nothing was left to do
    assert [life.id for life in read(path).lives] == [f"run-7-0000{index}" for index in range(4)]
    assert not any("error" in life.outcome for life in read(path).lives)
    assert main(["run", people, "--target", url, "--seed", "8", "-o", str(path), "--resume"]) == 2
    assert "another seed" in capsys.readouterr().err


def test_nothing_begins_when_time_is_up_and_wrong_words_are_refused(people, tmp_path, capsys):
    with bot(lambda body: "Fine.") as (url, asked):
        assert run(people, url, tmp_path / "a.jsonl", "--minutes", "0") == 1
        assert not asked
    assert run(people, "ftp://x", tmp_path / "b.jsonl") == 2
    assert run(people, url, tmp_path / "b.jsonl", "--met", "fly") == 2
    assert "nobody does fly" in capsys.readouterr().err
