# SPDX-License-Identifier: Apache-2.0
"""Stage files run in QONNX's executor, in a process that never heard of finnlite."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qonnx.core.datatype import DataType
from qonnx.custom_op.registry import getCustomOp, is_custom_op

from finnlite import qonnx_ops
from finnlite.execution import execute
from finnlite.ir import OWN_DOMAIN, Graph, Op, Value
from finnlite.ops import OPERATORS
from finnlite.ops.axi import AxiIn, AxiOut
from finnlite.ops.convolution import WideConv, WideConvTranspose
from finnlite.ops.elementwise import Mul, Relu
from finnlite.ops.fifo import FIFO
from finnlite.ops.im2col import ChannelMax, ChannelProduct, ChannelSum, Im2Col, InsertZeros
from finnlite.ops.joins import Duplicate, StreamAdd, StreamConcat, StreamSplit
from finnlite.ops.label_select import LabelSelect
from finnlite.ops.linear import MatMul
from finnlite.ops.mvtu import MVTU
from finnlite.ops.padding import StreamPad, Upsample
from finnlite.ops.pooling import WindowMax, WindowSum
from finnlite.ops.pools import SumPool
from finnlite.ops.quantizers import TruncV1
from finnlite.ops.reduction import IntegerAdd
from finnlite.ops.scaling import Affine, Normalize
from finnlite.ops.swu import SWU
from finnlite.ops.table import Lookup
from finnlite.ops.thresholding import Thresholding
from finnlite.ops.vvtu import VVTU
from finnlite.ops.width_converter import WidthConverter
from finnlite.serde import load_stage, save, to_onnx
from finnlite.transforms import Import, Streamline
from tests.comparison import differences

FRAMES = 5

# Runs every stage file of a folder frame by frame; the only things it imports are NumPy and QONNX.
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

folder = Path(sys.argv[1])
inputs = np.load(folder / "inputs.npz")
results = {}
for path in sorted(folder.glob("*.onnx")):
    model = ModelWrapper(str(path))
    (x,), (y,) = model.graph.input, model.graph.output
    first = not results
    assert not (first and any(name.split(".")[0] == "finnlite" for name in sys.modules))
    frames = [execute_onnx(model, {x.name: frame[None]})[y.name] for frame in inputs[path.stem]]
    results[path.stem] = np.concatenate(frames)
np.savez(folder / "outputs.npz", **results)
"""


def const(graph: Graph, numbers: Any, datatype: str = "") -> Value:
    array = np.array(numbers, dtype=np.float64)
    return graph.constant(array, DataType[datatype] if datatype else None)


def unit(datatype: str, shape: int | tuple[int, ...], op: Op, *constants: tuple[Any, str] | None) -> Graph:
    """One operator on one input of integers."""
    graph = Graph("unit")
    x = graph.input("x in", (1, shape) if isinstance(shape, int) else (1, *shape), DataType[datatype])
    inputs = [entry if entry is None else const(graph, *entry) for entry in constants]
    graph.outputs = [graph.add(op, x, *inputs, name="the unit/$(x)", origin=("fc 1",))]
    return graph


WEIGHTS = np.random.default_rng(1).integers(-2, 2, (6, 4)), "INT2"
KERNELS = np.random.default_rng(2).integers(-8, 8, (4, 2, 3, 2))
TAPS = WEIGHTS[0][:3], "INT2"
THRESHOLDS = [[-4, 0, 3], [-8, 1, 1], [9, 0, -6], [2, 2, 2]], "INT5"
FALLING = [0, 0, 1, 0], "BINARY"


def truncated() -> Graph:
    graph = Graph("trunc")
    x = graph.input("x", (1, 4))
    numbers = (0.25, 0.0, 8.0, 4.0)
    graph.outputs = [graph.add(TruncV1(), x, *[graph.constant(np.array(n, np.float32)) for n in numbers])]
    return graph


def forked() -> Graph:
    """A stream to two, one of which to two again, and the way back."""
    graph = Graph("fork")
    x = graph.input("x", (1, 2, 3, 4), DataType["INT3"])
    first, second = graph.add_node(Duplicate(), x).outputs
    low, high = graph.add_node(StreamSplit((1, 3)), second).outputs
    turned = graph.add(StreamConcat(), high, low)
    graph.outputs = [graph.add(StreamAdd((2, -3)), first, turned)]
    return graph


