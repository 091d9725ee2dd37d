package dev.espalier.runtime.internal;

import org.bytedeco.pytorch.global.torch.MemoryFormat;

/** libtorch's operators that move elements. */
public final class TorchLayout {
    private TorchLayout() {}

    public static TorchTensor reshape(TorchTensor x, long[] shape) {
        return new TorchTensor(x.t.reshape(shape));
    }

    public static TorchTensor flatten(TorchTensor x, long start, long end) {
        return new TorchTensor(x.t.flatten(start, end));
    }

    public static TorchTensor transpose(TorchTensor x, long first, long second) {
        return new TorchTensor(x.t.transpose(first, second));
    }

    public static TorchTensor permute(TorchTensor x, int[] dims) {
        return new TorchTensor(x.t.permute(TorchReduction.longs(dims)));
    }

    public static TorchTensor squeeze(TorchTensor x, long dim) {
        return new TorchTensor(x.t.squeeze(dim));
    }

    public static TorchTensor unsqueeze(TorchTensor x, long dim) {
        return new TorchTensor(x.t.unsqueeze(dim));
    }

    public static TorchTensor select(TorchTensor x, long dim, long index) {
        return new TorchTensor(x.t.select(dim, index));
    }

    public static TorchTensor narrow(TorchTensor x, long dim, long start, long length) {
        return new TorchTensor(x.t.narrow(dim, start, length));
    }

    public static TorchTensor indexSelect(TorchTensor x, long dim, TorchTensor indices) {
        return new TorchTensor(x.t.index_select(dim, indices.t));
    }

    public static TorchTensor flip(TorchTensor x, int[] dims) {
        return new TorchTensor(x.t.flip(TorchReduction.longs(dims)));
    }

    public static TorchTensor expand(TorchTensor x, long[] shape) {
        return new TorchTensor(x.t.expand(shape));
    }

    public static TorchTensor contiguous(TorchTensor x) {
        return new TorchTensor(x.t.contiguous());
    }

    public static TorchTensor channelsLast(TorchTensor x) {
        return new TorchTensor(x.t.contiguous(MemoryFormat.ChannelsLast));
    }

    public static TorchTensor toType(TorchTensor x, byte dtype) {
        return new TorchTensor(x.t.to(TorchFactory.type(dtype)));
    }

    public static TorchTensor toDevice(TorchTensor x, int device) {
        return new TorchTensor(x.t.to(TorchFactory.device(device), x.t.scalar_type()));
    }

    public static TorchTensor copy(TorchTensor x) {
        return new TorchTensor(x.t.clone());
    }

    public static TorchTensor takeAlong(TorchTensor x, long dim, TorchTensor positions) {
        return new TorchTensor(x.t.gather(dim, positions.t));
    }

    public static TorchTensor repeat(TorchTensor x, long[] times) {
        return new TorchTensor(x.t.repeat(times));
    }
}
