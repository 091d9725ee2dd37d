"""Writes the golden models and their outputs beside this script: python make_models.py (PyTorch 2.13 with onnx and onnxscript)."""

import pathlib

import numpy as np
import torch
from torch import nn

here = pathlib.Path(__file__).parent


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return torch.relu(x + self.second(torch.relu(self.norm(self.first(x)))))


class Net(nn.Module):
    """Residual, with a flatten that depends on the batch, a Clip with constant bounds and a scalar factor."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.block = Block(8)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(8 * 4 * 4, 5)

    def forward(self, x):
        x = self.block(torch.relu(self.stem(x)))
        x = nn.functional.avg_pool2d(nn.functional.max_pool2d(x, 3, 1, 1), 2)
        x = nn.functional.relu6(self.drop(x.view(x.size(0), -1)))
        return self.fc(x) * 0.5


torch.manual_seed(0)
net = Net()
for _ in range(3):  # running statistics that differ from their first values
    net(torch.randn(16, 3, 16, 16))
net.eval()
image = torch.randn(3, 3, 16, 16)
np.save(here / "image.npy", image.numpy())
np.save(here / "logits.npy", net(image).detach().numpy())
names = dict(input_names=["image"], output_names=["logits"])
torch.onnx.export(
    net, (image,), here / "script.onnx", dynamo=False, opset_version=13, do_constant_folding=False,
    training=torch.onnx.TrainingMode.PRESERVE,
    dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}}, **names,
)
torch.onnx.export(
    net, (image,), here / "dynamo.onnx", dynamo=True, opset_version=18, external_data=False,
    dynamic_shapes=({0: torch.export.Dim("batch")},), **names,
)
torch.onnx.export(
    net, (image,), here / "external.onnx", dynamo=True, opset_version=20, external_data=True,
    dynamic_shapes=({0: torch.export.Dim("batch")},), **names,
)
