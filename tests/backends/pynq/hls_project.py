# SPDX-License-Identifier: Apache-2.0
"""An output folder with what HLS needs, and fake HLS tools."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from finnlite.backends.hls.emit import emit
from finnlite.backends.hls.network import network_of
from finnlite.backends.pynq.synthesis import hls_files
from finnlite.boards import BOARDS
from tests.backends.pynq.hls_standin import Tools
from tests.backends.small import GRAPH

LAYERS = ["axiin_0", "thresholding_binarize", "mvtu_first"]


class Project:
    """An output folder with the project's HLS part, in a path that Tcl could misread."""

    def __init__(self, folder: Path, clock_mhz: float = 100.0) -> None:
        self.root = folder / "out put [1] $x"
        self.tools = Tools(folder / "tools")
        self.write(emit(GRAPH).files, "hls")
        self.write(hls_files(network_of(GRAPH).layers, BOARDS["pynq-z1"], clock_mhz), "vivado")

    def write(self, files: Mapping[str, bytes], prefix: str) -> None:
        for path, content in files.items():
            target = self.root / prefix / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    @property
    def hls(self) -> Path:
        return self.root / "vivado" / "hls"

    @property
    def results(self) -> Path:
        return self.root / "vivado" / "results"

    def layer(self, name: str) -> Path:
        return self.hls / name

    def synthesise(
        self, *layers: str, jobs: int = 1, before: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs `synthesise_layers` as build.tcl does; prints the IP folders, one a line, at the end."""
        script = f"""
            {before}
            source {{{self.hls}/synthesise.tcl}}
            set layers {{{" ".join(layers or LAYERS)}}}
            if {{[catch {{synthesise_layers {{{self.hls}}} {{{self.results}}} $layers {jobs}}} message]}} {{
                puts stderr "ERROR: $message"
                exit 1
            }}
            foreach ip $message {{puts "ip $ip"}}
        """
        return self.tools.run(script, self.root, **environment)

    def refused(self, *layers: str, jobs: int = 1, **environment: str) -> str:
        """The message with which it fails."""
        result = self.synthesise(*layers, jobs=jobs, **environment)
        assert result.returncode == 1, result.stdout
        assert result.stderr.startswith("ERROR: ")
        return result.stderr.removeprefix("ERROR: ").rstrip("\n")

    def gate(self, layer: str, **figures: object) -> list[str]:
        """The gates' messages of a layer whose report has these figures; the run must fail for the first."""
        self.tools.config[layer] = figures
        result = self.synthesise(layer)
        assert result.returncode == 1, result.stdout
        head = f"HLS {layer}: ERROR: [finnlite] "
        lines = [line.removeprefix(head) for line in result.stdout.splitlines() if line.startswith(head)]
        assert lines[0] in result.stderr
        assert not (self.results / "layers" / f"{layer}.json").exists()
        return lines


def limit(project: Project, layer: str) -> int:
    """The layer's declared L, from its settings."""
    lines = (project.layer(layer) / "settings.tcl").read_text().splitlines()
    return next(int(line.split()[2]) for line in lines if line.startswith("set limit "))