def chained() -> Graph:
    """A small accelerator between host nodes."""
    graph = Graph("chain")
    x = graph.input("x", (1, 6), DataType["INT3"])
    value = graph.add(AxiIn(elems=16), x)
    value = graph.add(WidthConverter(in_elems=16, out_elems=2), value)
    value = graph.add(FIFO(depth=4, elems=2), value)
    inputs = const(graph, *WEIGHTS), const(graph, *THRESHOLDS), const(graph, *FALLING)
    value = graph.add(MVTU(pe=2, simd=2, accumulator=DataType["INT6"]), value, *inputs)
    value = graph.add(Affine(), value, const(graph, [0.1, 1, 2, 1 / 3]), const(graph, 0.7))
    value = graph.add(Relu(), graph.add(Mul(), value, graph.constant(np.array([2], np.float32))))
    graph.outputs = [value]
    return graph


CASES: dict[str, Graph] = {
    "Affine": unit("INT4", 3, Affine(), ([0.1, 0.2, 1 / 3], ""), ([1e-9, 0, 7], "")),
    "AxiIn": unit("UINT4", 20, AxiIn(elems=16)),
    "AxiOut": unit("INT7", 9, AxiOut(elems=8)),
    "FIFO": unit("INT7", 9, FIFO(depth=3, elems=3)),
    "Fork": forked(),
    "ChannelMax": unit("INT3", (2, 2, 12), ChannelMax(window=3)),
    "ChannelProduct": unit("INT3", (2, 2, 12), ChannelProduct(interleaved=True), TAPS),
    "ChannelSum": unit("INT3", (2, 2, 12), ChannelSum(interleaved=True, window=4)),
    "Im2Col": unit("INT4", (3, 4, 5), Im2Col((2, 3), (2, 1), (1, 2))),
    "Im2Col_interleaved": unit("INT4", (4, 5, 3), Im2Col((2, 3), (2, 1), (1, 2), interleaved=True)),
    "InsertZeros": unit("BIPOLAR", (2, 3, 2), InsertZeros((2, 3))),
    "IntegerAdd": unit("INT4", 3, IntegerAdd(2, -3), ([[1, -2, 3]], "INT4")),
    "LabelSelect": unit("INT3", 10, LabelSelect(pe=5)),
    "Lookup": unit("TERNARY", (2, 2, 2), Lookup(), ([[4, -3, 1], [0, 7, 2]], "INT4")),
    "MVTU": unit("INT3", 6, MVTU(2, 3, DataType["INT6"], out_min=-1), WEIGHTS, THRESHOLDS, FALLING),
    "MVTU_accumulator": unit("BIPOLAR", 6, MVTU(accumulator=DataType["INT5"]), WEIGHTS),
    "Normalize": unit("UINT8", 3, Normalize(), (1, ""), (255, ""), ([0.1, 0.2, 0.3], ""), (0.3081, "")),
    "Pad": unit("BIPOLAR", (2, 3, 2), StreamPad(pads=(1, 0, 0, 2))),
    "SumPool": unit("INT4", (2, 5, 4), SumPool(kernel_shape=(2, 3), strides=(2, 1), pads=(1, 0, 0, 2))),
    "SWU": unit("INT4", (4, 5, 3), SWU((2, 3), (2, 1), (1, 2), simd=3)),
    "WideConv": unit(
        "INT4", (4, 5, 3), WideConv(strides=(2, 1), pads=(1, 0, 0, 2), group=2), (KERNELS, "INT4")
    ),
    "WideConvTranspose": unit(
        "INT4", (4, 3, 2), WideConvTranspose(strides=(2, 3), pads=(0, 1, 1, 0), group=2), (KERNELS, "INT4")
    ),
    "Thresholding": unit("INT5", 4, Thresholding(out_min=-1, out_step=2), THRESHOLDS, FALLING),
    "TruncV1": truncated(),
    "Upsample": unit("UINT2", (2, 2, 3), Upsample(scales=(2, 3))),
    "Upsample_zeros": unit("BIPOLAR", (2, 2, 3), Upsample(scales=(2, 3), zeros=True)),
    "VVTU": unit("INT3", (2, 2, 12), VVTU(4, DataType["INT6"], -1), TAPS, THRESHOLDS, FALLING),
    "WidthConverter": unit("INT3", 7, WidthConverter(in_elems=3, out_elems=2)),
    "WindowMax": unit("INT3", (2, 2, 12), WindowMax(window=3)),
    "WindowSum": unit("INT3", (2, 2, 3), WindowSum(window=4, whole=True)),
    "chain": chained(),
}  # fmt: skip


