# SPDX-License-Identifier: Apache-2.0
"""The folder with which a user tries every unit in the vendor's HLS."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from finnlite.backends.hls.units import UNITS
from finnlite.backends.pynq.first_contact import first_contact_files, streams_of
from finnlite.backends.pynq.instances import instances
from finnlite.boards import BOARDS
from tests.backends.pynq.hls_standin import Tools
from tests.backends.unity import xilinx_headers

HEADERS = Path(str(resources.files("finnlite.backends.hls") / "sim" / "hls"))
STRICT = ("-std=c++14", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas")
NAMES = [instance.name for instance in instances()]
EXPECTED = re.compile(r"(const bench::entry M0\[\] = \{\n.*?\{0x)([0-9a-f]+)(ULL, )([01])", re.DOTALL)


def write(folder: Path) -> Path:
    for path, content in first_contact_files(BOARDS["pynq-z1"], 100.0).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder / "first_contact"


def run_bench(folder: Path, name: str, *headers: Path) -> subprocess.CompletedProcess[str]:
    """Compiles a test bench as csim_design does, with these and finnlite's simulation headers; runs it."""
    program = folder / f"{name}.out"
    files = [f"tb/{name}.cpp", f"src/{name}.cpp"]
    system = [word for path in (*headers, HEADERS) for word in ("-isystem", str(path))]
    command = ["g++", "-O0", *STRICT, "-Iinclude", "-Isrc", "-Itb", *system, *files, "-o", str(program)]
    subprocess.run(command, cwd=folder, check=True)
    return subprocess.run([program], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    """All test benches, run."""
    folder = write(tmp_path_factory.mktemp("benches"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(NAMES, pool.map(lambda name: run_bench(folder, name), NAMES), strict=True))


def test_every_unit_has_an_instance() -> None:
    assert {type(instance.unit) for instance in instances()} == set(UNITS)


def test_the_variants_of_the_mvtu_are_there() -> None:
    """Register file and memory for the replay; LUT and block RAM for weights; no, few and many thresholds."""
    code = {i.name: "\n".join((*i.layer.code.pragmas, *i.layer.code.activation)) for i in instances()}
    found = {name: text for name, text in code.items() if name.startswith("mvtu")}
    for fragment in (
        "array_partition variable=state.buffer",
        "bind_storage variable=state.buffer",
        "impl=bram",
        "impl=lutram",
        "finnlite::compare",
        "finnlite::search",
        "_falling[",
    ):
        assert [name for name, text in found.items() if fragment in text], fragment


def test_words_go_both_ways_across_the_borders() -> None:
    streams = {instance.name: streams_of(instance) for instance in instances()}
    assert [entry.last for entry in streams["axi_in_uint8"]["s0"]] == [0, 0, 0, 1] * 2
    assert [entry.data for entry in streams["axi_in_uint8"]["m1"]] == [0, 1, 0, 1]
    assert [entry.last for entry in streams["axi_out_int6"]["m0"]] == [0, 0, 0, 1] * 2


def test_the_answers_tell_faults() -> None:
    """No output is the same for all frames and elements: a stuck unit would be seen."""
    for instance in instances():
        for frames in instance.outputs:
            assert len(np.unique(frames)) > 1, instance.name


def test_the_files_do_not_vary() -> None:
    assert first_contact_files(BOARDS["pynq-z1"], 50.0) == first_contact_files(BOARDS["pynq-z1"], 50.0)


@pytest.mark.parametrize("name", NAMES)
def test_the_units_pass_their_benches(
    benches: dict[str, subprocess.CompletedProcess[str]], name: str
) -> None:
    result = benches[name]
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("name", ["axi_out_uint8", "mvtu_replay"])
def test_the_benches_take_the_vendors_integers(tmp_path: Path, name: str) -> None:
    result = run_bench(write(tmp_path), name, xilinx_headers())
    assert (result.returncode, result.stdout) == (0, "")


def flip_data(match: re.Match[str]) -> str:
    return f"{match[1]}{int(match[2], 16) ^ 1:x}{match[3]}{match[4]}"


def flip_last(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}{match[3]}{1 - int(match[4])}"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("mvtu_bipolar", flip_data),
        ("axi_out_uint8", flip_data),
        ("axi_out_uint8", flip_last),
    ],
)
def test_a_wrong_word_fails(tmp_path: Path, name: str, change: Callable[[re.Match[str]], str]) -> None:
    folder = write(tmp_path)
    bench = folder / "tb" / f"{name}.cpp"
    text, count = EXPECTED.subn(change, bench.read_text(), count=1)
    assert count == 1
    bench.write_text(text)
    result = run_bench(folder, name)
    assert result.returncode == 1
    assert re.fullmatch(
        r"ERROR: m0: word 0 must be [0-9a-f]+ with TLAST [01], is [0-9a-f]+ or has other side bits\n",
        result.stdout,
    )


