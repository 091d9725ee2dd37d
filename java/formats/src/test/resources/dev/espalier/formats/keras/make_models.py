"""Writes small Keras models in both of Keras's formats, with an input and Keras's own output: python make_models.py FOLDER.

Made with Python 3.11, keras 3.15.1 on tensorflow-cpu 2.21.0, h5py 3.14.0, numpy 2.4.6. Every weight and running statistic is drawn at
random, so that none is at its first value. Images and volumes are stored channels first in NAME.x.npy, NAME.y.npy, as Espalier
takes and gives them; sequences stay [batch, time, features].
"""

import os
import sys
import zipfile

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
from keras import layers as L

OUT = sys.argv[1]
rng = np.random.default_rng(11)


def first(array):
    return np.ascontiguousarray(np.moveaxis(array, -1, 1)) if array.ndim >= 4 else array


def pack(path):
    """Keras stores the entries of its archive as they are; compressed, which it reads as well, they are small."""
    with zipfile.ZipFile(path) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content)


def case(name, model, x, formats=("keras", "h5")):
    for weight in model.weights:
        values = rng.uniform(-0.4, 0.4, weight.shape)
        if "variance" in weight.path or "gamma" in weight.path:
            values = rng.uniform(0.5, 1.5, weight.shape)
        if weight.dtype == "float32":
            weight.assign(values.astype(np.float32))
    y = model.predict(x, verbose=0)
    for extension in formats:
        model.save(f"{OUT}/{name}.{extension}")
    pack(f"{OUT}/{name}.keras")
    np.save(f"{OUT}/{name}.x.npy", first(x) if x.dtype != np.int32 else x.astype(np.int64))
    np.save(f"{OUT}/{name}.y.npy", first(np.asarray(y)))


def normal(*shape):
    return rng.standard_normal(shape, np.float32)


case("cnn", keras.Sequential([
    keras.Input((11, 12, 3)), L.Rescaling(0.5, 0.1), L.ZeroPadding2D(((1, 0), (2, 1))),
    L.Conv2D(6, 3, padding="same", strides=2, activation="relu"), L.BatchNormalization(),
    L.DepthwiseConv2D(3, padding="same", strides=2, depth_multiplier=2), L.LeakyReLU(negative_slope=0.1),
    L.SeparableConv2D(5, 3, padding="same", activation="elu"), L.MaxPooling2D(2, padding="same"),
    L.Flatten(), L.Dropout(0.3), L.Dense(7, activation="sigmoid"), L.Dense(4, activation="softmax")]), normal(2, 11, 12, 3))

inputs = keras.Input((10, 9, 4), name="image")
stem = L.Conv2D(6, 3, padding="same", use_bias=False, name="stem")(inputs)
stem = L.ReLU(max_value=6.0)(L.BatchNormalization(scale=False)(stem))
branch = L.Conv2D(6, (3, 2), padding="same", dilation_rate=2, activation="swish")(stem)
squeeze = L.GlobalAveragePooling2D()(branch)
squeeze = L.Dense(6, activation="hard_sigmoid")(L.Reshape((1, 1, 6))(squeeze))
joined = L.Add()([stem, L.Multiply()([branch, squeeze])])
wide = L.Concatenate()([joined, L.Conv2D(4, 1, groups=2)(joined)])
pooled = L.AveragePooling2D(3, strides=2, padding="same")(L.PReLU(shared_axes=[1, 2])(wide))
flat = L.BatchNormalization()(L.Flatten()(pooled))
case("functional", keras.Model(inputs, L.Dense(3, name="head")(flat)), normal(2, 10, 9, 4), ("keras",))

case("decoder", keras.Sequential([
    keras.Input((3, 2, 3)), L.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu"),
    L.UpSampling2D(2), L.Conv2DTranspose(2, 2, strides=2), L.Conv2DTranspose(3, 2, strides=3, padding="same")]),
    normal(1, 3, 2, 3), ("keras",))

case("sequence", keras.Sequential([
    keras.Input((12, 5)), L.Conv1D(6, 3, padding="causal", activation="tanh"), L.MaxPooling1D(2), L.Conv1D(8, 3, strides=2, padding="same"),
    L.LayerNormalization(), L.GlobalMaxPooling1D(), L.Dense(3, activation="gelu")]), normal(2, 12, 5), ("keras",))

case("volume", keras.Sequential([
    keras.Input((4, 6, 5, 2)), L.Conv3D(4, 3, padding="same", strides=(1, 2, 2), activation="relu"), L.AveragePooling3D(2),
    L.Flatten(), L.Dense(3)]), normal(2, 4, 6, 5, 2), ("keras",))

case("text", keras.Sequential([
    keras.Input((7,), dtype="int32"), L.Embedding(20, 6), L.LSTM(5, return_sequences=True), L.Bidirectional(L.LSTM(4)),
    L.Dense(3)]), rng.integers(0, 20, (2, 7), dtype=np.int32))

case("gated", keras.Sequential([
    keras.Input((6, 4)), L.Bidirectional(L.GRU(5, return_sequences=True)), L.GRU(4, reset_after=False, return_sequences=True),
    L.SimpleRNN(3), L.Dense(2)]), normal(2, 6, 4))

left = keras.Input((6,), name="table")
a = L.Dense(8, activation="relu")(left)
b = L.Dense(8, activation="selu")(left)
merged = L.Concatenate()([L.Subtract()([a, b]), L.Average()([a, b]), L.Maximum()([a, b])])
case("table", keras.Model(left, L.Softmax()(L.Dense(3)(merged))), normal(3, 6))

case("permuted", keras.Sequential([
    keras.Input((4, 3, 2)), L.Conv2D(5, 2), L.Permute((3, 1, 2)), L.Reshape((5, -1)), L.Dense(3), L.Flatten(), L.Dense(2)]),
    normal(2, 4, 3, 2), ("keras",))