def frames(graph: Graph, seed: int) -> NDArray[Any]:
    """Frames of the graph's input."""
    (x,) = graph.inputs
    rng = np.random.default_rng(seed)
    shape = (FRAMES, *x.shape[1:])
    if not x.datatype.is_integer():
        return rng.normal(scale=8, size=shape).astype(x.carrier)
    levels = [v for v in range(int(x.datatype.min()), int(x.datatype.max()) + 1) if x.datatype.allowed(v)]
    return rng.choice(levels, size=shape).astype(x.carrier)


def run_in_qonnx(
    folder: Path, cases: dict[str, Graph], inputs: dict[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Runs graphs as stage files in QONNX's executor, in a process of its own, in another folder."""
    for name, graph in cases.items():
        graph.validate()
        save(graph, folder / f"{name}.onnx")
    np.savez(folder / "inputs.npz", **inputs)
    command = [sys.executable, "-c", SCRIPT, str(folder)]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return dict(np.load(folder / "outputs.npz"))


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[Any]]:
    """What QONNX computes for every case."""
    inputs = {name: frames(graph, seed) for seed, (name, graph) in enumerate(CASES.items())}
    return run_in_qonnx(tmp_path_factory.mktemp("stages"), CASES, inputs)


@pytest.mark.parametrize("name", CASES)
def test_qonnx_runs_a_stage_file(name: str, outputs: dict[str, NDArray[Any]]) -> None:
    graph = CASES[name]
    expected = execute(graph, frames(graph, [*CASES].index(name)))
    assert len(np.unique(expected)) > 1, "the case tests nothing"
    assert outputs[name].shape == expected.shape
    assert outputs[name].tolist() == expected.tolist()


def test_every_own_operator_has_a_case() -> None:
    own = {op_type for domain, op_type in OPERATORS if domain == OWN_DOMAIN}
    ran = {
        node.op.op_type for graph in CASES.values() for node in graph.nodes if node.op.domain == OWN_DOMAIN
    }
    assert set(qonnx_ops.__all__) == own == ran


def test_qonnx_finds_the_operators_and_their_attributes() -> None:
    (proto,) = to_onnx(CASES["MVTU"]).graph.node
    assert is_custom_op("finnlite.qonnx_ops", "MVTU")
    assert not is_custom_op("finnlite.qonnx_ops", "Mystery")
    custom = getCustomOp(proto)
    assert custom.get_nodeattr("pe") == 2
    assert custom.get_nodeattr("out_min") == -1
    assert custom.get_nodeattr("accumulator") == "INT6"
    assert custom.verify_node() == []
    custom.set_nodeattr("pe", 4)
    assert custom.get_nodeattr("pe") == 4
    with pytest.raises(AttributeError, match="^module 'finnlite.qonnx_ops' has no attribute 'Mystery'$"):
        _ = qonnx_ops.Mystery


def test_a_standard_stage_needs_nothing_of_ours() -> None:
    graph = Graph()
    x = graph.input("x", (1, 6), DataType["INT3"])
    graph.outputs = [graph.add(MatMul(), x, const(graph, *WEIGHTS))]
    assert {node.domain for node in to_onnx(graph).graph.node} == {""}


MLPS = ("tfc_w1a1", "tfc_w1a2", "tfc_w1a2_opset18", "sfc_w2a2_brevitas", "lfc_w1a1", "unsw_w2a2")


def test_stages_of_the_shared_models_load_back_equal_and_run_in_qonnx(shared: Path, tmp_path: Path) -> None:
    cases: dict[str, Graph] = {}
    inputs = {}
    for name in MLPS:
        graph = Import().load(shared / "models" / f"{name}.onnx")
        cases[f"{name}.import"] = graph.copy()
        cases[f"{name}.streamline"] = graph.transform(Streamline())
        golden = np.load(shared / "models" / f"{name}.golden.npz")["input"][:3]
        inputs[f"{name}.import"] = inputs[f"{name}.streamline"] = golden.astype(np.float32)
    results = run_in_qonnx(tmp_path, cases, inputs)
    for name, graph in cases.items():
        assert differences(graph, load_stage(tmp_path / f"{name}.onnx")) == []
        expected = execute(graph, inputs[name])
        if name.endswith("import"):  # sums of floats depend on the order, which depends on the batch
            assert np.abs(results[name] - expected).max() <= 1e-5 * np.abs(expected).max()
        else:
            assert results[name].tolist() == expected.tolist()
