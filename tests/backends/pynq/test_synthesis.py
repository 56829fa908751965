# SPDX-License-Identifier: Apache-2.0
"""The HLS half of the project, run under tclsh with fake HLS tools."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from finnlite.backends.hls.network import network_of
from tests.backends.pynq.hls_project import LAYERS, Project, limit
from tests.backends.small import GRAPH


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.tools.install("vitis_hls")
    return project


def test_layers_become_ip(project: Project) -> None:
    project.tools.config["mvtu_first"] = {"latency": 9, "estimate": 7.3, "lut": 12, "ff": 34, "bram18": 5}
    result = project.synthesise()
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"HLS: {project.tools.folder}/bin/vitis_hls (2022.2), 1 at once",
        "HLS 1/3 axiin_0: II 1, style flp, latency 3 of at most "
        f"{limit(project, 'axiin_0')}, slack 2.17 ns, 1601 LUT, 847 FF, 4 RAMB18, 0 DSP",
        "HLS 2/3 thresholding_binarize: II 1, style flp, latency 3 of at most "
        f"{limit(project, 'thresholding_binarize')}, slack 2.17 ns, 1601 LUT, 847 FF, 4 RAMB18, 0 DSP",
        "HLS 3/3 mvtu_first: II 1, style flp, latency 10 of at most "
        f"{limit(project, 'mvtu_first')}, slack 0.00 ns, 12 LUT, 34 FF, 5 RAMB18, 0 DSP",
        *(f"ip {project.layer(layer)}/prj/sol/impl/ip" for layer in LAYERS),
    ]
    written = json.loads((project.results / "layers" / "mvtu_first.json").read_text())
    assert written == {
        "layer": "mvtu_first",
        "ii": 1,
        "latency": 10,
        "style": "flp",
        "slack_ns": 0.0,
        "lut": 12,
        "ff": 34,
        "bram18": 5,
        "dsp": 0,
    }
    ip = project.layer("mvtu_first") / "prj/sol/impl/ip/component.xml"
    assert re.findall("<spirit:(.*)>(.*)</", ip.read_text()) == [
        ("vendor", "finnlite"),
        ("library", "hls"),
        ("name", "mvtu_first"),
        ("version", "1.0"),
    ]


def test_the_limit_is_the_declared_latency(project: Project) -> None:
    network = network_of(GRAPH)
    assert len(network.layers) > 5
    for layer in network.layers:
        assert limit(project, layer.name) == layer.node.op.latency(layer.node)


def test_the_calls_are_the_documented_ones(project: Project) -> None:
    project.synthesise("mvtu_first")
    calls = [line.removeprefix("call ") for line in project.tools.calls() if line.startswith("call ")]
    assert calls == [
        "open_project -reset prj",
        "set_top mvtu_first",
        "add_files ../../../hls/src/mvtu_first.cpp -cflags {-std=c++14 -I../../../hls/include}",
        "open_solution -flow_target vivado -reset sol",
        "set_part xc7z020clg400-1",
        "create_clock -period 10.000 -name default",
        "csynth_design",
        "export_design -format ip_catalog -vendor finnlite -library hls -ipname mvtu_first -version 1.0",
    ]


def test_the_clock_is_the_period(tmp_path: Path) -> None:
    project = Project(tmp_path, clock_mhz=1000 / 7)
    assert "set period 7.000\n" in (project.layer("mvtu_first") / "settings.tcl").read_text()


def test_inputs_are_what_the_compiler_reads(project: Project) -> None:
    """No header that a layer includes is missing from what its digest covers."""
    for name in ("axiin_0", "mvtu_first", "widthconverter_0"):
        folder = project.layer(name)
        lines = (folder / "settings.tcl").read_text().splitlines()
        inputs = {(folder / line.strip(" \\]")).resolve() for line in lines if line.strip().startswith("../")}
        source = project.root / "hls" / "src" / f"{name}.cpp"
        headers = project.root / "hls" / "include"
        sim = project.root / "hls" / "sim" / "hls"
        read = subprocess.run(
            ["g++", "-MM", "-std=c++14", f"-I{headers}", "-isystem", sim, source.name],
            cwd=source.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        paths = (
            read.stdout.replace("$$", "$").replace("\\ ", "\0").replace("\\\n", " ").partition(":")[2].split()
        )
        assert {(source.parent / path.replace("\0", " ")).resolve() for path in paths} == inputs


def test_unchanged_layers_are_not_run_again(project: Project) -> None:
    project.synthesise()
    assert project.tools.layers_run() == LAYERS
    result = project.synthesise()
    assert project.tools.layers_run() == []
    lines = [line for line in result.stdout.splitlines() if line.startswith("HLS ")]
    assert lines == [f"HLS {index}/3 {layer}: unchanged" for index, layer in enumerate(LAYERS, 1)]
    assert (project.results / "layers" / "axiin_0.json").is_file()


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("hls/src/mvtu_first.cpp", ["mvtu_first"]),
        ("hls/src/data/mvtu_first.hpp", ["mvtu_first"]),
        ("hls/include/finnlite/thresholds.hpp", ["thresholding_binarize", "mvtu_first"]),
        ("hls/include/finnlite/axi.hpp", ["axiin_0"]),
        ("hls/include/finnlite/types.hpp", LAYERS),
        ("vivado/hls/run.tcl", LAYERS),
        ("vivado/hls/report.tcl", LAYERS),
        ("vivado/hls/mvtu_first/settings.tcl", ["mvtu_first"]),
    ],
)
def test_a_change_runs_what_depends_on_it(project: Project, path: str, changed: list[str]) -> None:
    project.synthesise()
    with (project.root / path).open("a") as file:
        file.write("# \n" if path.endswith(".tcl") else "//\n")
    assert project.synthesise().returncode == 0
    assert project.tools.layers_run() == changed


def test_another_tool_version_runs_all_again(project: Project) -> None:
    project.synthesise()
    project.tools.config["tool"] = {"version": "2023.1"}
    project.synthesise()
    assert project.tools.layers_run() == LAYERS


@pytest.mark.parametrize(
    "path",
    ["digest.txt", "result.json", "prj/sol/impl/ip/component.xml", "prj/sol/impl/ip/hdl/verilog/top.v"],
)
@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_a_damaged_layer_is_run_again(project: Project, path: str, damage: str) -> None:
    project.synthesise("axiin_0", "mvtu_first")
    file = project.layer("axiin_0") / path
    if damage == "removed":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-5])
    result = project.synthesise("axiin_0", "mvtu_first")
    assert result.returncode == 0, result.stderr
    assert project.tools.layers_run() == ["axiin_0"]


def test_a_failed_layer_is_run_again_and_only_it(project: Project) -> None:
    project.synthesise()
    source = project.root / "hls/src/mvtu_first.cpp"
    source.write_text(source.read_text() + "//\n")
    project.tools.config["mvtu_first"] = {"error": "no"}
    assert project.synthesise().returncode == 1
    assert {path.name for path in project.layer("mvtu_first").iterdir()} == {
        "hls.log",
        "prj",
        "run.tcl",
        "settings.tcl",
    }
    project.tools.config["mvtu_first"] = {}
    assert project.synthesise().returncode == 0
    assert project.tools.layers_run() == ["mvtu_first"]


def test_two_run_at_once_and_no_more(project: Project) -> None:
    layers = [*LAYERS, "mvtu_third"]
    project.tools.config |= {layer: {"sleep": 700} for layer in layers}
    result = project.synthesise(*layers, jobs=2)
    assert result.returncode == 0, result.stderr
    events = sorted(
        (int(line.split()[2]), line.split()[0] == "start")
        for line in project.tools.calls()
        if line.startswith(("start ", "end "))
    )
    running, most = 0, 0
    for _, started in events:
        running += 1 if started else -1
        most = max(most, running)
    assert len(events) == 8
    assert most == 2


def test_the_ips_are_in_the_order_asked_for(project: Project) -> None:
    project.tools.config["axiin_0"] = {"sleep": 500}
    result = project.synthesise("axiin_0", "mvtu_first", jobs=2)
    lines = result.stdout.splitlines()
    assert lines[1].startswith("HLS 1/2 mvtu_first: ")
    assert [Path(line.removeprefix("ip ")).parts[-5] for line in lines[3:]] == ["axiin_0", "mvtu_first"]


def test_results_of_other_layers_go(project: Project) -> None:
    project.synthesise("axiin_0", "mvtu_first")
    project.synthesise("mvtu_first")
    assert {path.name for path in (project.results / "layers").iterdir()} == {"mvtu_first.json"}


def test_errors_of_the_tool_are_shown(project: Project) -> None:
    project.tools.config["mvtu_second_layer_4c12a8f8"] = {"error": "cannot do it"}
    result = project.synthesise("mvtu_second_layer_4c12a8f8")
    assert result.stdout.splitlines()[1:] == [
        "HLS mvtu_second_layer_4c12a8f8: ERROR: [HLS 207-1] cannot do it",
        "HLS mvtu_second_layer_4c12a8f8: ERROR: [HLS 200-2] and more of it",
        "HLS mvtu_second_layer_4c12a8f8: ERROR: [finnlite] layer mvtu_second_layer_4c12a8f8, "
        'node "second layer": cannot do it',
    ]
    log = project.layer("mvtu_second_layer_4c12a8f8") / "hls.log"
    assert result.stderr == (
        'ERROR: HLS of layer mvtu_second_layer_4c12a8f8, node "second layer", must succeed, exited with 1: '
        f"ERROR: [HLS 207-1] cannot do it; all it printed is in {log}\n"
    )
    assert "INFO: [HLS 200-10] Analyzing design file" in log.read_text()


@pytest.mark.parametrize(
    ("end", "ended"),
    [
        ({"quit": 0}, "exited with 0 before it was done"),
        ({"quit": 7}, "exited with 7"),
        ({"killed": 1}, "exited with 137"),
    ],
)
def test_a_tool_that_just_ends_has_failed(project: Project, end: dict[str, int], ended: str) -> None:
    project.tools.config["axiin_0"] = end
    message = project.refused("axiin_0")
    assert message == (
        f'HLS of layer axiin_0, node "AxiIn_0", must succeed, {ended}: it printed no ERROR line; all it '
        f"printed is in {project.layer('axiin_0') / 'hls.log'}"
    )


def test_the_first_failure_stops_the_others(project: Project) -> None:
    project.tools.config |= {"axiin_0": {"error": "no"}, "mvtu_first": {"sleep": 60_000}}
    message = project.refused("mvtu_first", "axiin_0", "thresholding_binarize", jobs=2)
    assert message.startswith('HLS of layer axiin_0, node "AxiIn_0", must succeed, exited with 1: ')
    assert "thresholding_binarize" not in project.tools.layers_run()
    assert not (project.layer("mvtu_first") / "result.json").exists()
    table = ["ps", "-A", "-ww", "-o", "args="]
    left = subprocess.run(table, capture_output=True, text=True, check=True).stdout
    assert not [line for line in left.splitlines() if f"{project.tools.folder}/config" in line]


def test_a_project_that_is_not_there(project: Project) -> None:
    assert project.refused("nothing") == (
        f"settings.tcl must be there, is not ({project.layer('nothing')}/settings.tcl)"
    )


def test_no_tool_is_an_error(tmp_path: Path) -> None:
    project = Project(tmp_path)
    message = project.refused(XILINX_VIVADO="/opt/Xilinx/Vivado/2022.2")
    assert message.startswith(
        "HLS: vitis_hls or vitis-run must be on the PATH or beside the running Vivado, neither is; run the "
        "settings64 script of Vitis HLS (up to 2023.2) or of Vitis (from 2024.1) before Vivado. Searched: "
    )
    assert message.endswith(
        "/opt/Xilinx/Vitis_HLS/2022.2/bin, /opt/Xilinx/Vivado/Vitis_HLS/bin, /opt/Xilinx/Vitis/2022.2/bin, "
        "/opt/Xilinx/Vivado/Vitis/bin"
    )


@pytest.mark.parametrize(
    ("variable", "vivado", "place", "program"),
    [
        ("XILINX_VIVADO", "Vivado/2022.2", "Vitis_HLS/2022.2", "vitis_hls"),
        ("XILINX_VIVADO", "Vivado/2024.2", "Vitis/2024.2", "vitis-run"),
        ("XILINX_VIVADO", "2025.1/Vivado", "2025.1/Vitis", "vitis-run"),
        ("XILINX_HLS", "hls", "hls", "vitis_hls"),
        ("XILINX_VITIS", "vitis", "vitis", "vitis-run"),
    ],
)
def test_the_tool_is_found_beside_vivado(
    tmp_path: Path, variable: str, vivado: str, place: str, program: str
) -> None:
    project = Project(tmp_path)
    base = tmp_path / "Xilinx tools"
    (base / vivado).mkdir(parents=True)
    project.tools.install(program, into=base / place / "bin")
    result = project.synthesise("axiin_0", **{variable: str(base / vivado)})
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"HLS: {base / place}/bin/{program} (")


def test_vitis_run_gets_its_script_as_it_wants_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.tools.install("vitis-run")
    result = project.synthesise("axiin_0")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"HLS: {project.tools.folder}/bin/vitis-run (2024.2), 1 at once\n")
    calls = [line for line in project.tools.calls() if line.startswith("tool ")]
    assert calls == ["tool vitis-run --version", "tool vitis-run --mode hls --tcl run.tcl"]


def test_on_windows_the_tool_is_a_batch_file(tmp_path: Path) -> None:
    project = Project(tmp_path)
    folder = tmp_path / "Vitis_HLS" / "2022.2" / "bin"
    project.tools.install("vitis_hls.bat", into=folder)
    project.tools.install("vitis_hls")  # not found: no batch file
    script = f"""
        set tcl_platform(platform) windows
        source {{{project.hls}/synthesise.tcl}}
        puts [finnlite::hls::find_tool]
    """
    result = project.tools.run(script, project.root, XILINX_VIVADO=str(tmp_path / "Vivado" / "2022.2"))
    assert result.stdout == f"{folder}/vitis_hls.bat -f\n"


def test_the_child_does_not_see_vivados_own_environment(project: Project) -> None:
    vivado = project.tools.folder / "Vivado" / "2022.2"
    confusing = ("RDI_APPROOT", "_RDI_SETENV_RUN", "HDI_APPROOT", "PYTHONHOME", "PYTHONPATH")
    result = project.synthesise(
        "axiin_0",
        XILINX_VIVADO=str(vivado),
        LD_LIBRARY_PATH=f"/somewhere/lib:{vivado}/lib/lnx64.o:{vivado}/tps",
        **dict.fromkeys(confusing, "vivado's"),
    )
    assert result.returncode == 0, result.stderr
    (line,) = [line for line in project.tools.calls() if line.startswith("environment ")]
    names = line.removeprefix("environment ").strip("{}").split()
    assert not set(confusing) & set(names)
    assert {"XILINX_VIVADO", "LD_LIBRARY_PATH=/somewhere/lib", "PATH"} <= set(names)


def test_the_callers_environment_stays(project: Project) -> None:
    result = project.tools.run(
        f"""
        source {{{project.hls}/synthesise.tcl}}
        finnlite::hls::with_clean_environment {{set inside [info exists ::env(PYTHONHOME)]}}
        puts "$inside $::env(PYTHONHOME)"
        """,
        project.root,
        PYTHONHOME="vivado's",
    )
    assert result.stdout == "0 vivado's\n"


def test_the_standin_refuses_what_is_not_in_its_table(project: Project) -> None:
    run = project.hls / "run.tcl"
    text = run.read_text()
    for old, new, message in (
        ("csynth_design", "csynth_fast", "csynth_fast is not in the table of Vitis HLS commands"),
        ("-period", "-frequency", "option -frequency is not in the table (UG1399, create_clock)"),
        ("-flow_target vivado", "-flow_target vitis", "open_solution: -flow_target must be vivado, is vitis"),
        ("set_part $part", "", "csynth_design: needs set_part before it"),
        ("../hls/include", "../hls/includes", "add_files: no folder ../../../hls/includes in "),
        ("-version 1.0", "", "export_design: -version is missing"),
    ):
        assert old in text
        run.write_text(text.replace(old, new))
        assert message in project.refused("axiin_0")
