"""Writes the golden npy and safetensors files beside this script: python make_arrays.py (NumPy 2, safetensors 0.5 or newer)."""

import pathlib

import numpy as np
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent
ramp = np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8
np.save(here / "npy/c_order.npy", ramp)
np.save(here / "npy/fortran_order.npy", np.asfortranarray(ramp))
np.save(here / "npy/big_endian.npy", ramp.astype(">f4"))
np.save(here / "npy/scalar.npy", np.int64(-7))
np.save(here / "npy/unsigned.npy", np.arange(5, dtype=np.uint16))
with open(here / "npy/version2.npy", "wb") as file:
    np.lib.format.write_array(file, np.array([True, False, True]), version=(2, 0))
save_file(
    {"ramp": ramp, "bytes": np.arange(3, dtype=np.uint8), "empty": np.zeros((0, 4), dtype=np.float64)},
    here / "safetensors/reference.safetensors",
    metadata={"maker": "numpy", "note": "ä"},
)
