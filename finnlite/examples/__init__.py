# SPDX-License-Identifier: Apache-2.0
"""The packaged example: a trained W1A1 network on scikit-learn's digits, and its held-out images.

`scripts/train_digits.py` in the repository trains it and writes both files. The images are from
scikit-learn's copy of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, CC BY 4.0).
"""

from importlib.resources import files
from pathlib import Path

__all__ = ["digits_data", "digits_model"]


def digits_model() -> Path:
    """The file of the packaged 64-64-64-10 network with ±1 weights and activations."""
    return Path(str(files(__name__) / "digits_w1a1.onnx"))


def digits_data() -> Path:
    """The file of the 360 held-out images: `input` (360, 64), `output` (360, 10) and `label` (360,)."""
    return Path(str(files(__name__) / "digits_w1a1.npz"))
