"""Writes residual.bin: a small residual network in double precision, as the oracle of GoldenTest.

Run: python residual.py      (needs torch; made with torch 2.13.0, CPU)
Layout, big-endian: count, then per tensor: name (u16 length, UTF-8), rank (u8), dims (i32 each), doubles.
All inputs and parameters are representable in single precision.
"""

import struct

import torch
import torch.nn.functional as F

torch.manual_seed(20)
torch.set_default_dtype(torch.float64)
tensors = {}
# ONNX attributes are single precision.
EPSILON = torch.tensor(1e-5, dtype=torch.float32).item()
MOMENTUM = 1 - torch.tensor(0.9, dtype=torch.float32).item()


def single(*shape, scale=1.0, shift=0.0):
    return (torch.randn(*shape) * scale + shift).float().double()


def norm(name, channels):
    tensors[f"{name}.scale"] = single(channels, scale=0.2, shift=1)
    tensors[f"{name}.bias"] = single(channels, scale=0.2)
    tensors[f"{name}.mean"] = single(channels, scale=0.2)
    tensors[f"{name}.variance"] = single(channels, scale=0.1, shift=1).abs()


for index, (out, inp, size) in enumerate([(4, 3, 3), (8, 4, 3), (8, 8, 3), (8, 4, 1)], start=1):
    tensors[f"conv{index}.weight"] = single(out, inp, size, size, scale=(2 / (inp * size * size)) ** 0.5)
    norm(f"norm{index}", out)
tensors["dense1.weight"] = single(5, 32, scale=0.3)
tensors["dense1.bias"] = single(5, scale=0.3)
tensors["input"] = single(2, 3, 8, 8)
labels = torch.tensor([3, 1])


def network(p, training):
    def conv_norm(x, index, stride, pad):
        x = F.conv2d(x, p[f"conv{index}.weight"], stride=stride, padding=pad)
        n = f"norm{index}"
        return F.batch_norm(
            x, p[f"{n}.mean"], p[f"{n}.variance"], p[f"{n}.scale"], p[f"{n}.bias"], training, MOMENTUM, EPSILON
        )

    x = F.relu(conv_norm(p["input"], 1, 1, 1))
    branch = conv_norm(F.relu(conv_norm(x, 2, 2, 1)), 3, 1, 1)
    x = F.relu(branch + conv_norm(x, 4, 2, 0))
    return F.linear(F.max_pool2d(x, 2).flatten(1), p["dense1.weight"], p["dense1.bias"])


out = dict(tensors)
out["inference.logits"] = network(tensors, False)
p = {k: v.clone().requires_grad_(not k.endswith((".mean", ".variance"))) for k, v in tensors.items()}
logits = network(p, True)
loss = F.cross_entropy(logits, labels)
loss.backward()
out["training.logits"] = logits
out["training.loss"] = loss
for k, v in p.items():
    out[f"after.{k}" if v.grad is None else f"gradient.{k}"] = v if v.grad is None else v.grad

with open("residual.bin", "wb") as f:
    f.write(struct.pack(">i", len(out)))
    for name, t in out.items():
        raw = name.encode()
        f.write(struct.pack(">H", len(raw)) + raw + struct.pack(">B", t.dim()))
        f.write(struct.pack(f">{t.dim()}i", *t.shape))
        f.write(struct.pack(f">{t.numel()}d", *t.detach().flatten().tolist()))
