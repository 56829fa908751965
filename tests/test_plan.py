# SPDX-License-Identifier: Apache-2.0
import errno
import json
import shutil
import sys
from pathlib import Path

import pytest

from finnlite.errors import IRError, OptionError, ToolError
from finnlite.plan import MANIFEST, Command, Output, Plan, amend, check_output

COPY = "import sys; open(sys.argv[2], 'wb').write(open(sys.argv[1], 'rb').read().upper())"


def upper(source: str, target: str, label: str = "") -> Command:
    return Command((sys.executable, "-c", COPY, source, target), (source,), (target,), label)


def run(folder: Path, plan: Plan, prefix: str = "") -> list[str]:
    with Output(folder) as out:
        out.run(plan, prefix)
    return out.ran


def content(folder: Path) -> dict[str, bytes]:
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    files.pop(MANIFEST, None)
    return files


CHAIN = Plan({"a": b"one", "d/b": b"two"}, (upper("a", "A"), upper("d/b", "d/B"), upper("A", "AA")))


def test_files_are_written_and_commands_run_in_order(tmp_path: Path) -> None:
    assert sorted(run(tmp_path / "out", CHAIN)) == ["A", "AA", "d/B"]
    assert content(tmp_path / "out") == {
        "a": b"one",
        "d/b": b"two",
        "A": b"ONE",
        "d/B": b"TWO",
        "AA": b"ONE",
    }
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_only_what_changed_runs_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(out, CHAIN)
    assert run(out, CHAIN) == []
    assert run(out, Plan({**CHAIN.files, "a": b"ONE"}, CHAIN.commands)) == ["A"], "A's content is the same"
    assert run(out, Plan({**CHAIN.files, "a": b"x"}, CHAIN.commands)) == ["A", "AA"]
    assert content(out)["AA"] == b"X"
    other = tuple(Command(c.argv, c.inputs, c.outputs, c.label, "new compiler") for c in CHAIN.commands)
    assert len(run(out, Plan({**CHAIN.files, "a": b"x"}, other))) == 3


def test_a_damaged_result_is_made_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(out, CHAIN)
    (out / "d" / "B").write_bytes(b"damaged")
    assert run(out, CHAIN) == ["d/B"]
    (out / "A").unlink()
    assert run(out, CHAIN) == ["A"]
    assert content(out)["d/B"] == b"TWO"


