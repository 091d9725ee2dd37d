"""Times the masked convolution against oneDNN (through PyTorch), one thread, interleaved in one process.

    python compare_onednn.py <libespalier_kernels.so> [avx2|avx512]

A sample is four runs in a row, dense ones too. Prints the median processor time of each and two ratios: against the best of the layouts NCHW, channels-last and
oneDNN's own blocked format (which then stays blocked: no reorders counted), and against NCHW, the layout that the
masked convolution reads and writes. For the AVX2 kernel set ONEDNN_MAX_CPU_ISA=AVX2 as well.
"""
import ctypes
import os
import sys

import torch
import torch.nn.functional as functional

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "base", "testing"))
from onednn import SHAPES, SPARSITIES, Target, address, aligned, dense_runs, keep_memory, mask_bits, medians  # noqa: E402


def masked_convolution(library, backend, x, weight, sparsity):
    """A function that runs the kernel on x with a random mask; its result is checked once."""
    n, c, size, _ = x.shape
    k, _, r, _ = weight.shape
    kept, bits = mask_bits(weight, sparsity)
    nonzeros = ctypes.c_int64(int(kept.sum()))
    pad = r // 2
    shape = (ctypes.c_int64 * 16)(n, c, size, size, k, r, r, 1, 1, pad, pad, pad, pad, 1, 1, 1)
    target = Target(backend, 1)
    query = (ctypes.byref(target), shape, nonzeros)
    packed_owner, packed = aligned(library.esp_conv2d_packed_bytes(*query))
    workspace_owner, workspace = aligned(library.esp_conv2d_workspace_bytes(*query))
    y = torch.zeros(n, k, size, size)
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
    expected = functional.conv2d(x[:1], weight * kept.view_as(weight), padding=pad)
    torch.testing.assert_close(y[:1], expected, atol=1e-4, rtol=1e-4)
    return run


def compare(library, backend, n, c, size, k, r):
    x, weight = torch.randn(n, c, size, size), torch.randn(k, c, r, r) * 0.1
    runs = dense_runs(x, weight)
    for sparsity in SPARSITIES:
        runs[sparsity] = masked_convolution(library, backend, x, weight, sparsity)
    flops = 2 * n * k * c * r * r * size * size
    t = medians(runs, max(7, min(80, int(1e10 / flops))), consecutive=4)
    best = min(t["nchw"], t["last"], t["blocked"])
    ratios = "  ".join(f"{s:.0%}: {t[s] * 1e3:.3f} ms x{best / t[s]:.1f} (NCHW x{t['nchw'] / t[s]:.1f})"
                       for s in SPARSITIES)
    print(f"{c}->{k} {size}x{size} {r}x{r} N={n}  dense {best * 1e3:.3f} ms ({flops / best * 1e-9:.0f} GFLOP/s)  "
          f"{ratios}", flush=True)


def main():
    torch.set_num_threads(1)
    keep_memory()
    library = ctypes.CDLL(sys.argv[1])
    library.esp_conv2d_packed_bytes.restype = ctypes.c_int64
    library.esp_conv2d_workspace_bytes.restype = ctypes.c_int64
    library.esp_last_message.restype = ctypes.c_char_p
    backend = 2 if sys.argv[2:] == ["avx2"] else 3
    with torch.no_grad():
        for c, size, k, r in SHAPES:
            for n in (1, 32):
                compare(library, backend, n, c, size, k, r)


if __name__ == "__main__":
    main()
