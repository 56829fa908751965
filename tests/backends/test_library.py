# SPDX-License-Identifier: Apache-2.0
"""The parts of the C++ library that exist twice (for hosts, for synthesis), and the simulation's headers."""

import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from tests.backends.unity import STRICT, xilinx_headers

HLS = Path(str(resources.files("finnlite.backends.hls")))
COMPILERS = [name for name in ("g++", "clang++") if shutil.which(name)]

TWO_FORMS = """
#include <cstdio>
#include "finnlite/bits.hpp"

static unsigned long long seed = 88172645463325252ULL;
static unsigned long long random_bits() {
  seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17;
  return seed;
}

template <int BITS> int check_popcount() {
  for (int i = 0; i < 200; ++i) {
    const ap_uint<BITS> word = i == 0 ? 0ULL : i == 1 ? ~0ULL : random_bits();
    if (finnlite::popcount<BITS>(word) != finnlite::popcount_by_bits<BITS>(word)) return 1;
  }
  return 0;
}

template <int BITS> int check_slice() {
  ap_uint<36> lanes[5];
  for (int i = 0; i < 5; ++i) lanes[i] = random_bits();
  for (int low = 0; low + BITS <= 5 * 36; ++low) {
    const unsigned long long fast = finnlite::slice<BITS>(lanes, low).to_uint64();
    const unsigned long long bits = finnlite::slice_by_bits<BITS>(lanes, low).to_uint64();
    if (fast != bits) return 1;
  }
  return 0;
}

int main() {
  int wrong = 0;
  CHECKS
  if (finnlite::popcount<3>(ap_uint<3>(5)) != 2) ++wrong;
  std::printf("%d wrong\\n", wrong);
  return wrong;
}
"""

WORDS = """
#include "finnlite/bits.hpp"

int main() {
  ap_uint<200> wide = 0;
  for (int i = 0; i < 40; ++i) finnlite::set_element<5>(wide, i, ap_uint<5>(i));
  for (int i = 0; i < 40; ++i) if (finnlite::element<5>(wide, i) != i % 32) return 1;
  const ap_uint<100> middle = wide.range(149, 50);
  for (int i = 0; i < 20; ++i) if (finnlite::element<5>(middle, i) != (i + 10) % 32) return 2;
  wide.range(139, 60) = ap_uint<80>(0);
  for (int i = 0; i < 40; ++i) {
    const int expected = i >= 12 && i < 28 ? 0 : i % 32;
    if (finnlite::element<5>(wide, i) != expected) return 3;
  }
  if (ap_int<4>(7) + ap_int<4>(7) != 14) return 4;
  if (ap_int<3>(4) != -4 || ap_uint<3>(-1) != 7) return 5;
  if (!(ap_int<8>(-1) < ap_uint<8>(1))) return 6;
  ap_uint<3> counter = 7;
  ++counter;
  if (counter != 0) return 7;
  if (ap_uint<6>(ap_int<6>(ap_int<3>(-1))) != 63) return 8;
  const ap_uint<64> top = ~0ULL;
  if (ap_uint<1>(top.range(63, 63)) != 1 || ap_uint<128>(top).range(127, 64).to_uint64() != 0) return 9;
  return 0;
}
"""


def build_and_run(
    tmp_path: Path, compiler: str, text: str, types: Path = HLS / "sim" / "hls", level: str = "-O1"
) -> subprocess.CompletedProcess[str]:
    (tmp_path / "main.cpp").write_text(text)
    argv = [compiler, *STRICT, level, f"-I{HLS / 'include'}", "-isystem", str(types)]
    argv += ["-isystem", str(HLS / "sim" / "hls"), str(tmp_path / "main.cpp"), "-o", str(tmp_path / "main")]
    made = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return subprocess.run([str(tmp_path / "main")], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_host_forms_equal_loops(tmp_path: Path, compiler: str) -> None:
    calls = [f"wrong += check_popcount<{b}>();" for b in (1, 2, 3, 7, 31, 32, 33, 49, 63, 64)]
    calls += [f"wrong += check_slice<{b}>();" for b in (1, 2, 5, 8, 32, 35, 36, 37, 63, 64)]
    result = build_and_run(tmp_path, compiler, TWO_FORMS.replace("CHECKS", "\n  ".join(calls)))
    assert (result.returncode, result.stdout) == (0, "0 wrong\n")


@pytest.mark.parametrize("compiler", COMPILERS)
def test_words_of_the_simulation(tmp_path: Path, compiler: str) -> None:
    assert build_and_run(tmp_path, compiler, WORDS).returncode == 0


def test_words_agree_with_the_xilinx_headers(tmp_path: Path) -> None:
    # At -O0: gcc warns of the vendor's code where it is inlined.
    assert build_and_run(tmp_path, "g++", WORDS, xilinx_headers(), "-O0").returncode == 0


CONVERTER = """
#include "finnlite/width_converter.hpp"

struct shape { static const int N = 7, IN = 4, OUT = 3, BITS = 2; };
typedef finnlite::width_converter<shape> unit;

int main() {
  unit::state state = unit::state();
  hls::stream<ap_uint<8> > in("in");
  hls::stream<ap_uint<6> > out("out");
  for (int frame = 0; frame < 3; ++frame) {
    in.write(0xE4);  // elements 0 1 2 3
    in.write(0xF6);  // 2 1 3, and one of padding that is not zero
    for (int step = 0; step < 3; ++step) unit::step(in, out, state);
    if (!in.empty() || out.read() != 0x24 || out.read() != 0x1B || out.read() != 0x03) return 1;
  }
  return out.empty() ? 0 : 2;
}
"""


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_converter_drops_padding_and_pads_with_zeros(tmp_path: Path, compiler: str) -> None:
    assert build_and_run(tmp_path, compiler, CONVERTER).returncode == 0


@pytest.mark.parametrize("access", ["word.range(8, 0)", "word.range(3, -1)", "word.range(1, 2)", "word[8]"])
def test_bits_outside_of_a_word_are_an_error(tmp_path: Path, access: str) -> None:
    text = f"""
#include "ap_int.h"
int main() {{
  ap_uint<8> word = 1;
  try {{ return {access}.to_uint64() == 77; }} catch (const std::out_of_range&) {{ return 3; }}
}}
"""
    assert build_and_run(tmp_path, "g++", text).returncode == 3


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("header", sorted(p.name for p in (HLS / "include" / "finnlite").glob("*.hpp")))
def test_each_header_stands_alone(tmp_path: Path, compiler: str, header: str) -> None:
    text = f'#include "finnlite/{header}"\n#include "finnlite/{header}"\nint main() {{ return 0; }}\n'
    assert build_and_run(tmp_path, compiler, text).returncode == 0


@pytest.mark.parametrize("path", sorted(HLS.rglob("*.h*")), ids=lambda path: path.name)
def test_sources_say_what_they_are(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0] == "// SPDX-License-Identifier: Apache-2.0"
    assert lines[1].startswith("/// ")
    assert max(map(len, lines)) <= 100
