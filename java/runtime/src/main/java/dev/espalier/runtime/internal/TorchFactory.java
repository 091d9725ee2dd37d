package dev.espalier.runtime.internal;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Makes libtorch tensors. */
public final class TorchFactory {
    private TorchFactory() {}

    public static TorchTensor of(float[] values, long[] shape) {
        Tensor t = torch.empty(shape, options(ScalarType.Float, -1), null);
        if (values.length > 0) {
            new FloatPointer(t.data_ptr()).put(values, 0, values.length);
        }
        return new TorchTensor(t);
    }

    public static TorchTensor of(long[] values, long[] shape) {
        Tensor t = torch.empty(shape, options(ScalarType.Long, -1), null);
        if (values.length > 0) {
            new LongPointer(t.data_ptr()).put(values, 0, values.length);
        }
        return new TorchTensor(t);
    }

    public static TorchTensor of(byte[] values, long[] shape) {
        Tensor t = torch.empty(shape, options(ScalarType.Byte, -1), null);
        if (values.length > 0) {
            new BytePointer(t.data_ptr()).put(values, 0, values.length);
        }
        return new TorchTensor(t);
    }

    public static TorchTensor empty(byte dtype, int device, long[] shape) {
        return new TorchTensor(torch.empty(shape, options(type(dtype), device), null));
    }

    public static TorchTensor full(double value, byte dtype, int device, long[] shape) {
        return new TorchTensor(torch.full(shape, new Scalar(value), options(type(dtype), device)));
    }

    public static TorchTensor arange(long n, int device) {
        return new TorchTensor(torch.arange(new Scalar(n), options(ScalarType.Long, device)));
    }

    public static TorchTensor rand(int device, long[] shape) {
        return new TorchTensor(torch.rand(shape, options(ScalarType.Float, device)));
    }

    public static TorchTensor randn(int device, long[] shape) {
        return new TorchTensor(torch.randn(shape, options(ScalarType.Float, device)));
    }

    public static TorchTensor randperm(long n) {
        return new TorchTensor(torch.randperm(n, options(ScalarType.Long, -1)));
    }

    public static TorchTensor cat(TorchTensor[] tensors, long dim) {
        return new TorchTensor(torch.cat(vector(tensors), dim));
    }

    public static TorchTensor stack(TorchTensor[] tensors, long dim) {
        return new TorchTensor(torch.stack(vector(tensors), dim));
    }

    static TensorVector vector(TorchTensor[] tensors) {
        Tensor[] natives = new Tensor[tensors.length];
        for (int i = 0; i < natives.length; i++) {
            natives[i] = tensors[i].t;
        }
        return new TensorVector(natives);
    }

    static TensorOptions options(ScalarType type, int device) {
        TensorOptions options = new TensorOptions(type);
        return device < 0 ? options : options.device(new DeviceOptional(device(device)));
    }

    static Device device(int index) {
        return index < 0 ? new Device(DeviceType.CPU) : new Device(DeviceType.CUDA, (byte) index);
    }

    /** The enum constant of a {@code c10::ScalarType} value. */
    static ScalarType type(byte code) {
        for (ScalarType type : TYPES) {
            if (type.value == code) {
                return type;
            }
        }
        throw new IllegalArgumentException("element type " + code);
    }

    private static final ScalarType[] TYPES = {
        ScalarType.Float,
        ScalarType.Long,
        ScalarType.Double,
        ScalarType.Half,
        ScalarType.BFloat16,
        ScalarType.Int,
        ScalarType.Byte,
        ScalarType.Bool
    };
}
