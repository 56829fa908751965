# SPDX-License-Identifier: Apache-2.0
"""The cells that count ones: what is synthesised and what Verilator runs, against a count bit by bit."""

from pathlib import Path

from finnlite.backends.rtl.emit import library
from tests.rtl.bench import call, icarus

SIZES = (*range(1, 30), 38, 63, 64, 65, 96, 97, 128, 200)
WORDS = 60


def bench(size: int) -> list[str]:
    """Random words, all ones and all zeros through both forms of both cells of one size."""
    few, small = (3, 2)[size <= 7], (3, 2)[size <= 3]
    third = size // 3
    parities = max(1, (size - 2 * third) // 3)
    return [
        f"module bench_{size} (input wire aclk);",
        f"localparam N = {size}, T = {third}, P = {parities};",
        "reg [N-1:0] x, w, plain_x, plain_w;",
        "reg [P-1:0] parities;",
        "reg [31:0] seed, ones, equal;",
        "wire [$clog2(N+1)-1:0] counts [0:3];",
        f"finnlite_count #(.N(N), .LATENCY({few})) a (.aclk(aclk), .bits(plain_x), .count(counts[0]));",
        f"quick_count #(.N(N), .LATENCY({few})) b (.aclk(aclk), .bits(plain_x), .count(counts[1]));",
        f"finnlite_equal #(.N(N), .LATENCY({small})) c "
        "(.aclk(aclk), .x(x), .parities(parities), .w(w), .count(counts[2]));",
        f"quick_equal #(.N(N), .LATENCY({small})) d "
        "(.aclk(aclk), .x(x), .parities(parities), .w(w), .count(counts[3]));",
        "integer n, i;",
        "initial begin",
        f"  seed = {size};",
        f"  for (n = 0; n < {WORDS}; n = n + 1) begin",
        "    ones = 0; equal = 0; parities = 0;",
        "    for (i = 0; i < N; i = i + 1) begin",
        "      plain_x[i] = n == 0 ? 1'b0 : n == 1 ? 1'b1 : $random(seed);",
        "      plain_w[i] = n == 2 ? plain_x[i] : n == 3 ? ~plain_x[i] : $random(seed);",
        "      ones = ones + plain_x[i]; equal = equal + (plain_x[i] == plain_w[i]);",
        "    end",
        "    x = plain_x; w = plain_w;",
        "    for (i = 0; i < T; i = i + 1) begin",
        "      x[2*T+i] = plain_x[i] ^ plain_x[T+i] ^ plain_x[2*T+i];",
        "      w[2*T+i] = plain_w[i] ^ plain_w[T+i] ^ plain_w[2*T+i];",
        "    end",
        "    if (T > 0 && N - 2*T >= 3)",
        "      for (i = 0; i < P; i = i + 1) parities[i] = x[2*T+i] ^ x[2*T+P+i] ^ x[2*T+2*P+i];",
        "    repeat (5) @(posedge aclk);",
        "    #1 if (counts[0] !== ones || counts[1] !== ones || counts[2] !== equal || counts[3] !== equal)",
        '      $display("%0d: %0d %0d of %0d, %0d %0d of %0d",',
        "        N, counts[0], counts[1], ones, counts[2], counts[3], equal);",
        "  end",
        '  $display("done %0d", N);',
        "end",
        "endmodule",
    ]


def quick(name: str) -> str:
    """A cell as Verilator sees it, under another name."""
    text = library()[f"finnlite_{name}.v"].decode().replace(f"module finnlite_{name}", f"module quick_{name}")
    return "`define VERILATOR\n" + text.replace("finnlite_count #", "quick_count #") + "`undef VERILATOR\n"


def test_both_forms_count_ones(tmp_path: Path) -> None:
    lines = [line for size in SIZES for line in bench(size)]
    cells = [f"bench_{size} b{size} (.aclk(aclk));" for size in SIZES]
    stop = f"initial #{WORDS * 100 + 100} $finish;"
    top = ["module top;", "reg aclk = 1'b0;", "always #5 aclk = !aclk;", *cells, stop, "endmodule"]
    (tmp_path / "top.v").write_text("\n".join([quick("count"), quick("equal"), *lines, *top]) + "\n")
    for name, content in library().items():
        (tmp_path / name).write_bytes(content)
    used = [
        str(tmp_path / f"finnlite_{name}.v") for name in ("count", "equal", "ones", "sums", "five", "delay")
    ]
    # $countones is SystemVerilog's.
    call([icarus(), "-g2012", "-s", "top", "-o", str(tmp_path / "bench"), *used, str(tmp_path / "top.v")])
    printed = call(["vvp", "-n", str(tmp_path / "bench")]).split("\n")
    said = sorted(line for line in printed if line and "$finish" not in line)
    assert said == sorted(f"done {size}" for size in SIZES)
