# SPDX-License-Identifier: Apache-2.0
"""The `finnlite` command: reads options, calls `finnlite.flow`, prints the result.

Exit codes: 0 all is well; 1 a file is wrong, a node is blocked, a rung of the ladder differs, or an option
does not go with the model; 2 the command line is wrong whatever the files hold. Results go to standard
output; progress and errors, of which each is one line, to standard error. So with `--json` standard output
holds JSON and nothing else, and after an error nothing at all. `--quiet` prints neither progress nor tables;
with `--json` it prints the JSON.
"""

import io
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from finnlite import __version__, console, doctor, flow
from finnlite.arguments import (
    Backend,
    Board,
    BramLimit,
    Built,
    Clock,
    Engine,
    FromStage,
    InputMean,
    InputScale,
    InputStd,
    InputType,
    Json,
    LutLimit,
    Model,
    Output,
    Quiet,
    Stages,
    TargetFps,
    ToStage,
    UsageError,
    examples,
    explained,
)
from finnlite.backends.hls.compiler import find_compiler
from finnlite.backends.rtl.verilator import find_verilator
from finnlite.backends.rtl.yosys import find_yosys
from finnlite.boards import DEFAULT_LIMITS
from finnlite.errors import ArgumentError, FinnliteError, OptionError, ToolError
from finnlite.examples import digits_data, digits_model
from finnlite.ladder import CAPS
from finnlite.samples import read_frames

__all__ = ["app", "main"]

_DEMO_FPS = 1_000_000
_DEMO_SAMPLES = 360
_DEFAULT_CAPS = ", ".join(f"{rung}={most}" for rung, most in CAPS.items() if most is not None)
_MANNERS = """\
Results go to standard output (with --json JSON and nothing else, after an
error nothing), progress and errors to standard error.
Exit codes: 0 all is well; 1 a file or the network is not as it must be, or
results differ; 2 the command line is wrong: a word, or a value that would be
wrong for any network.
Colours are for terminals; NO_COLOR=1 and FORCE_COLOR=1 overrule that."""

