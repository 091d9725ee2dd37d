"""Writes small models as PyTorch's two ONNX exporters and Keras write them, with an input and the exporter's own output.

Made with Python 3.11, torch 2.13.0+cpu, onnx 1.23.1, onnxscript 0.7.2, keras 3.15.1 (torch backend), numpy 2.4.6:
    python make_exports.py FOLDER
For each NAME it writes NAME.onnx, NAME.x.npy and NAME.y.npy.
"""

import io
import os
import sys
import warnings

os.environ["KERAS_BACKEND"] = "torch"
warnings.filterwarnings("ignore")

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as F

OUT = sys.argv[1]
os.makedirs(OUT, exist_ok=True)


class SmallCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.fc = nn.Linear(12 * 4 * 4, 5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.silu(self.conv2(x))
        return self.fc(x.view(x.size(0), -1))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.n0 = nn.BatchNorm2d(8)
        self.c1 = nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False)
        self.n1 = nn.BatchNorm2d(16)
        self.c2 = nn.Conv2d(16, 16, 3, padding=1, bias=False)
        self.n2 = nn.BatchNorm2d(16)
        self.short = nn.Conv2d(8, 16, 1, stride=2)
        self.fc = nn.Linear(16, 5)

    def forward(self, x):
        x = F.relu(self.n0(self.stem(x)))
        y = self.n2(self.c2(F.relu(self.n1(self.c1(x)))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(F.relu(y + self.short(x)), 1), 1))


class Mobile(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.expand = nn.Conv2d(8, 24, 1)
        self.deep = nn.Conv2d(24, 24, 3, padding=1, groups=24)
        self.se1 = nn.Conv2d(24, 6, 1)
        self.se2 = nn.Conv2d(6, 24, 1)
        self.project = nn.Conv2d(24, 8, 1)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = F.relu6(self.stem(x))
        y = F.hardswish(self.deep(F.hardswish(self.expand(x))))
        s = F.hardsigmoid(self.se2(F.relu(self.se1(y.mean((2, 3), keepdim=True)))))
        x = x + self.project(y * s)
        return self.head(x.mean([2, 3]))


class Shuffle(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 1)
        self.b = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.up = nn.Conv2d(8, 12, 3, padding=1)

    def forward(self, x):
        x = self.a(x)
        p, q = x.chunk(2, dim=1)
        x = torch.cat([p, self.b(q)], 1)
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return F.pixel_shuffle(self.up(x), 2)


class Upsampler(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.mix = nn.Conv2d(11, 6, 3, padding=1)
        self.norm = nn.GroupNorm(2, 6)
        self.inorm = nn.InstanceNorm2d(6, affine=True)
        self.deconv = nn.ConvTranspose2d(6, 3, 2, stride=2)

    def forward(self, x):
        y = F.interpolate(F.leaky_relu(self.down(x), 0.1), scale_factor=2, mode="nearest")
        y = self.norm(self.mix(torch.cat([x, y], 1)))
        return self.deconv(self.inorm(F.pad(y, (1, 1, 0, 0))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, batch_first=True, activation="gelu")
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        return self.fc(self.layer(x).mean(1))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(16, 48)
        self.out = nn.Linear(16, 16)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, 4, 4).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).reshape(n, t, d))


class MultiHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, x):
        y = self.norm(x)
        return x + self.attention(y, y, y, need_weights=False)[0]


class Recurrent(nn.Module):
    def __init__(self, kind, layers, both):
        super().__init__()
        self.rnn = kind(6, 8, num_layers=layers, bidirectional=both, batch_first=True)
        self.fc = nn.Linear(16 if both else 8, 3)

    def forward(self, x):
        return self.fc(self.rnn(x)[0][:, -1])


class TextCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(40, 12)
        self.convs = nn.ModuleList([nn.Conv1d(12, 6, k) for k in (2, 3)])
        self.fc = nn.Linear(12, 4)

    def forward(self, x):
        y = self.embedding(x).transpose(1, 2)
        y = torch.cat([F.relu(c(y)).max(2)[0] for c in self.convs], 1)
        return self.fc(y)


