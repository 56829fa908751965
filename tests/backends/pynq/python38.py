# SPDX-License-Identifier: Apache-2.0
"""What a file must not use if it is to run on a board: Python 3.8 and numpy 1.17, read from its source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

VERSION = (3, 8)
ALLOWED_IMPORTS = (set(sys.stdlib_module_names) | {"numpy"}) - {"graphlib", "tomllib", "zoneinfo"}

LATER_METHODS = {
    "removeprefix", "removesuffix", "bit_count", "is_relative_to", "with_stem", "hardlink_to", "add_note",
}  # fmt: skip
LATER_MEMBERS = {
    "contextlib": {"aclosing", "chdir"},
    "dataclasses": {"KW_ONLY"},
    "enum": {"StrEnum"},
    "functools": {"cache"},
    "importlib.resources": {"files", "as_file"},
    "inspect": {"get_annotations"},
    "itertools": {"batched", "pairwise"},
    "math": {"cbrt", "exp2", "lcm", "nextafter", "sumprod", "ulp"},
    "random": {"binomialvariate", "randbytes"},
    "sys": {"orig_argv", "stdlib_module_names"},
    "typing": {
        "Annotated",
        "Concatenate",
        "Never",
        "ParamSpec",
        "Self",
        "TypeAlias",
        "TypeGuard",
        "override",
    },
}
"""Names of the standard library, and of methods, that came after Python 3.8."""

LATER_NAMES = {"aiter", "anext", "ExceptionGroup", "BaseExceptionGroup", "EncodingWarning"}
LATER_KEYWORDS = {"strict", "slots", "kw_only", "match_args", "process_group", "delete_on_close"}
BUILTINS = {"list", "dict", "tuple", "set", "frozenset", "type"}
TYPES = BUILTINS | {"int", "float", "str", "bytes", "bool", "object"}

NUMPY = set(
    """
    abs absolute add all allclose any append arange argmax argmin argsort argwhere array array_equal
    array_split asarray ascontiguousarray atleast_1d bincount bitwise_and bitwise_or bitwise_xor bool_
    broadcast_arrays broadcast_to ceil clip column_stack concatenate copyto count_nonzero cumsum diff
    divide dot dtype empty empty_like equal errstate exp expand_dims expm1 finfo flatnonzero flip
    float16 float32 float64 floor floor_divide fmax fmin fmod frombuffer frompyfunc full full_like
    generic greater greater_equal hstack iinfo inf int16 int32 int64 int8 integer intp isclose isfinite
    isnan issubdtype left_shift less less_equal lib linalg linspace load log log1p logaddexp logical_and
    logical_not logical_or logical_xor matmul max maximum mean median memmap min minimum mod moveaxis
    multiply nan ndarray ndenumerate ndim negative nextafter nonzero not_equal number ones ones_like
    packbits pad percentile power prod random ravel repeat reshape resize right_shift rint roll round
    save savez searchsorted shape shares_memory sign sort split sqrt square squeeze stack std subtract
    sum swapaxes take take_along_axis tanh testing tile transpose uint16 uint32 uint64 uint8 unique
    unpackbits unravel_index var vstack where zeros zeros_like
    """.split()
)
"""Names that numpy 1.17 has (an allowed list: most of numpy's newer functions are wrappers of these)."""


def violations(source: str, *, also: frozenset[str] = frozenset()) -> list[str]:
    """Line and reason of everything that Python 3.8 with numpy 1.17 cannot run.

    Args:
        source: The file.
        also: Further modules it may import.
    """
    try:
        tree = ast.parse(source, feature_version=VERSION)
    except SyntaxError as error:
        return [f"{error.lineno}: {error.msg}"]
    return [f"{line}: {reason}" for line, reason in sorted(set(_found(tree, also)))]


def _found(tree: ast.Module, also: frozenset[str]) -> Iterator[tuple[int, str]]:
    postponed = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    for node in _evaluated(tree, postponed):
        for reason in _reasons(node, also):
            yield getattr(node, "lineno", 0), reason


def _evaluated(node: ast.AST, postponed: bool) -> Iterator[ast.AST]:
    """The nodes that run on a board: no annotations if they are postponed, nothing for type checkers."""
    yield node
    for name, value in ast.iter_fields(node):
        if postponed and name in ("annotation", "returns"):
            continue
        children = value if isinstance(value, list) else [value]
        if isinstance(node, ast.If) and name == "body" and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        for child in children:
            if isinstance(child, ast.AST):
                yield from _evaluated(child, postponed)


def _reasons(node: ast.AST, also: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (_import(alias.name, also) for alias in node.names if not _importable(alias.name, also))
    elif isinstance(node, ast.ImportFrom) and not node.level:
        if not _importable(str(node.module), also):
            yield _import(str(node.module), also)
        later = LATER_MEMBERS.get(str(node.module), ())
        yield from (f"{a.name} is not in 3.8" for a in node.names if a.name in later)
        if node.module == "numpy":
            yield from (f"numpy.{a.name} is not in 1.17" for a in node.names if a.name not in NUMPY)
    elif isinstance(node, ast.Attribute):
        owner = ast.unparse(node.value)
        if owner in ("np", "numpy") and node.attr not in NUMPY:
            yield f"numpy.{node.attr} is not in 1.17"
        if node.attr in LATER_METHODS or node.attr in LATER_MEMBERS.get(owner, ()):
            yield f"{node.attr} is not in 3.8"
    elif isinstance(node, ast.Name) and node.id in LATER_NAMES:
        yield f"{node.id} is not in 3.8"
    elif isinstance(node, ast.Call):
        yield from (f"{k.arg}= is not in 3.8" for k in node.keywords if k.arg in LATER_KEYWORDS)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in BUILTINS:
        yield f"{node.value.id}[...] is not in 3.8"
    elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.BitOr):
        sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.value,)
        if any(_is_dict_or_type(side) for side in sides):
            yield "| of dicts or types is not in 3.8"


def _importable(name: str, also: frozenset[str]) -> bool:
    return name.split(".")[0] in ALLOWED_IMPORTS | also and name != "numpy.typing"


def _import(name: str, also: frozenset[str]) -> str:
    return f"{name} must not be imported"


def _is_dict_or_type(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "dict"
    if isinstance(node, ast.Name):
        return node.id in TYPES
    return isinstance(node, ast.Dict | ast.DictComp) or (
        isinstance(node, ast.Constant) and node.value is None
    )
