"""Times the masked convolution against oneDNN (through PyTorch), one thread, interleaved in one process.

    python compare_onednn.py <libespalier_kernels.so> [avx2|avx512] [images ...] [others]

A sample is four runs in a row, dense ones too. Prints the median processor time of each and two ratios: against the best of the layouts NCHW, channels-last and
oneDNN's own blocked format (which then stays blocked: no reorders counted), and against NCHW, the layout that the
masked convolution reads and writes. For the AVX2 kernel set ONEDNN_MAX_CPU_ISA=AVX2 as well. `others`: layers with a
stride, and depthwise ones.
"""
import ctypes
import math
import os
import sys

import torch
import torch.nn.functional as functional

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "base", "testing"))
from onednn import SHAPES, SPARSITIES, Target, address, aligned, dense_runs, keep_memory, mask_bits, medians  # noqa: E402


# channels, size, outputs, kernel, stride, groups
OTHERS = [(64, 56, 128, 3, 2, 1), (128, 28, 256, 3, 2, 1), (256, 14, 512, 3, 2, 1), (3, 224, 64, 7, 2, 1),
          (256, 56, 512, 1, 2, 1), (512, 28, 1024, 1, 2, 1), (32, 112, 32, 3, 1, 32), (96, 112, 96, 3, 2, 96),
          (144, 56, 144, 3, 1, 144), (384, 14, 384, 3, 1, 384), (960, 7, 960, 3, 1, 960)]


def masked_convolution(library, backend, x, weight, sparsity, stride, groups):
    """A function that runs the kernel on x with a random mask; its result is checked once."""
    n, c, size, _ = x.shape
    k, _, r, _ = weight.shape
    kept, bits = mask_bits(weight, sparsity)
    nonzeros = ctypes.c_int64(int(kept.sum()))
    pad = r // 2
    shape = (ctypes.c_int64 * 16)(n, c, size, size, k, r, r, stride, stride, pad, pad, pad, pad, 1, 1, groups)
    target = Target(backend, 1)
    query = (ctypes.byref(target), shape, nonzeros)
    packed_owner, packed = aligned(library.esp_conv2d_packed_bytes(*query))
    workspace_owner, workspace = aligned(library.esp_conv2d_workspace_bytes(*query))
    out = (size + 2 * pad - r) // stride + 1
    y = torch.zeros(n, k, out, out)
    status = library.esp_conv2d_pack(ctypes.byref(target), shape, address(weight), address(bits), nonzeros, packed,
                                     None, None)
    owners = (packed_owner, workspace_owner, y)

    def run():
        result = library.esp_conv2d(ctypes.byref(target), shape, address(x), packed, nonzeros, None,
                                    address(owners[2]), workspace, None)
        if result != 0:
            raise RuntimeError(library.esp_last_message().decode())

    if status != 0:
        raise RuntimeError(library.esp_last_message().decode())
    run()
    expected = functional.conv2d(x[:1], weight * kept.view_as(weight), stride=stride, padding=pad, groups=groups)
    torch.testing.assert_close(y[:1], expected, atol=1e-4, rtol=1e-4)
    return run


def compare(library, backend, n, c, size, k, r, stride=1, groups=1):
    """The ratios against the best layout, by sparsity."""
    x, weight = torch.randn(n, c, size, size), torch.randn(k, c // groups, r, r) * 0.1
    runs = dense_runs(x, weight, stride, groups)
    dense = list(runs)
    for sparsity in SPARSITIES:
        runs[sparsity] = masked_convolution(library, backend, x, weight, sparsity, stride, groups)
    flops = 2 * n * k * c // groups * r * r * size * size / stride**2
    t = medians(runs, max(7, min(80, int(1e10 / flops))), consecutive=4)
    best = min(t[name] for name in dense)
    ratios = "  ".join(f"{s:.0%}: {t[s] * 1e3:.3f} ms x{best / t[s]:.1f} (NCHW x{t['nchw'] / t[s]:.1f})"
                       for s in SPARSITIES)
    kind = (f" stride {stride}" if stride > 1 else "") + (f" {groups} groups" if groups > 1 else "")
    print(f"{c}->{k} {size}x{size} {r}x{r}{kind} N={n}  dense {best * 1e3:.3f} ms "
          f"({flops / best * 1e-9:.0f} GFLOP/s)  {ratios}", flush=True)
    return [best / t[s] for s in SPARSITIES]


def main():
    torch.set_num_threads(1)
    keep_memory()
    library = ctypes.CDLL(sys.argv[1])
    library.esp_conv2d_packed_bytes.restype = ctypes.c_int64
    library.esp_conv2d_workspace_bytes.restype = ctypes.c_int64
    library.esp_last_message.restype = ctypes.c_char_p
    backend = 2 if "avx2" in sys.argv[2:] else 3
    batches = [int(a) for a in sys.argv[2:] if a.isdigit()] or [1, 32]
    with torch.no_grad():
        for n in batches:
            if "others" in sys.argv[2:]:
                for layer in OTHERS:
                    compare(library, backend, n, *layer)
                continue
            ratios = [(r, compare(library, backend, n, c, size, k, r)) for c, size, k, r in SHAPES]
            logs = zip(*[[math.log(v) for v in row] for r, row in ratios if r == 3])
            means = "  ".join(f"{s:.0%}: x{math.exp(sum(v) / len(v)):.2f}" for s, v in zip(SPARSITIES, logs))
            print(f"geometric mean of the 3x3 rows, N={n}  {means}", flush=True)


if __name__ == "__main__":
    main()
