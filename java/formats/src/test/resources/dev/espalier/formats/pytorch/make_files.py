"""Writes state_dicts as torch.save does, beside their tensors as safetensors: python make_files.py FOLDER.

Made with Python 3.11, torch 2.13.0+cpu, safetensors 0.8.0.
"""

import sys

import torch
from safetensors.torch import save_file
from torch import nn

OUT = sys.argv[1]
torch.manual_seed(4)
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 9, 5))
net(torch.randn(2, 3, 5, 5))
torch.save(net.state_dict(), f"{OUT}/state.pt")
save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, f"{OUT}/state.safetensors")

optimizer = torch.optim.Adam(net.parameters())
net(torch.randn(2, 3, 5, 5)).sum().backward()
optimizer.step()
torch.save({"epoch": 3, "model_state_dict": net.state_dict(), "optimizer": optimizer.state_dict(), "best": 0.5}, f"{OUT}/checkpoint.pt")
save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, f"{OUT}/checkpoint.safetensors")

base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
tensors = {
    "transposed": base.t(), "part": base[1:3, ::2], "half": base.half(), "brain": base.bfloat16(), "double": base.double(),
    "whole": base.long(), "int": base.int(), "byte": base.byte(), "flag": base > 3, "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3),
}
torch.save(tensors, f"{OUT}/views.pt")
save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, f"{OUT}/views.safetensors")
torch.save(net, f"{OUT}/module.pt")
torch.save(net.state_dict(), f"{OUT}/old.pt", _use_new_zipfile_serialization=False)