def test_a_prefix_moves_a_plan(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(out, CHAIN, "hls")
    assert content(out)["hls/d/B"] == b"TWO"
    assert run(out, CHAIN, "hls") == []


def test_files_no_longer_in_the_plan_vanish(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(out, CHAIN)
    run(out, Plan({"c": b"three"}))
    assert content(out) == {"c": b"three"}


def test_what_somebody_else_put_there_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(out, CHAIN)
    (out / "notes").mkdir()
    (out / "notes" / "mine.txt").write_text("mine")
    (out / "link").symlink_to("notes/mine.txt")
    run(out, Plan({"c": b"three"}))
    assert content(out) == {"c": b"three", "notes/mine.txt": b"mine", "link": b"mine"}
    assert (out / "link").is_symlink()


def test_what_stays_is_not_copied(tmp_path: Path) -> None:
    """A tool's results can be hundreds of megabytes; a folder that is empty may be meant."""
    out = tmp_path / "out"
    run(out, CHAIN)
    (out / "d" / "run" / "empty").mkdir(parents=True)
    (out / "d" / "run" / "result").write_bytes(b"large")
    before = (out / "d" / "run" / "result").stat()
    run(out, Plan({"d/b": b"two"}))
    after = (out / "d" / "run" / "result").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_nlink) == (before.st_ino, before.st_mtime_ns, 1)
    assert (out / "d" / "run" / "empty").is_dir()
    assert content(out) == {"d/b": b"two", "d/run/result": b"large"}


def test_what_stays_is_copied_where_files_cannot_be_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    out = tmp_path / "out"
    run(out, CHAIN)
    (out / "result").write_bytes(b"large")
    before = (out / "result").stat()
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    run(out, Plan({"c": b"three"}))
    assert content(out) == {"c": b"three", "result": b"large"}
    assert (out / "result").stat().st_mtime_ns == before.st_mtime_ns


def test_a_failure_after_linking_leaves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    run(out, CHAIN)
    (out / "first").write_bytes(b"1")
    (out / "second").write_bytes(b"2")
    before = content(out)
    link = Path.hardlink_to

    def fail_second(self: Path, target: Path) -> None:
        if self.name == "second":
            raise OSError(errno.ENOSPC, "full")
        link(self, target)

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "hardlink_to", fail_second)
    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(OptionError, match=r"must be replaceable, is not \(full\)$"):
        run(out, Plan({"c": b"three"}))
    assert content(out) == before
    assert (out / "first").stat().st_nlink == 1
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("path", ["c", "d/c", "notes", "notes/mine/deeper"])
def test_what_somebody_else_put_there_is_never_overwritten(tmp_path: Path, path: str) -> None:
    out = tmp_path / "out"
    run(out, CHAIN)
    (out / "notes").mkdir()
    for mine in ("c", "d/c", "notes/mine"):
        (out / mine).write_text("mine")
    before = content(out)
    with pytest.raises(OptionError) as error:
        run(out, Plan({path: b"three"}))
    where = "notes/mine" if path.startswith("notes") else path
    assert str(error.value) == (
        f"output folder {str(out)!r}: {where!r} must be finnlite's, was put there by somebody else; "
        "move it away"
    )
    assert content(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_a_tool_leaves_behind_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for text in ("old log", "new log"):
        with Output(out) as target:
            target.run(Plan({"a": b"1"}))
            (target.folder / "tool.log").write_text(text)
    assert content(out) == {"a": b"1", "tool.log": b"new log"}


PROJECT = Plan({"build.tcl": b"1", "hls/settings.tcl": b"2"})
DRIVER = Plan({"metadata.json": b"3", "driver/a.py": b"4"})


def test_plans_without_commands_below_prefixes(tmp_path: Path) -> None:
    """A rebuild replaces what plans made, also below folders that tools filled, and only that."""
    out = tmp_path / "out"

    def rebuild(**plans: Plan) -> list[str]:
        with Output(out) as target:
            target.run(CHAIN, "hls")
            for prefix, plan in plans.items():
                target.run(plan, prefix)
        return target.ran

    rebuild(vivado=PROJECT, deploy=DRIVER)
    results = {
        "vivado/hls/made/layer/report.xml": b"ii 1",
        "vivado/project/accelerator.runs/log": b"log",
        "deploy/overlay/accelerator.bit": b"bits",
    }
    for path, data in results.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(data)
    driver = Plan({"metadata.json": b"6", "driver/b.py": b"7"})
    assert rebuild(vivado=Plan({"build.tcl": b"5"}), deploy=driver) == []
    assert {p: data for p, data in content(out).items() if not p.startswith("hls/")} == {
        "vivado/build.tcl": b"5",
        "deploy/metadata.json": b"6",
        "deploy/driver/b.py": b"7",
        **results,
    }
    assert set(json.loads((out / MANIFEST).read_text())["files"]) >= {
        "vivado/build.tcl",
        "deploy/driver/b.py",
    }


def test_amending_replaces_single_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(out, CHAIN)
    (out / "mine").write_text("mine")
    untouched = {p: p.stat().st_mtime_ns for p in (out / "d" / "B", out / "mine")}
    amend(out, {"a": b"uno", "new/file": b"4"})
    assert content(out) == {
        "a": b"uno",
        "new/file": b"4",
        "A": b"ONE",
        "AA": b"ONE",
        "d/b": b"two",
        "d/B": b"TWO",
        "mine": b"mine",
    }
    assert {p: p.stat().st_mtime_ns for p in untouched} == untouched
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    digests = json.loads((out / MANIFEST).read_text())["files"]
    assert digests["a"] == Plan({"a": b"uno"}).digests["a"]
    assert run(out, CHAIN) == [], "commands know their inputs"
    assert set(content(out)) == {"a", "A", "AA", "d/b", "d/B", "mine"}


def test_only_finnlites_own_is_amended(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(OptionError) as error:
        amend(out, {"a": b"1"})
    assert str(error.value) == f"folder {str(out)!r}: must be made by finnlite, is not; build it first"
    run(out, CHAIN)
    (out / "mine").write_text("mine")
    before = content(out)
    with pytest.raises(OptionError, match="'mine' must be finnlite's, was put there by somebody else"):
        amend(out, {"a": b"1", "mine": b"2"})
    assert content(out) == before


def failing(out: Path) -> None:
    plan = Plan(
        {"a": b"new"}, (Command((sys.executable, "-c", "raise SystemExit('why')"), (), ("x",), "node 'n'"),)
    )
    run(out, plan)


def test_a_failure_leaves_the_last_output_untouched(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(out, CHAIN)
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    with pytest.raises(ToolError) as error:
        failing(out)
    assert str(error.value) == f"node 'n': {Path(sys.executable).name} must succeed, exited with 1:\nwhy"
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*")} == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_failure_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ToolError):
        failing(tmp_path / "deep" / "out")
    assert not (tmp_path / "deep" / "out").exists()


def test_any_exception_inside_the_block_discards(tmp_path: Path) -> None:
    def interrupted() -> None:
        with Output(tmp_path / "out") as out:
            out.run(CHAIN)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    plan = Plan({}, (Command((sys.executable, "-c", ""), (), ("x",)),))
    with pytest.raises(ToolError) as error:
        run(tmp_path / "out", plan)
    assert str(error.value) == f"{Path(sys.executable).name} must write 'x', did not"


def test_an_input_nobody_writes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IRError, match="^plan: input 'a' must be written before it is read, is not$"):
        run(tmp_path / "out", Plan({}, (upper("a", "A"),)))


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", "a\\b"])
def test_paths_stay_in_the_folder(path: str) -> None:
    with pytest.raises(IRError, match="^plan: a path must stay in the plan's folder, is "):
        Plan({path: b""})


def test_equal_plans_have_equal_digests() -> None:
    twin = Plan(dict(reversed(CHAIN.files.items())), CHAIN.commands)
    assert twin.digest == CHAIN.digest
    assert Plan({**CHAIN.files, "a": b"two"}, CHAIN.commands).digest != CHAIN.digest
    assert Plan(CHAIN.files, CHAIN.commands[:1]).digest != CHAIN.digest
    assert Plan({"a": b"one", "d/c": b"two"}, CHAIN.commands).digest != CHAIN.digest


def test_equal_plans_leave_equal_manifests(tmp_path: Path) -> None:
    for name in ("one", "two"):
        run(tmp_path / name, CHAIN)
    first, second = ((tmp_path / name / MANIFEST).read_bytes() for name in ("one", "two"))
    assert first == second
    assert json.loads(first)["made_by"] == "finnlite"


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    plan = Plan({"a": b"one"}, (upper("a", "A", "first"), upper("A", "B", "second")))
    with Output(tmp_path / "out", progress=lambda *a: told.append(a)) as out:
        out.run(plan)
    assert told == [("first", 1, 2), ("second", 2, 2)]


@pytest.mark.parametrize("manifest", [None, "", "[]", '{"made_by": "somebody", "files": {}, "commands": {}}'])
def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, manifest: str | None) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious").write_text("mine")
    if manifest is not None:
        (out / MANIFEST).write_text(manifest)
    before = content(out)
    with pytest.raises(OptionError) as error:
        run(out, CHAIN)
    assert str(error.value) == (
        f"output folder {str(out)!r}: must be new, empty or made by finnlite, holds other things; "
        "name another folder"
    )
    assert content(out) == before


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    check_output(out)
    run(out, CHAIN)
    assert content(out)["A"] == b"ONE"


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    with pytest.raises(OptionError, match="must be a folder, is a file; name another folder$"):
        run(out, CHAIN)
    with pytest.raises(OptionError, match="must be writable, is not"):
        run(out / "below", CHAIN)
    assert out.read_text() == "mine"


def test_of_a_link_the_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to("real")
    with Output(link) as out:
        out.run(Plan({"a": b"1"}))
    assert link.is_symlink()
    assert (tmp_path / "real" / "a").read_bytes() == b"1"


def test_what_cannot_be_put_in_place_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with Output(out) as first:
        first.run(Plan({"a": b"1"}))
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if target == out and self.name != "old":
            raise OSError(errno.EBUSY, "busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OptionError) as refused, Output(out) as second:
        second.run(Plan({"a": b"2"}))
    assert str(refused.value) == f"output folder {str(out)!r}: must be replaceable, is not (busy)"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (out / "a").read_bytes() == b"1"
