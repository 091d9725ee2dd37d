"""Times the sparse convolution of 16-bit tensors against cuDNN (through PyTorch, channels last), interleaved in one process.

    python compare_cudnn.py <libespalier_kernels.so> <libespalier_kernels_cuda.so> [f16|bf16] [images ...]

Needs a GPU; every result is checked against cuDNN on the masked weights before it is timed. Prints the median time on the
device of each, with warm caches, and the ratio to cuDNN on the dense weights. State clocks and power limit beside the figures.
"""
import ctypes
import statistics
import sys

import torch
import torch.nn.functional as functional

# Channels, size, outputs, kernel: the layers of NOTES.md.
SHAPES = [(64, 56, 64, 3), (128, 28, 128, 3), (256, 14, 256, 3), (512, 7, 512, 3), (2048, 7, 512, 1)]
FORMS = [("vector32", 0, 32, share) for share in (0.5, 0.25, 0.1)]
FORMS += [("vector16", 0, 16, share) for share in (0.25, 0.1)] + [("2:4", 1, 0, 0.5)]
CUDA = 4


class Target(ctypes.Structure):
    _fields_ = [("backend", ctypes.c_int32), ("threads", ctypes.c_int32)]


class Layout(ctypes.Structure):
    _fields_ = [("shape", ctypes.c_int64 * 16), ("dtype", ctypes.c_int32), ("pattern", ctypes.c_int32),
                ("vector", ctypes.c_int32)]


def address(tensor):
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


def stream():
    return ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)


def mask_of(weight, pattern, vector, share):
    """The kept weights as 0 and 1, the mask's words for the library (None: it chooses), the number of vectors."""
    k, c, r, s = weight.shape
    if pattern == 1:
        fours = weight.abs().view(k, c // 4, 4, r, s)
        kept = torch.zeros_like(fours).scatter_(2, fours.topk(2, dim=2).indices, 1.0)
        return kept.view(k, c, r, s), None, 0
    kept = torch.rand(k // vector, c, r, s, device=weight.device) < share
    words = kept.flatten().to(torch.int64).view(-1, 32) << torch.arange(32, device=weight.device)
    words = words.sum(1)
    words = torch.where(words >= 2**31, words - 2**32, words).to(torch.int32)
    return kept.repeat_interleave(vector, 0).float(), words, int(kept.sum())


def sparse_convolution(library, x, weight, form):
    """A function that runs the kernel on x, and the masked weights that it computes with."""
    name, pattern, vector, share = form
    n, c, size, _ = x.shape
    k, _, r, _ = weight.shape
    kept, words, vectors = mask_of(weight, pattern, vector, share)
    pad, target = r // 2, Target(CUDA, 1)
    layout = Layout((ctypes.c_int64 * 16)(n, c, size, size, k, r, r, 1, 1, pad, pad, pad, pad, 1, 1, 1),
                    1 if x.dtype == torch.bfloat16 else 0, pattern, vector)
    count = ctypes.c_int64(vectors)
    arguments = (ctypes.byref(target), ctypes.byref(layout))

    def require(status):
        if status != 0:
            raise RuntimeError(library.esp_last_message().decode())

    packed_bytes = library.esp_conv2d_half_packed_bytes(*arguments, count)
    if packed_bytes < 0:
        raise RuntimeError(library.esp_last_message().decode())
    packed = torch.empty(packed_bytes, dtype=torch.uint8, device=x.device)
    require(library.esp_conv2d_half_pack(*arguments, address(weight), address(words), count, address(packed), None,
                                         stream()))
    y = torch.empty(n, k, size, size, dtype=x.dtype, device=x.device).to(memory_format=torch.channels_last)

    def run():
        require(library.esp_conv2d_half(*arguments, address(x), address(packed), count, None, address(y), None,
                                        stream()))

    run()
    masked = (weight * kept).to(x.dtype).to(memory_format=torch.channels_last)
    expected = functional.conv2d(x, masked, padding=pad).float()
    precision = 2.0**-7 if x.dtype == torch.bfloat16 else 2.0**-10
    torch.testing.assert_close(y.float(), expected, atol=precision * float(expected.abs().max()), rtol=2 * precision,
                               msg=lambda m: f"{name}: {m}")
    return run


def medians(runs, repeats):
    """Seconds on the device per run, by name: medians over interleaved samples."""
    seconds = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            run()
            end.record()
            end.synchronize()
            seconds[name].append(begin.elapsed_time(end) * 1e-3)
    return {name: statistics.median(values) for name, values in seconds.items()}


def compare(library, dtype, n, c, size, k, r):
    x = torch.randn(n, c, size, size, device="cuda").to(dtype).to(memory_format=torch.channels_last)
    weight = torch.randn(k, c, r, r, device="cuda") * 0.1
    dense = weight.to(dtype).to(memory_format=torch.channels_last)
    runs = {"dense": lambda: functional.conv2d(x, dense, padding=r // 2)}
    for form in FORMS:
        runs[f"{form[0]} {form[3]:.0%}"] = sparse_convolution(library, x, weight, form)
    for run in runs.values():  # cuDNN chooses its algorithm
        run()
    t = medians(runs, 100)
    flops = 2 * n * k * c * r * r * size * size
    line = "  ".join(f"{name}: {v * 1e6:.1f} us x{t['dense'] / v:.2f}" for name, v in t.items() if name != "dense")
    print(f"{c}->{k} {size}x{size} {r}x{r} N={n}  dense {t['dense'] * 1e6:.1f} us "
          f"({flops / t['dense'] * 1e-12:.0f} TFLOP/s)  {line}", flush=True)


def main():
    torch.backends.cudnn.benchmark = True
    library = ctypes.CDLL(sys.argv[1])
    library.esp_conv2d_half_packed_bytes.restype = ctypes.c_int64
    library.esp_last_message.restype = ctypes.c_char_p
    if library.esp_cuda_open(sys.argv[2].encode()) != 0:
        raise RuntimeError(library.esp_last_message().decode())
    dtype = torch.bfloat16 if "bf16" in sys.argv[3:] else torch.float16
    print(f"{torch.cuda.get_device_name()}, {dtype}, cuDNN {torch.backends.cudnn.version()}", flush=True)
    with torch.no_grad():
        for n in [int(a) for a in sys.argv[3:] if a.isdigit()] or [1, 128]:
            for c, size, k, r in SHAPES:
                compare(library, dtype, n, c, size, k, r)


if __name__ == "__main__":
    main()