app = typer.Typer(
    name="finnlite",
    help="Compiles quantized neural networks in ONNX to exact streaming accelerators in HLS C++ or Verilog.",
    epilog=examples(
        ("All of it on a packaged network", "demo"),
        ("Will a network of yours map? Then compile it", "check net.onnx"),
        ("", "build net.onnx -o out"),
        ("The options and examples of a command", "build --help"),
        ("Let TAB complete commands, options and their values", "--install-completion"),
        more=_MANNERS,
    ),
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"finnlite {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del show
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@app.command(
    epilog=examples(
        ("Build it into ./finnlite-demo", "demo"),
        ("Elsewhere, and only the report, as JSON", "demo -o /tmp/demo --json"),
    )
)
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to build in.")] = Path("finnlite-demo"),
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The packaged example, start to finish, on this machine.

    Checks it, builds it for a million frames a second, and runs its 360 held-out images through every rung.
    """
    model = digits_model()
    if not as_json and not quiet:
        console.entries(flow.check(model), model.name)
    with console.Steps(quiet=quiet) as progress:
        result = flow.build(
            model,
            out=out,
            target_fps=_DEMO_FPS,
            verify=digits_data(),
            verify_samples=dict.fromkeys(("source", "csim", "device"), _DEMO_SAMPLES),
            progress=progress,
        )
    _answer(result.report, lambda: console.build(result), as_json, quiet)
    _exit(result.ok)


@app.command(
    epilog=examples(
        ("What becomes of each node", "check net.onnx"),
        (
            "Pixels of 8 bits, scaled to 0..1 in the accelerator",
            "check net.onnx --input-type uint8 --input-scale 1/255",
        ),
        ("Only whether it maps", "check net.onnx --quiet && echo it maps"),
        ("The nodes that do not", "check net.onnx --json | jq '.[] | select(.ok | not)'"),
    )
)
def check(
    model: Model,
    input_type: InputType = None,
    input_scale: InputScale = None,
    input_mean: InputMean = None,
    input_std: InputStd = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What will map to hardware, what will not, why, and the fix."""
    entries = flow.check(
        model,
        input_type=input_type,
        input_scale=input_scale,
        input_mean=input_mean,
        input_std=input_std,
    )
    rows = [asdict(entry) for entry in entries]
    _answer(rows, lambda: console.entries(entries, model.name), as_json, quiet)
    _exit(entries.ok)


@app.command(
    epilog=examples(
        ("10,000 frames/s, or the most that fit", "build net.onnx -o out"),
        (
            "For so many frames a second, checked on samples with labels",
            "build net.onnx -o out --target-fps 3000 --verify data.npz",
        ),
        ("As fast as half of the LUTs allow", "build net.onnx -o out --max-fps --lut-limit 50"),
        (
            "Each layer as the file says; `out/folding.json` is one",
            "build net.onnx -o out --folding folding.json",
        ),
        ("In Verilog as well, simulated cycle by cycle", "build net.onnx -o out --backend rtl"),
        ("The graph after every stage; then again from one of them", "build net.onnx -o out --stages all"),
        ("", "build net.onnx -o out --from MinimizeWidths --target-fps 1e5"),
    )
)
def build(
    model: Model,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to build in.", show_default=False)],
    board: Board = "pynq-z1",
    backend: Backend = "hls",
    status: Annotated[
        bool,
        typer.Option(
            "--status",
            help="With rtl: registers that say what the accelerator waits for; the driver reads them.",
        ),
    ] = False,
    rtl_layers: Annotated[
        str | None,
        typer.Option(help="With hls: nodes or operators whose layers are Verilog.", metavar="NAME,..."),
    ] = None,
    clock_mhz: Clock = 100.0,
    target_fps: TargetFps = None,
    max_fps: Annotated[
        bool, typer.Option("--max-fps", help="Fold for the most frames a second that fit.")
    ] = False,
    lut_limit: LutLimit = DEFAULT_LIMITS.lut,
    bram_limit: BramLimit = DEFAULT_LIMITS.bram18,
    folding: Annotated[
        Path | None,
        typer.Option(
            help="Fold as this JSON file says; units it leaves out keep up with the slowest it names.",
            metavar="FILE",
        ),
    ] = None,
    input_type: InputType = None,
    input_scale: InputScale = None,
    input_mean: InputMean = None,
    input_std: InputStd = None,
    output: Annotated[Output, typer.Option(help="What the accelerator answers.")] = Output.LOGITS,
    verify: Annotated[
        Path | None,
        typer.Option(
            help="Samples: input, optionally output and label. [default: 64 random frames]",
            metavar="FILE.npz",
        ),
    ] = None,
    verify_samples: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Most samples of one rung; may be repeated. [default: {_DEFAULT_CAPS}, of the others all]",
            metavar="RUNG=N",
        ),
    ] = None,
    from_stage: FromStage = None,
    to_stage: ToStage = None,
    stages: Annotated[
        Stages | None,
        typer.Option(
            help="Write the file of every stage. [default: Import, Streamline and the last]", metavar="all"
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compile a network, and compare every step exactly.

    Writes the stages, the HLS code and its C simulation, the Vivado project, the driver and the report into
    one folder; with --backend rtl also the Verilog, of which the Vivado project is then made, and its
    simulation, which equals the model of time cycle by cycle. Exits 1 if any two rungs of the ladder differ.
    """
    with console.Steps(quiet=quiet) as progress:
        result = flow.build(
            model,
            out=out,
            board=board,
            backend=backend,
            status=status,
            rtl_layers=rtl_layers.split(",") if rtl_layers else [],
            clock_mhz=clock_mhz,
            target_fps=target_fps,
            max_fps=max_fps,
            lut_limit=lut_limit,
            bram_limit=bram_limit,
            folding=folding,
            input_type=input_type,
            input_scale=input_scale,
            input_mean=input_mean,
            input_std=input_std,
            output=output.value,
            verify=verify,
            verify_samples=_caps(verify_samples or []),
            from_stage=from_stage,
            to_stage=to_stage,
            stages=stages.value if stages else None,
            progress=progress,
        )
    _answer(result.report, lambda: console.build(result), as_json, quiet)
    _exit(result.ok)


@app.command(
    epilog=examples(
        ("The front as a table", "explore net.onnx"),
        ("With its plot, and a folding file for each point", "explore net.onnx -o foldings"),
        (
            "Each point simulated and compared, on 4 processors",
            "explore net.onnx -o foldings --simulate --jobs 4",
        ),
        ("Build one of them", "build net.onnx -o out --folding foldings/foldings/01_*.json"),
    )
)
def explore(
    model: Model,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The folder for plot and foldings.", show_default=False)
    ] = None,
    points: Annotated[int, typer.Option(help="Most points of the front to find.", metavar="N")] = flow.POINTS,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Compile, run and check the C simulation of each point.")
    ] = False,
    measure: Annotated[
        bool, typer.Option("--measure", help="Synthesise the Verilog of each point with Yosys.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(help="Simulations or parts at once. [default: one a processor]", metavar="N")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(help="Run them on the Dask cluster of this scheduler.", metavar="ADDRESS")
    ] = None,
    board: Board = "pynq-z1",
    clock_mhz: Clock = 100.0,
    backend: Backend = "hls",
    lut_limit: LutLimit = DEFAULT_LIMITS.lut,
    bram_limit: BramLimit = DEFAULT_LIMITS.bram18,
    input_type: InputType = None,
    input_scale: InputScale = None,
    input_mean: InputMean = None,
    input_std: InputStd = None,
    output: Annotated[Output, typer.Option(help="What the accelerator answers.")] = Output.LOGITS,
    verify: Annotated[
        Path | None,
        typer.Option(
            help="Samples to simulate, at most 256. [default: 64 random frames]", metavar="FILE.npz"
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The best foldings: frames a second against LUTs and block RAM.

    Exits 1 if a simulation differs from its hardware graph, or that from the integers.
    """
    with console.Steps(quiet=quiet) as progress:
        result = flow.explore(
            model,
            out=out,
            points=points,
            simulate=simulate,
            measure=measure,
            jobs=jobs,
            dask=dask,
            board=board,
            clock_mhz=clock_mhz,
            backend=backend,
            lut_limit=lut_limit,
            bram_limit=bram_limit,
            input_type=input_type,
            input_scale=input_scale,
            input_mean=input_mean,
            input_std=input_std,
            output=output.value,
            verify=verify,
            progress=progress,
        )
    _answer(result.report, lambda: console.exploration(result.report, result.folder), as_json, quiet)
    _exit(result.ok)


@app.command(
    epilog=examples(
        (
            "Run the emitted C++, compiled for this machine",
            "simulate out --engine csim --input x.npy -o y.npy",
        ),
        ("Or the emitted Verilog", "simulate out --engine rtl --input x.npy -o y.npy"),
        (
            "As the board would, driver and all; how long it took",
            "simulate out --engine device --input x.npy -o y.npy --json",
        ),
    )
)
def simulate(
    folder: Built,
    engine: Annotated[
        Engine, typer.Option(help="The graph, the emitted code compiled here, or the driver before it.")
    ],
    input_file: Annotated[
        Path,
        typer.Option(
            "--input",
            help="Frames; the first axis counts them. Of an .npz file the array 'input'.",
            metavar="X.npy",
        ),
    ],
    output_file: Annotated[Path, typer.Option("--output", "-o", help="The answers.", metavar="Y.npy")],
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run frames through a built network."""
    frames = read_frames(input_file)
    if not output_file.absolute().parent.is_dir():
        raise OptionError(f"-o: must be a file in a folder that exists, is '{output_file}'")
    with console.Steps(quiet=quiet) as progress:
        start = time.perf_counter()
        answers = flow.simulate(folder, engine.value, frames, progress=progress)
        seconds = round(time.perf_counter() - start, 4)
    try:
        with output_file.open("wb") as file:
            np.save(file, answers)
    except OSError as error:
        raise OptionError(f"-o: must be a writable file, is '{output_file}' ({error.strerror})") from error
    ran = {"engine": engine.value, "frames": len(answers), "seconds": seconds, "output": str(output_file)}
    _answer(ran, lambda: None, as_json, quiet)


@app.command(
    epilog=examples(
        ("What the network takes, part by part", "synth out"),
        ("On 4 processors; its LUTs", "synth out --jobs 4 --json | jq .resources.measured.lut"),
    )
)
def synth(
    folder: Built,
    jobs: Annotated[
        int | None, typer.Option(help="Parts at once. [default: one a processor]", metavar="N")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(help="Synthesise on the Dask cluster of this scheduler.", metavar="ADDRESS")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Synthesise a built network's Verilog with Yosys, part by part.

    LUTs, flip-flops, block RAM and DSP slices of every unit and FIFO go into the folder's report.json. It
    takes seconds a unit; of what has not changed since, nothing is synthesised again. The Verilog of an HLS
    build is emitted for it.
    """
    with console.Steps(quiet=quiet) as progress:
        data = flow.synth(folder, jobs=jobs, dask=dask, progress=progress)
    _answer(data, lambda: console.synthesis(data), as_json, quiet)


@app.command(
    name="report",
    epilog=examples(
        ("The tables again, and what Vivado made of the project", "report out"),
        ("One number of it", "report out --json | jq .performance.fps"),
    ),
)
def report_command(
    folder: Built,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The report of a build, with what Vivado made of it."""
    data = flow.report(folder)
    _answer(data, lambda: console.reread(data, folder), as_json, quiet)


@app.command(
    name="doctor",
    epilog=examples(
        ("What is here, and what to install for what", "doctor"),
        ("Is all here that every user needs?", "doctor --quiet && echo yes"),
    ),
)
def doctor_command(as_json: Json = False, quiet: Quiet = False) -> None:
    """Which tools are here, and what to install for what."""
    tools = doctor.examine(
        _search(lambda: f"{(found := find_compiler()).path} ({found.version})"),
        _search(lambda: f"{(found := find_verilator()).path} ({found.version})"),
        _search(lambda: find_yosys().build),
    )
    needs = doctor.needs(tools)
    data = {"tools": [asdict(tool) for tool in tools], "needs": [asdict(need) for need in needs]}
    _answer(data, lambda: console.tools(tools, needs), as_json, quiet)
    _exit(all(tool.found for tool in tools if tool.required))


def _search(find: Callable[[], str]) -> doctor.Search:
    try:
        return doctor.Search(find())
    except ToolError as error:
        return doctor.Search(None, str(error))


def _caps(arguments: Sequence[str]) -> dict[str, int]:
    caps = {}
    for argument in arguments:
        rung, _, count = argument.partition("=")
        if not rung or not count.isdecimal():
            raise ArgumentError(f"--verify-samples: must be RUNG=N, is '{argument}'; for example csim=1000")
        caps[rung] = int(count)
    return caps


def _answer(data: object, show: Callable[[], None], as_json: bool, quiet: bool) -> None:
    """Prints a result: as JSON where that is wanted, else as tables unless it shall be quiet."""
    if as_json:
        typer.echo(json.dumps(data, indent=1))
    elif not quiet:
        show()


def _exit(ok: bool) -> None:
    if not ok:
        raise typer.Exit(1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; an error becomes one message, and exit code 1, or 2 if the line itself is wrong.

    Args:
        arguments: The words after `finnlite`; those of the process by default.

    Raises:
        SystemExit: Always, with the exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a sign shows another, and no error
    try:
        sys.exit(app(args=arguments, prog_name="finnlite", standalone_mode=False) or 0)
    except FinnliteError as error:
        console.failed(str(error))
        sys.exit(2 if isinstance(error, ArgumentError) else 1)
    except UsageError as error:
        console.failed(explained(error))
        sys.exit(2)
    except typer.Abort:
        sys.exit(130)  # as after any program that Ctrl-C ended