@pytest.mark.parametrize(("steps", "message"), [("4", "gave 1"), ("12", "")])
def test_missing_words_fail(tmp_path: Path, steps: str, message: str) -> None:
    """With fewer steps words are missing; with more the unit reads what is not there."""
    folder = write(tmp_path)
    bench = folder / "tb" / "thresholding_compare.cpp"
    text = bench.read_text()
    assert "const int STEPS = 8;" in text
    bench.write_text(text.replace("const int STEPS = 8;", f"const int STEPS = {steps};"))
    result = run_bench(folder, "thresholding_compare")
    assert result.returncode != 0
    if message:
        assert result.stdout == "ERROR: m0: must give 8 words, gave 4\n"


class Contact:
    """The folder, in a path with a space, and fake tools; what compiles the benches is a stub."""

    def __init__(self, folder: Path) -> None:
        self.folder = write(folder / "first try")
        self.tools = Tools(folder / "tools")
        self.tools.install("vitis_hls", "vitis-run")
        self.compiler("exit 0")

    def compiler(self, program: str) -> None:
        """Sets the compiler: it writes this shell script instead of a program."""
        stub = self.tools.folder / "stub"
        stub.write_text(
            "#!/bin/sh\nfor last; do :; done\n"
            f'printf \'#!/bin/sh\\n{program}\\n\' > "$last"\nchmod +x "$last"\n'
        )
        stub.chmod(0o755)
        self.tools.config["tool"] = {"compiler": [str(stub)]}

    def run(self, command: str = "vitis_hls -f first_contact.tcl") -> subprocess.CompletedProcess[str]:
        return self.tools.run(
            f"if {{[catch {{exec {command} 2>@1}} out]}} {{puts $out; exit 1}}\nputs $out", self.folder
        )

    def sections(self) -> dict[str, list[str]]:
        """The result file's lines by section; those before the first under "head"."""
        result: dict[str, list[str]] = {"head": []}
        current = result["head"]
        for line in (self.folder / "first_contact_result.txt").read_text().splitlines():
            if line.startswith("["):
                current = result.setdefault(line.strip("[]"), [])
            elif line:
                current.append(line)
        return result


@pytest.fixture
def contact(tmp_path: Path) -> Contact:
    return Contact(tmp_path)


@pytest.mark.parametrize(
    "command", ["vitis_hls -f first_contact.tcl", "vitis-run --mode hls --tcl first_contact.tcl"]
)
def test_all_units_are_tried(contact: Contact, command: str) -> None:
    result = contact.run(command)
    assert result.returncode == 0, result.stdout
    sections = contact.sections()
    assert list(sections) == ["head", *NAMES, "end"]
    assert [line.partition(" = ")[0] for line in sections["head"]] == [
        "finnlite",
        "program",
        "os",
        "part",
        "period_ns",
    ]
    assert sections["axi_in_uint8"] == [
        "prepare = pass",
        "csim = pass",
        "csynth = pass",
        "report = pass",
        "tool = 2022.2",
        "ii = 1",
        "type = yes(flp)",
        "style = flp",
        "cycles = 2",
        "period = 10.00",
        "uncertainty = 2.70",
        "estimate = 5.125",
        "lut = 1601",
        "ff = 847",
        "bram18 = 4",
        "dsp = 0",
        "slack_ns = 2.175",
        "latency = 3",
        f"latency_limit = {limit('axi_in_uint8')}",
        "cosim = pass",
        "cosim_report = |   Verilog|      Pass|   2|   2|   2|   1|   1|   1|      37|",
    ]
    assert sections["end"] == [f"units = {len(NAMES)}", f"passed = {len(NAMES)}"]
    assert result.stdout.splitlines()[-1] == (
        f"finnlite: {len(NAMES)} of {len(NAMES)} units passed; "
        f"see {contact.folder / 'first_contact_result.txt'}"
    )


