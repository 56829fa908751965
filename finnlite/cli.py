# SPDX-License-Identifier: Apache-2.0
"""The `finnlite` command: reads options, calls `finnlite.flow` and `finnlite.mapping`, prints the result.

Exit codes: 0 all is well; 1 an input is wrong, a node is blocked or a rung of the ladder differs;
2 the command line itself is wrong.
"""

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from finnlite import __version__, console, doctor, examples, flow
from finnlite.backends.hls.compiler import find_compiler
from finnlite.boards import DEFAULT_LIMITS
from finnlite.errors import FinnliteError, OptionError, ToolError
from finnlite.text import printable

__all__ = ["app", "main"]

_DEMO_FPS = 1_000_000
_DEMO_SAMPLES = 360

app = typer.Typer(
    name="finnlite",
    help="Compiles quantized neural networks in ONNX to exact streaming accelerators in HLS C++.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Output(StrEnum):
    """What the accelerator answers."""

    LOGITS = "logits"
    LABEL = "label"


class Engine(StrEnum):
    """What runs the network in `simulate`."""

    GRAPH = "graph"
    CSIM = "csim"
    DEVICE = "device"


class Stages(StrEnum):
    """Which stage files a build writes."""

    ALL = "all"


Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="The network: QONNX, QCDQ or plain ONNX.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
LutLimit = Annotated[float, typer.Option(help="Percent of the LUTs to use.", metavar="P")]
BramLimit = Annotated[float, typer.Option(help="Percent of the block RAM to use.", metavar="P")]
InputType = Annotated[
    str | None, typer.Option(help="Declare integer inputs: uint8, int4, bipolar, …", metavar="T")
]
InputScale = Annotated[
    str | None, typer.Option(help="x = (q * scale - mean) / std; a number or a fraction.", metavar="S")
]
InputMean = Annotated[str | None, typer.Option(help="One number, or one a channel: a,b,c.", metavar="M")]
InputStd = Annotated[str | None, typer.Option(help="One number, or one a channel: a,b,c.", metavar="S")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"finnlite {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del show


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to build in.")] = Path("finnlite-demo"),
) -> None:
    """The packaged example, start to finish, on this machine.

    Checks it, builds it for a million frames a second, and runs its 360 held-out images through every rung.
    """
    model = examples.digits_model()
    entries = flow.check(model)
    console.entries(entries, model.name)
    _exit(entries.ok)
    with console.Steps() as progress:
        result = flow.build(
            model,
            out=out,
            target_fps=_DEMO_FPS,
            verify=examples.digits_data(),
            verify_samples=dict.fromkeys(("source", "csim", "device"), _DEMO_SAMPLES),
            progress=progress,
        )
    console.report(result.report)
    console.built(result.folder)
    _exit(result.ok)


@app.command()
def check(
    model: Model,
    input_type: InputType = None,
    input_scale: InputScale = None,
    input_mean: InputMean = None,
    input_std: InputStd = None,
    as_json: Json = False,
) -> None:
    """What will map to hardware, what will not, why, and the fix."""
    entries = flow.check(
        model,
        input_type=input_type,
        input_scale=input_scale,
        input_mean=input_mean,
        input_std=input_std,
    )
    if as_json:
        typer.echo(json.dumps([asdict(entry) for entry in entries], indent=1))
    else:
        console.entries(entries, model.name)
    _exit(entries.ok)


@app.command()
def build(
    model: Model,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to build in.", show_default=False)],
    board: Annotated[str, typer.Option(help="The board to build for.")] = "pynq-z1",
    backend: Annotated[str, typer.Option(help="What is emitted: hls.")] = "hls",
    clock_mhz: Annotated[float, typer.Option(help="The fabric's clock.")] = 100.0,
    target_fps: Annotated[
        float | None, typer.Option(help="Fold for at least so many frames a second.", metavar="N")
    ] = None,
    max_fps: Annotated[
        bool, typer.Option("--max-fps", help="Fold for the most frames a second that fit.")
    ] = False,
    lut_limit: LutLimit = DEFAULT_LIMITS.lut,
    bram_limit: BramLimit = DEFAULT_LIMITS.bram18,
    folding: Annotated[Path | None, typer.Option(help="Fold as this JSON file says.", metavar="FILE")] = None,
    input_type: InputType = None,
    input_scale: InputScale = None,
    input_mean: InputMean = None,
    input_std: InputStd = None,
    output: Annotated[Output, typer.Option(help="What the accelerator answers.")] = Output.LOGITS,
    verify: Annotated[
        Path | None, typer.Option(help="Samples: input, optionally output and label.", metavar="FILE.npz")
    ] = None,
    verify_samples: Annotated[
        list[str] | None, typer.Option(help="Cap one rung's samples; may be repeated.", metavar="RUNG=N")
    ] = None,
    from_stage: Annotated[
        str | None, typer.Option("--from", help="Start from this stage's file in the folder.", metavar="S")
    ] = None,
    to_stage: Annotated[
        str | None, typer.Option("--to", help="Stop after writing this stage.", metavar="S")
    ] = None,
    stages: Annotated[
        Stages | None, typer.Option(help="Write the file of every stage.", metavar="all")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compile a network, and compare every step exactly.

    Writes the stages, the HLS code and its C simulation, the Vivado project, the driver and the report into
    one folder. Exits 1 if any two rungs of the ladder differ.
    """
    with console.Steps() as progress:
        result = flow.build(
            model,
            out=out,
            board=board,
            backend=backend,
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
    if as_json:
        typer.echo(json.dumps(result.report, indent=1))
    else:
        console.report(result.report)
        console.built(result.folder)
    _exit(result.ok)


@app.command()
def explore(
    model: Model,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The folder for plot and foldings.", show_default=False)
    ] = None,
    points: Annotated[int, typer.Option(help="Most points of the front.", metavar="N")] = flow.POINTS,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Compile, run and check the C simulation of each point.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(help="Simulations at once; by default one a processor.", metavar="N")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(help="Simulate on the Dask cluster of this scheduler.", metavar="ADDRESS")
    ] = None,
    board: Annotated[str, typer.Option(help="The board to explore for.")] = "pynq-z1",
    clock_mhz: Annotated[float, typer.Option(help="The fabric's clock.")] = 100.0,
    lut_limit: LutLimit = DEFAULT_LIMITS.lut,
    bram_limit: BramLimit = DEFAULT_LIMITS.bram18,
    input_type: InputType = None,
    input_scale: InputScale = None,
    input_mean: InputMean = None,
    input_std: InputStd = None,
    output: Annotated[Output, typer.Option(help="What the accelerator answers.")] = Output.LOGITS,
    verify: Annotated[
        Path | None, typer.Option(help="Samples to simulate; by default random ones.", metavar="FILE.npz")
    ] = None,
    as_json: Json = False,
) -> None:
    """The best foldings: frames a second against LUTs and block RAM.

    Exits 1 if a simulation differs from its hardware graph, or that from the integers.
    """
    with console.Steps() as progress:
        result = flow.explore(
            model,
            out=out,
            points=points,
            simulate=simulate,
            jobs=jobs,
            dask=dask,
            board=board,
            clock_mhz=clock_mhz,
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
    if as_json:
        typer.echo(json.dumps(result.report, indent=1))
    else:
        console.exploration(result.report, result.folder)
    _exit(result.ok)


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A built folder.", show_default=False)],
    engine: Annotated[
        Engine, typer.Option(help="The graph, the emitted code compiled here, or the driver before it.")
    ],
    input_file: Annotated[
        Path, typer.Option("--input", help="Frames; the first axis counts them.", metavar="X.npy")
    ],
    output_file: Annotated[Path, typer.Option("--output", "-o", help="The answers.", metavar="Y.npy")],
) -> None:
    """Run frames through a built network."""
    frames = _read_frames(input_file)
    if not output_file.absolute().parent.is_dir():
        raise OptionError(f"-o: must be a file in a folder that exists, is '{output_file}'")
    with console.Steps() as progress:
        answers = flow.simulate(folder, engine.value, frames, progress=progress)
    try:
        with output_file.open("wb") as file:
            np.save(file, answers)
    except OSError as error:
        raise OptionError(f"-o: must be a writable file, is '{output_file}' ({error.strerror})") from error


def _read_frames(path: Path) -> NDArray[Any]:
    try:
        frames = np.load(path, allow_pickle=False)
    except OSError as error:
        raise OptionError(f"--input: must be readable, '{path}' is not ({error.strerror})") from error
    except (ValueError, EOFError):
        raise OptionError(f"--input: must be an .npy file of numbers, '{path}' is not") from None
    if not isinstance(frames, np.ndarray):
        frames.close()
        raise OptionError(f"--input: must be an .npy file of one array, '{path}' is an .npz archive")
    return frames


@app.command(name="report")
def report_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A built folder.", show_default=False)],
    as_json: Json = False,
) -> None:
    """The report of a build, with what Vivado made of it."""
    data = flow.report(folder)
    if as_json:
        typer.echo(json.dumps(data, indent=1))
        return
    console.report(data)
    if data["resources"]["implemented"] is None:
        typer.echo(f"\nVivado has not finished in {printable(str(folder / 'vivado'))}; see README.txt there")


@app.command(name="doctor")
def doctor_command(as_json: Json = False) -> None:
    """Which tools are here, which are not, and what each is for."""
    try:
        compiler = find_compiler()
    except ToolError as error:
        tools = doctor.examine(None, str(error))
    else:
        tools = doctor.examine(f"{compiler.path} ({compiler.version})", "")
    if as_json:
        typer.echo(json.dumps([asdict(tool) for tool in tools], indent=1))
    else:
        console.tools(tools)
    _exit(all(tool.found for tool in tools if tool.required))


def _caps(arguments: Sequence[str]) -> dict[str, int]:
    caps = {}
    for argument in arguments:
        rung, _, count = argument.partition("=")
        if not rung or not count.isdecimal():
            raise OptionError(f"--verify-samples: must be RUNG=N, is '{argument}'; for example csim=1000")
        caps[rung] = int(count)
    return caps


def _exit(ok: bool) -> None:
    if not ok:
        raise typer.Exit(1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; an error that finnlite raises on purpose becomes one message and exit code 1.

    Args:
        arguments: The words after `finnlite`; those of the process by default.

    Raises:
        SystemExit: Always, with the exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a sign shows another, and no error
    try:
        app(args=arguments, prog_name="finnlite")
    except FinnliteError as error:
        typer.echo(printable(f"error: {error}"), err=True)
        sys.exit(1)
