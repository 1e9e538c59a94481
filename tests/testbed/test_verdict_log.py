"""A log of verdicts: every later change shows, and what stands there stays."""

import json
from datetime import UTC, datetime

import pytest

from scenes.errors import BadInput
from testbed.cli import main
from testbed.verdict_log import FIRST, Verdict, append_verdict, read_log

NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


def write(path, count=4):
    return [
        append_verdict(path, Verdict(f"a{i}", "0" * 64, "gunshot", "A. Reviewer", f"reason {i}"), NOON)
        for i in range(count)
    ]


def test_entries_follow_each_other_and_nothing_is_overwritten(tmp_path):
    path = tmp_path / "log.jsonl"
    heads = write(path, 2)
    before = path.read_bytes()
    heads += write(path, 2)
    chain = read_log(path)
    assert path.read_bytes().startswith(before)
    assert chain.faults == ()
    assert [e["previous"] for e in chain.entries] == [FIRST, *heads[:-1]]
    assert chain.head == heads[-1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda lines: [lines[0].replace("gunshot", "firework"), *lines[1:]], "line 1: was changed"),
        (lambda lines: lines[1:], "line 1: does not follow"),
        (lambda lines: [lines[0], *lines[2:]], "line 2: does not follow"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "line 1: does not follow"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], "line 2: does not follow"),
        (lambda lines: [*lines[:-1], lines[-1][:-20]], "line 4: is not JSON"),
        (lambda lines: [*lines, '{"verdict": "gunshot"}'], "line 5: is no entry"),
    ],
)
def test_every_change_shows(tmp_path, capsys, change, told):
    path = tmp_path / "log.jsonl"
    write(path)
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    assert main(["verify-log", f"log={path}"]) == 2
    assert told in capsys.readouterr().err


def test_a_broken_log_takes_no_more(tmp_path):
    path = tmp_path / "log.jsonl"
    write(path)
    path.write_text(path.read_text().replace("reason 1", "reason 9"))
    before = path.read_bytes()
    with pytest.raises(BadInput, match="line 2: was changed"):
        write(path, 1)
    assert path.read_bytes() == before


def test_a_log_that_was_cut_off_shows_beside_a_head_kept_elsewhere(tmp_path, capsys):
    path = tmp_path / "log.jsonl"
    head = write(path)[-1]
    assert main(["verify-log", f"log={path}", f"head={head}"]) == 0
    assert "4 verdicts on 4 alerts" in capsys.readouterr().out
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    assert main(["verify-log", f"log={path}"]) == 0
    assert main(["verify-log", f"log={path}", f"head={head}"]) == 2
    assert "is gone" in capsys.readouterr().err


def test_a_log_that_is_none_is_told(tmp_path, capsys):
    assert main(["verify-log"]) == 2
    assert main(["verify-log", f"log={tmp_path / 'none'}"]) == 2
    assert main(["verify-log", f"log={tmp_path}"]) == 2
    (tmp_path / "b").write_bytes(b"\xff\xfe")
    assert main(["verify-log", f"log={tmp_path / 'b'}"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["echoblock"] * 4


def test_entries_are_plain_json_in_any_language(tmp_path):
    path = tmp_path / "log.jsonl"
    append_verdict(path, Verdict("a", "0" * 64, "überprüft", "名前", "line\nbreak"), NOON)
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["written_utc"] == "2026-01-31T12:00:00.000Z"
    assert read_log(path).faults == ()
