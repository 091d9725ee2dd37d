"""Times masked convolution and its gradients on image16 against oneDNN (through PyTorch), one thread, interleaved.

    python compare_onednn.py <libespalier_kernels.so> [avx2|avx512] [images]

Source and result stay in the image16 layout, as between consecutive layers. A sample is four runs in a row, dense
ones too, so that each finds in the caches what consecutive layers would. Per layer and sparsity: medians of processor
time and the ratio to oneDNN's best layout (forward: NCHW, channels-last, blocked; gradients: NCHW,
channels-last), then for training the ratio of the sums of all three passes. Results are checked once.
"""
import ctypes
import os
import sys

import torch
import torch.nn.functional as functional

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "base", "testing"))
from onednn import SHAPES, SPARSITIES, Target, address, aligned, dense_runs, keep_memory, mask_bits, medians  # noqa: E402

FORWARD, INPUT_GRADIENT = 0, 1


class Shape(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in (
        "n", "c", "h", "w", "k", "r", "s", "stride_h", "stride_w", "pad_top", "pad_left", "pad_bottom", "pad_right",
        "dilation_h", "dilation_w", "groups")]


class Layout(ctypes.Structure):
    _fields_ = [("shape", Shape)] + [(name, ctypes.c_int64) for name in (
        "source_halo_h", "source_halo_w", "result_halo_h", "result_halo_w")] + [("direction", ctypes.c_int32)]


class Extents(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in ("n", "c", "h", "w", "halo_h", "halo_w")]


class MaskedLayer:
    """One layer with a random mask; `forward`, `input_gradient` and `weight_gradient` run the kernels."""

    def __init__(self, library, backend, x, weight, upstream, sparsity):
        self.library, self.target = library, Target(backend, 1)
        n, c, size, _ = x.shape
        k, _, r, _ = weight.shape
        pad = r // 2
        self.kept, self.bits = mask_bits(weight, sparsity)
        self.nonzeros = ctypes.c_int64(int(self.kept.sum()))
        self.shape = Shape(n, c, size, size, k, r, r, 1, 1, pad, pad, pad, pad, 1, 1, 1)
        self.masked = weight * self.kept.view_as(weight)
        self.owners = []
        self.input, self.inputs = self.tensor(Extents(n, c, size, size, pad, pad), x)
        self.upstream, self.upstreams = self.tensor(Extents(n, k, size, size, pad, pad), upstream)
        self.output, self.outputs = self.tensor(Extents(n, k, size, size, pad, pad))
        self.gradient, self.gradients = self.tensor(Extents(n, c, size, size, pad, pad))
        self.weight_grad = torch.empty_like(weight)
        self.directions = {d: self.packed(d, weight) for d in (FORWARD, INPUT_GRADIENT)}
        query = (ctypes.byref(self.target), ctypes.byref(self.directions[FORWARD][0]), self.nonzeros)
        self.sums = self.memory(library.esp_conv2d_image16_weight_gradient_workspace_bytes(*query))
        self.check(x, upstream)

    def memory(self, count):
        owner, pointer = aligned(count)
        self.owners.append(owner)
        return pointer

    def call(self, status):
        if status != 0:
            raise RuntimeError(self.library.esp_last_message().decode())

    def tensor(self, extents, nchw=None):
        pointer = self.memory(self.library.esp_image16_bytes(ctypes.byref(extents)))
        if nchw is not None:
            self.call(self.library.esp_image16_pack(ctypes.byref(self.target), ctypes.byref(extents), 0, address(nchw),
                                                    pointer, None, None))
        return pointer, extents

    def nchw(self, pointer, extents):
        tensor = torch.empty(extents.n, extents.c, extents.h, extents.w)
        self.call(self.library.esp_image16_unpack(ctypes.byref(self.target), ctypes.byref(extents), 0, pointer,
                                                  address(tensor), None, None))
        return tensor

    def packed(self, direction, weight):
        pad = self.shape.pad_top
        layout = Layout(self.shape, pad, pad, pad, pad, direction)
        query = (ctypes.byref(self.target), ctypes.byref(layout), self.nonzeros)
        packed = self.memory(self.library.esp_conv2d_image16_packed_bytes(*query))
        workspace = self.memory(self.library.esp_conv2d_image16_workspace_bytes(*query))
        self.call(self.library.esp_conv2d_image16_pack(query[0], query[1], address(weight), address(self.bits),
                                                       self.nonzeros, packed, None, None))
        return layout, packed, workspace

    def run(self, direction, source, result):
        layout, packed, workspace = self.directions[direction]
        self.call(self.library.esp_conv2d_image16(ctypes.byref(self.target), ctypes.byref(layout), source, packed,
                                                  self.nonzeros, None, result, workspace, None))

    def forward(self):
        self.run(FORWARD, self.input, self.output)

    def input_gradient(self):
        self.run(INPUT_GRADIENT, self.upstream, self.gradient)

    def weight_gradient(self):
        layout, packed, _ = self.directions[FORWARD]
        self.call(self.library.esp_conv2d_image16_weight_gradient(
            ctypes.byref(self.target), ctypes.byref(layout), self.input, self.upstream, packed, address(self.bits),
            self.nonzeros, address(self.weight_grad), self.sums, None))

    def check(self, x, upstream):
        self.forward()
        self.input_gradient()
        self.weight_gradient()
        pad = self.shape.pad_top
        y = functional.conv2d(x, self.masked, padding=pad)
        dx, dw = dense_gradients(x, self.masked, upstream, pad)
        tolerance = {"atol": 1e-3, "rtol": 1e-4}
        torch.testing.assert_close(self.nchw(self.output, self.outputs), y, **tolerance)
        torch.testing.assert_close(self.nchw(self.gradient, self.gradients), dx, **tolerance)
        torch.testing.assert_close(self.weight_grad, dw * self.kept.view_as(dw), atol=1e-2, rtol=1e-4)


