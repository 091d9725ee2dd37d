"""What the comparisons with oneDNN (through PyTorch) share: layers, masks, dense runs, medians of processor time."""
import ctypes
import statistics
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


def mask_bits(weight, sparsity):
    """A random mask of the weight, as booleans and as packed bits."""
    kept = torch.rand(weight.numel()) >= sparsity
    padded = torch.zeros(-(-kept.numel() // 32) * 32, dtype=torch.int64)
    padded[:kept.numel()] = kept
    words = (padded.view(-1, 32) << torch.arange(32)).sum(1)
    return kept, torch.where(words >= 2**31, words - 2**32, words).to(torch.int32)


def keep_memory():
    """Lets glibc keep freed tensors, so that no dense run pays for fresh pages."""
    libc = ctypes.CDLL(None)
    for option in (-1, -3):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
        libc.mallopt(option, 1 << 30)


def medians(runs, repeats, consecutive=1):
    """Seconds per run by name: medians over interleaved samples, each of some consecutive runs."""
    seconds = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.thread_time()
            for _ in range(consecutive):
                run()
            seconds[name].append((time.thread_time() - start) / consecutive)
    return {name: statistics.median(values) for name, values in seconds.items()}


def dense_runs(x, weight, stride=1, groups=1):
    """oneDNN's convolution in each layout, by name."""
    k, c, r, _ = weight.shape
    how = {"stride": stride, "padding": r // 2, "groups": groups}
    layer = torch.nn.Conv2d(c * groups, k, r, bias=False, **how)
    layer.weight.data = weight
    blocked, blocked_x = mkldnn.to_mkldnn(torch.nn.Sequential(layer).eval()), x.to_mkldnn()
    last_x, last_weight = (t.to(memory_format=torch.channels_last) for t in (x, weight))
    return {"nchw": lambda: functional.conv2d(x, weight, **how),
            "last": lambda: functional.conv2d(last_x, last_weight, **how),
            "blocked": lambda: blocked(blocked_x)}