class Video(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(2, 6, 3, padding=1)
        self.act = nn.PReLU(6)
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        return F.log_softmax(self.fc(F.avg_pool3d(self.act(self.conv(x)), 2).amax((2, 3, 4))), 1)


def calibrated(model, x):
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(x)
    return model.eval()


def save(name, proto_bytes, x, y):
    proto = onnx.load_from_string(proto_bytes)
    for node in proto.graph.node:  # where in the source a node came from: long, and of no use here
        del node.metadata_props[:]
        node.doc_string = ""
    for value in list(proto.graph.value_info):
        del value.metadata_props[:]
    del proto.graph.value_info[:]
    del proto.metadata_props[:]
    del proto.graph.metadata_props[:]
    with open(f"{OUT}/{name}.onnx", "wb") as file:
        file.write(proto.SerializeToString())
    np.save(f"{OUT}/{name}.x.npy", x)
    np.save(f"{OUT}/{name}.y.npy", y)


def torch_exports():
    image = torch.randn(2, 3, 16, 16)
    small = torch.randn(2, 3, 8, 8)
    tokens = torch.randint(0, 40, (2, 9))
    words = torch.randn(2, 5, 16)
    series = torch.randn(2, 7, 6)
    cases = [
        ("cnn", SmallCnn(), image, [11, 13, 17]),
        ("residual", Residual(), image, [12, 16]),
        ("mobile", Mobile(), image, [14, 18]),
        ("shuffle", Shuffle(), small, [13, 18]),
        ("upsampler", Upsampler(), small, [15, 20]),
        ("encoder", Encoder(), words, [14, 17, 20]),
        ("attention", Attention(), words, [14, 18]),
        ("multihead", MultiHead(), words, [14, 18]),
        ("lstm", Recurrent(nn.LSTM, 1, False), series, [14]),
        ("bilstm2", Recurrent(nn.LSTM, 2, True), series, [14, 18]),
        ("gru", Recurrent(nn.GRU, 1, False), series, [16]),
        ("rnn", Recurrent(nn.RNN, 1, True), series, [17]),
        ("textcnn", TextCnn(), tokens, [13, 17]),
        ("video", Video(), torch.randn(2, 2, 4, 6, 6), [14, 18]),
    ]
    for name, model, x, opsets in cases:
        calibrated(model, x)
        y = model(x).detach().numpy()
        for opset in opsets:
            label = f"script_{name}_{opset}"
            try:
                buffer = io.BytesIO()
                torch.onnx.export(model, (x,), buffer, dynamo=False, opset_version=opset, input_names=["x"],
                                  output_names=["y"], dynamic_axes={"x": {0: "batch"}})
                save(label, buffer.getvalue(), x.numpy(), y)
            except Exception as e:
                print("not exported:", label, str(e).splitlines()[0][:150])
        for opset, dynamic in ((18, False), (20, True)):
            label = f"dynamo_{name}_{opset}" + ("_batch" if dynamic else "")
            try:
                program = torch.onnx.export(model, (x,), dynamo=True, opset_version=opset, input_names=["x"],
                                            output_names=["y"], verbose=False,
                                            dynamic_shapes={"x": {0: torch.export.Dim("batch")}} if dynamic else None)
                    
                save(label, program.model_proto.SerializeToString(), x.numpy(), y)
            except Exception as e:
                print("not exported:", label, str(e).splitlines()[0][:150])


def keras_exports():
    import keras
    from keras import layers as L

    def case(name, model, x):
        y = keras.ops.convert_to_numpy(model(x))
        path = f"{OUT}/keras_{name}.onnx"
        try:
            model.export(path, format="onnx", verbose=False)
            save(f"keras_{name}", open(path, "rb").read(), x, y)
        except Exception as e:
            print("not exported: keras", name, str(e).splitlines()[0][:150])
            if os.path.exists(path):
                os.remove(path)

    rng = np.random.default_rng(3)
    case("cnn", keras.Sequential([
        keras.Input((12, 12, 3), batch_size=2), L.Conv2D(6, 3, padding="same", strides=2, activation="relu"),
        L.BatchNormalization(), L.MaxPooling2D(2), L.DepthwiseConv2D(3, padding="same"), L.Flatten(),
        L.Dense(4, activation="softmax")]), rng.standard_normal((2, 12, 12, 3), np.float32))
    inputs = keras.Input((6,), batch_size=2)
    hidden = L.Dense(10, activation="relu")(inputs)
    model = keras.Model(inputs, L.Dense(3)(L.Add()([hidden, L.Dense(10, activation="tanh")(hidden)])))
    case("mlp", model, rng.standard_normal((2, 6), np.float32))


torch.manual_seed(5)
torch_exports()
try:
    keras_exports()
except Exception as e:
    print("keras:", repr(e)[:300])
