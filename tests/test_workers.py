# SPDX-License-Identifier: Apache-2.0
"""Parallel work: on processes of this machine and on a Dask cluster, killed workers included."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Thread

import distributed
import pytest

import finnlite
from finnlite import workers
from finnlite.errors import OptionError, SimulationError, ToolError
from tests.small_models import Network

PATIENCE_S = 120
"""A test that waits longer hangs."""
Pool = Callable[[], AbstractContextManager[Executor]]


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Ends a test that hangs."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"hangs for {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    """Two workers, each a process of its own."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as cluster:
        yield cluster


@pytest.fixture(params=["local", "dask"])
def pool(request: pytest.FixtureRequest) -> Pool:
    """Either kind of pool, of two workers."""
    if request.param == "local":
        return lambda: workers.local(2)
    address = request.getfixturevalue("cluster").scheduler_address
    return lambda: workers.dask(address)


def square(number: int) -> int:
    return number * number


def fail(number: int) -> int:
    if number == 1:
        raise SimulationError("node 'fc0': stream 's1' is read while it is empty")
    if number == 2:
        raise KeyError("fc0")
    return number


def wait_for_a_killer(job: tuple[int, Path]) -> int:
    """Of all jobs, the first that starts with 3 names its process in a file and waits to be killed."""
    number, path = job
    if number == 3 and not path.exists():
        path.with_suffix(".new").write_text(str(os.getpid()))
        path.with_suffix(".new").rename(path)
        time.sleep(PATIENCE_S)
    return number * number


def kill_named(path: Path) -> None:
    while not path.exists():
        time.sleep(0.02)
    os.kill(int(path.read_text()), signal.SIGKILL)


def die(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def leave_a_trace(path: Path) -> None:
    path.touch()
    if path.name == "0":
        raise ValueError("no")
    time.sleep(0.05)


def test_results_come_with_their_names(pool: Pool) -> None:
    counts: list[tuple[int, int]] = []
    with pool() as executor:
        items = {f"item {n}": n for n in range(7)}
        results = dict(workers.run(executor, square, items, lambda *count: counts.append(count)))
    assert results == {f"item {n}": n * n for n in range(7)}
    assert counts == [(n, 7) for n in range(1, 8)]


def test_work_of_a_killed_worker_is_done_by_another(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "pid"
    killer = Thread(target=kill_named, args=(path,), daemon=True)
    killer.start()
    with pool() as executor:
        items = {str(n): (n, path) for n in range(6)}
        results = dict(workers.run(executor, wait_for_a_killer, items))
    assert results == {str(n): n * n for n in range(6)}
    assert path.exists()


def test_a_network_is_explored_on_a_cluster(cluster: distributed.LocalCluster, tmp_path: Path) -> None:
    model = Network().save(tmp_path / "net.onnx")
    found = finnlite.explore(model, points=2, simulate=True, dask=cluster.scheduler_address)
    assert found.ok
    results = [point["simulation"] for point in found.points]
    assert [(result["samples"], result["mismatches"]) for result in results] == [(64, 0)] * 2


def killed(name: str) -> str:
    return (
        f"{name}: the worker that runs it must survive, was killed 3 times or more; is there memory enough?"
    )


def test_an_item_that_kills_its_workers_is_named() -> None:
    with workers.local(2) as pool, pytest.raises(ToolError) as error:
        dict(workers.run(pool, die, {f"item {n}": n for n in range(6)}))
    assert str(error.value) == killed("item 3")


def test_an_item_that_kills_the_clusters_workers_is_named(
    cluster: distributed.LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    with workers.dask(cluster.scheduler_address) as pool, pytest.raises(ToolError) as error:
        dict(workers.run(pool, die, {"item 3": 3}))
    assert str(error.value) == killed("item 3")


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (1, "item: node 'fc0': stream 's1' is read while it is empty"),
        (2, "item: its worker failed with KeyError: 'fc0'"),
    ],
)
def test_what_fails_in_a_worker_is_named(pool: Pool, number: int, message: str) -> None:
    with pool() as executor, pytest.raises(ToolError) as error:
        dict(workers.run(executor, fail, {"item": number, "other": 5}))
    assert str(error.value) == message


def test_after_a_failure_nothing_starts(tmp_path: Path) -> None:
    paths = {str(n): tmp_path / str(n) for n in range(50)}
    with workers.local(1) as pool, pytest.raises(ToolError):
        dict(workers.run(pool, leave_a_trace, paths))
    assert len(list(tmp_path.iterdir())) < 50


def test_workers_end_with_who_started_them(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    code = (
        "import pathlib, sys\nfrom tests.test_workers import wait_for_a_killer, workers\n"
        "with workers.local(1) as pool:\n"
        "    dict(workers.run(pool, wait_for_a_killer, {'item': (3, pathlib.Path(sys.argv[1]))}))"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE) as process:
        while not path.exists():
            time.sleep(0.02)
        process.kill()
        try:
            assert process.communicate()[0] == b""  # the worker holds the pipe too, and so has ended
        except TimeoutError:
            kill_named(path)
            raise


def test_jobs_must_be_some() -> None:
    with pytest.raises(OptionError) as error:
        workers.local(0)
    assert str(error.value) == "jobs must be at least 1, is 0"


def refused(address: str) -> str:
    with pytest.raises(OptionError) as error, workers.dask(address):
        pass
    return str(error.value)


def test_a_cluster_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_CONNECT_S", 1)
    assert refused("tcp://127.0.0.1:1") == (
        "dask: a scheduler must answer at 'tcp://127.0.0.1:1', none does "
        "(Timed out trying to connect to tcp://127.0.0.1:1 after 1 s)"
    )
    assert refused("nowhere") == (
        "dask: a scheduler must answer at 'nowhere', none does (missing port number in address 'nowhere')"
    )


def test_a_cluster_must_have_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_CONNECT_S", 5)
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty:
        address = empty.scheduler_address
        assert refused(address) == f"dask: the cluster at {address!r} must have workers, has none"


def test_without_distributed_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert refused("tcp://127.0.0.1:1") == (
        "dask: the package 'distributed' must be installed, is not: pip install 'finnlite[cluster]'"
    )


def test_distributed_is_imported_only_when_it_is_used() -> None:
    code = "import finnlite.cli, finnlite.flow, sys; sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_script_without_a_guard_is_told_to_have_one(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from finnlite import workers\n"
        "with workers.local(1) as pool:\n"
        "    print(list(workers.run(pool, abs, {'one': -1})))\n"
    )
    command = [sys.executable, str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "finnlite.errors.ToolError: one: the process for it must start, did not; "
        'a script must keep its work below `if __name__ == "__main__":`'
    )
    script.write_text(
        "from finnlite import workers\n"
        "if __name__ == '__main__':\n"
        "    with workers.local(1) as pool:\n"
        "        print(list(workers.run(pool, abs, {'one': -1})))\n"
    )
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[('one', 1)]\n"), done.stderr
