# SPDX-License-Identifier: Apache-2.0
"""From a file to the folded graph and the report's data: processor time, after the imports."""

from pathlib import Path

from finnlite.boards import BOARDS
from finnlite.flow import compile_stages
from finnlite.report import hardware_part

from .measuring import FOLDINGS, cpu_seconds, options, shared


def compile_and_report(path: Path, name: str) -> None:
    """What a build does before it writes or verifies anything."""
    stages = compile_stages(path, options(name))
    hardware_part(stages["SizeStreams"], BOARDS["pynq-z1"], 100.0)


def main() -> None:
    for name in FOLDINGS:
        path = shared(f"models/{name}.onnx")
        seconds = cpu_seconds(lambda path=path, name=name: compile_and_report(path, name), repeats=3)
        print(f"{name:12}{seconds:8.2f} s")


if __name__ == "__main__":
    main()