def limit(name: str) -> int:
    instance = next(instance for instance in instances() if instance.name == name)
    return instance.unit.latency(instance.node)


def test_the_calls_are_the_documented_ones(contact: Contact) -> None:
    contact.run()
    calls = [line.removeprefix("call ") for line in contact.tools.calls() if line.startswith("call ")]
    flags = "{-std=c++14 -Iinclude -Isrc -Itb}"
    assert calls[:10] == [
        "open_project -reset axi_in_uint8",
        "set_top axi_in_uint8",
        f"add_files src/axi_in_uint8.cpp -cflags {flags}",
        f"add_files -tb tb/axi_in_uint8.cpp -cflags {flags}",
        "open_solution -flow_target vivado -reset sol",
        "set_part xc7z020clg400-1",
        "create_clock -period 10.000 -name default",
        "csim_design",
        "csynth_design",
        "cosim_design",
    ]


def test_a_failing_unit_does_not_stop_it(contact: Contact) -> None:
    contact.tools.config |= {
        "axi_in_uint8": {"error": "no such luck"},
        "width_up": {"cosim": "words differ", "ii": 2},
        "mvtu_replay": {"drop": "PipelineType"},
        "label_select_serial": {"latency": 40},
    }
    result = contact.run()
    assert result.returncode == 1
    sections = contact.sections()
    assert list(sections) == ["head", *NAMES, "end"]
    assert sections["axi_in_uint8"] == [
        "prepare = pass",
        "csim = pass",
        "csynth = fail",
        "error = no such luck",
    ]
    assert [line for line in sections["width_up"] if line.startswith(("gate", "cosim", "error"))] == [
        'gate = layer width_up, node "width_up": the initiation interval must be 1, is 2; build with a '
        "slower --clock-mhz, or with a smaller folding of this node",
        "cosim = fail",
        "error = words differ",
        "error = ERROR: [COSIM 212-361] words differ",
    ]
    assert sections["mvtu_replay"][3:5] == [
        "report = fail",
        "error = csynth.xml must hold PipelineType, does not; this version of HLS reports otherwise than "
        "2022.1 to 2025.2 do: send the file to finnlite's authors (mvtu_replay/sol/syn/report/csynth.xml)",
    ]
    assert [line for line in sections["label_select_serial"] if line.startswith("gate")] != []
    assert sections["end"] == [f"units = {len(NAMES)}", f"passed = {len(NAMES) - 4}"]


def test_the_lines_of_a_failing_simulation_are_kept(contact: Contact) -> None:
    contact.compiler("echo ERROR: m0: word 3; echo fine; exit 1")
    assert contact.run().returncode == 1
    assert contact.sections()["mvtu_dsp"][1:4] == [
        "csim = fail",
        "error = csim_design failed",
        "error = ERROR: m0: word 3",
    ]
    assert "cosim = pass" in contact.sections()["mvtu_dsp"]


def test_the_standin_compiles_a_bench_for_real(contact: Contact) -> None:
    """The whole way for one unit, with the C++ compiler."""
    contact.tools.config["tool"] = {"compiler": [shutil.which("g++"), "-isystem", str(HEADERS)]}
    units = contact.folder / "units.tcl"
    lines = units.read_text().splitlines()
    kept = [line for line in lines if not re.match(r"    (?!mvtu_block )\w+ \w+ \d+$", line)]
    units.write_text("\n".join(kept))
    result = contact.run()
    assert result.returncode == 0, result.stdout
    assert list(contact.sections()) == ["head", "mvtu_block", "end"]