def dense_gradients(x, weight, upstream, pad, which=(True, True, False)):
    results = torch.ops.aten.convolution_backward(upstream, x, weight, None, (1, 1), (pad, pad), (1, 1), False, (0, 0),
                                                  1, which)
    return results[0], results[1]


def compare(library, backend, n, c, size, k, r):
    pad = r // 2
    x, weight, upstream = torch.randn(n, c, size, size), torch.randn(k, c, r, r) * 0.1, torch.randn(n, k, size, size)
    last = [t.to(memory_format=torch.channels_last) for t in (x, weight, upstream)]
    runs = {("forward", name): run for name, run in dense_runs(x, weight).items()}
    for name, which in (("input gradient", (True, False, False)), ("weight gradient", (False, True, False))):
        runs[name, "nchw"] = lambda which=which: dense_gradients(x, weight, upstream, pad, which)
        runs[name, "last"] = lambda which=which: dense_gradients(*last, pad, which)
    for sparsity in SPARSITIES:
        layer = MaskedLayer(library, backend, x, weight, upstream, sparsity)
        runs["forward", sparsity] = layer.forward
        runs["input gradient", sparsity] = layer.input_gradient
        runs["weight gradient", sparsity] = layer.weight_gradient
    flops = 2 * n * k * c * r * r * size * size
    t = medians(runs, max(7, min(50, int(1e10 / flops))), consecutive=4)
    passes = ("forward", "input gradient", "weight gradient")
    best = {p: min(s for (q, name), s in t.items() if p == q and isinstance(name, str)) for p in passes}
    print(f"{c}->{k} {size}x{size} {r}x{r} N={n}: dense " + ", ".join(
        f"{p} {best[p] * 1e3:.2f} ms ({flops / best[p] * 1e-9:.0f} GFLOP/s)" for p in passes))
    for sparsity in SPARSITIES:
        ratios = [best[p] / t[p, sparsity] for p in passes]
        training = sum(best.values()) / sum(t[p, sparsity] for p in passes)
        print(f"  {sparsity:.0%}: " + ", ".join(
            f"{p} {t[p, sparsity] * 1e3:.2f} ms x{ratio:.2f}" for p, ratio in zip(passes, ratios)) +
            f", training x{training:.2f}", flush=True)
    return {sparsity: (best["forward"] / t["forward", sparsity],
                       sum(best.values()) / sum(t[p, sparsity] for p in passes)) for sparsity in SPARSITIES}


def main():
    torch.set_num_threads(1)
    keep_memory()
    library = ctypes.CDLL(sys.argv[1])
    for name in ("esp_image16_bytes", "esp_conv2d_image16_packed_bytes", "esp_conv2d_image16_workspace_bytes",
                 "esp_conv2d_image16_weight_gradient_workspace_bytes"):
        getattr(library, name).restype = ctypes.c_int64
    library.esp_last_message.restype = ctypes.c_char_p
    backend = 2 if sys.argv[2:3] == ["avx2"] else 3
    n = int(sys.argv[3]) if len(sys.argv) > 3 else 32
    products = {sparsity: [1.0, 1.0, 0] for sparsity in SPARSITIES}
    with torch.no_grad():
        for c, size, k, r in SHAPES:
            for sparsity, (forward, training) in compare(library, backend, n, c, size, k, r).items():
                if r == 3:
                    product = products[sparsity]
                    products[sparsity] = [product[0] * forward, product[1] * training, product[2] + 1]
    for sparsity, (forward, training, count) in products.items():
        print(f"3x3 geometric mean at {sparsity:.0%}: forward x{forward ** (1 / count):.2f}, "
              f"training x{training ** (1 / count):.2f}")


if __name__ == "__main__":
    main()
