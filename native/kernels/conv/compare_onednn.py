"""Times the masked convolution against oneDNN (through PyTorch), one thread, interleaved in one process.

    python compare_onednn.py <libespalier_kernels.so> [avx2|avx512]

Prints the median processor time of each and two ratios: against the best of the layouts NCHW, channels-last and
oneDNN's own blocked format (which then stays blocked: no reorders counted), and against NCHW, the layout that the
masked convolution reads and writes. For the AVX2 kernel set ONEDNN_MAX_CPU_ISA=AVX2 as well.
"""
import ctypes
import statistics
import sys
import time

import torch
import torch.nn.functional as functional
from torch.utils import mkldnn

SHAPES = [(64, 32, 64, 3), (128, 16, 128, 3), (256, 8, 256, 3), (512, 4, 512, 3), (64, 56, 64, 3),
          (256, 14, 256, 3), (512, 7, 512, 3), (256, 56, 64, 1), (1024, 14, 256, 1)]
SPARSITIES = (0.8, 0.9, 0.95)


class Target(ctypes.Structure):
    _fields_ = [("backend", ctypes.c_int32), ("threads", ctypes.c_int32)]


def aligned(count):
    """Bytes at a multiple of 64: the tensor that owns them, and their address."""
    owner = torch.zeros(count + 64, dtype=torch.uint8)
    return owner, ctypes.c_void_p(owner.data_ptr() + -owner.data_ptr() % 64)


def address(tensor):
    return ctypes.c_void_p(tensor.data_ptr())


def mask_words(kept):
    """The mask as 32-bit words."""
    padded = torch.zeros(-(-kept.numel() // 32) * 32, dtype=torch.int64)
    padded[:kept.numel()] = kept.flatten()
    words = (padded.view(-1, 32) << torch.arange(32)).sum(1)
    return torch.where(words >= 2**31, words - 2**32, words).to(torch.int32)


def dense_convolutions(x, weight):
    """Functions that run oneDNN on x, by layout."""
    k, c, r, _ = weight.shape
    layer = torch.nn.Conv2d(c, k, r, padding=r // 2, bias=False)
    layer.weight.data = weight
    blocked, blocked_x = mkldnn.to_mkldnn(torch.nn.Sequential(layer).eval()), x.to_mkldnn()
    last_x, last_weight = (t.to(memory_format=torch.channels_last) for t in (x, weight))
    return {"nchw": lambda: functional.conv2d(x, weight, padding=r // 2),
            "last": lambda: functional.conv2d(last_x, last_weight, padding=r // 2),
            "blocked": lambda: blocked(blocked_x)}


def masked_convolution(library, backend, x, weight, sparsity):
    """A function that runs the kernel on x with a random mask; its result is checked once."""
    n, c, size, _ = x.shape
    k, _, r, _ = weight.shape
    kept = torch.rand(weight.numel()) >= sparsity
    nonzeros = ctypes.c_int64(int(kept.sum()))
    bits = mask_words(kept)
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
        result = library.esp_conv2d(ctypes.byref(target), shape, address(x), packed, nonzeros, None, 0,
                                    address(owners[2]), workspace, None)
        if result != 0:
            raise RuntimeError(library.esp_last_message().decode())

    if status != 0:
        raise RuntimeError(library.esp_last_message().decode())
    run()
    expected = functional.conv2d(x[:1], weight * kept.view_as(weight), padding=pad)
    torch.testing.assert_close(y[:1], expected, atol=1e-4, rtol=1e-4)
    return run


def medians(runs, repeats):
    seconds = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.thread_time()
            run()
            seconds[name].append(time.thread_time() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def compare(library, backend, n, c, size, k, r):
    x, weight = torch.randn(n, c, size, size), torch.randn(k, c, r, r) * 0.1
    runs = dense_convolutions(x, weight)
    for sparsity in SPARSITIES:
        runs[sparsity] = masked_convolution(library, backend, x, weight, sparsity)
    flops = 2 * n * k * c * r * r * size * size
    t = medians(runs, max(11, min(300, int(5e10 / flops))))
    best = min(t["nchw"], t["last"], t["blocked"])
    ratios = "  ".join(f"{s:.0%}: {t[s] * 1e3:.3f} ms x{best / t[s]:.1f} (NCHW x{t['nchw'] / t[s]:.1f})"
                       for s in SPARSITIES)
    print(f"{c}->{k} {size}x{size} {r}x{r} N={n}  dense {best * 1e3:.3f} ms ({flops / best * 1e-9:.0f} GFLOP/s)  "
          f"{ratios}", flush=True)


def main():
    torch.set_num_threads(1)
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
