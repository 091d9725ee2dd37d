"""Times the convolution with a vector mask against oneDNN (through PyTorch), one thread, interleaved in one process.

    python compare_onednn.py <libespalier_kernels.so> [avx2|avx512] [images ...]

A sample is four runs in a row. Prints the median processor time of each and two ratios: against the best of oneDNN's
layouts (NCHW, channels-last, blocked) and against NCHW. For the AVX2 kernel set ONEDNN_MAX_CPU_ISA=AVX2 too.
"""
import ctypes
import math
import os
import sys

import torch
import torch.nn.functional as functional

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "base", "testing"))
from onednn import SHAPES, SPARSITIES, Target, address, aligned, dense_runs, keep_memory, mask_bits, medians  # noqa: E402


def masked_convolution(library, backend, x, weight, sparsity):
    """A function that runs the kernel on x with a random mask of vectors; its result is checked once."""
    n, c, size, _ = x.shape
    k, _, r, _ = weight.shape
    kept, bits = mask_bits(weight[::16], sparsity)
    vectors = ctypes.c_int64(int(kept.sum()))
    pad = r // 2
    shape = (ctypes.c_int64 * 16)(n, c, size, size, k, r, r, 1, 1, pad, pad, pad, pad, 1, 1, 1)
    target = Target(backend, 1)
    query = (ctypes.byref(target), shape, vectors)
    packed_owner, packed = aligned(library.esp_conv2d_vector_packed_bytes(*query))
    workspace_owner, workspace = aligned(library.esp_conv2d_vector_workspace_bytes(*query))
    y = torch.zeros(n, k, size, size)
    owners = (packed_owner, workspace_owner, y)

    def require(status):
        if status != 0:
            raise RuntimeError(library.esp_last_message().decode())

    def run():
        require(library.esp_conv2d_vector(ctypes.byref(target), shape, address(x), packed, vectors, None,
                                          address(owners[2]), workspace, None))

    require(library.esp_conv2d_vector_pack(ctypes.byref(target), shape, address(weight), address(bits), vectors,
                                           packed, None, None))
    run()
    masked = weight * kept.view(k // 16, c, r, r).repeat_interleave(16, 0)
    torch.testing.assert_close(y[:1], functional.conv2d(x[:1], masked, padding=pad), atol=1e-4, rtol=1e-4)
    return run


def compare(library, backend, n, c, size, k, r):
    """The ratios against the best layout, by sparsity."""
    x, weight = torch.randn(n, c, size, size), torch.randn(k, c, r, r) * 0.1
    runs = dense_runs(x, weight)
    dense = list(runs)
    for sparsity in SPARSITIES:
        runs[sparsity] = masked_convolution(library, backend, x, weight, sparsity)
    flops = 2 * n * k * c * r * r * size * size
    t = medians(runs, max(7, min(80, int(1e10 / flops))), consecutive=4)
    best = min(t[name] for name in dense)
    line = "  ".join(f"{s:.0%}: {t[s] * 1e3:.3f} ms {flops * (1 - s) / t[s] * 1e-9:.0f} GFLOP/s x{best / t[s]:.1f} "
                     f"(NCHW x{t['nchw'] / t[s]:.1f})" for s in SPARSITIES)
    print(f"{c}->{k} {size}x{size} {r}x{r} N={n}  dense {best * 1e3:.3f} ms ({flops / best * 1e-9:.0f} GFLOP/s)  "
          f"{line}", flush=True)
    return [best / t[s] for s in SPARSITIES]


def main():
    torch.set_num_threads(1)
    keep_memory()
    library = ctypes.CDLL(sys.argv[1])
    library.esp_conv2d_vector_packed_bytes.restype = ctypes.c_int64
    library.esp_conv2d_vector_workspace_bytes.restype = ctypes.c_int64
    library.esp_last_message.restype = ctypes.c_char_p
    backend = 2 if "avx2" in sys.argv[2:] else 3
    batches = [int(a) for a in sys.argv[2:] if a.isdigit()] or [1, 32]
    with torch.no_grad():
        for n in batches:
            ratios = [(r, compare(library, backend, n, c, size, k, r)) for c, size, k, r in SHAPES]
            logs = zip(*[[math.log(v) for v in row] for r, row in ratios if r == 3])
            means = "  ".join(f"{s:.0%}: x{math.exp(sum(v) / len(v)):.2f}" for s, v in zip(SPARSITIES, logs))
            print(f"geometric mean of the 3x3 rows, N={n}  {means}", flush=True)


if __name__ == "__main__":
    main()
