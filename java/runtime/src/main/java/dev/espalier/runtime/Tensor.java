package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchAutograd;
import dev.espalier.runtime.internal.TorchFactory;
import dev.espalier.runtime.internal.TorchStorage;
import dev.espalier.runtime.internal.TorchTensor;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A native array of numbers that belongs to exactly one {@link Scope}.
 *
 * <p>Every method that returns a tensor gives a new handle, owned by the innermost open scope of the calling thread, even
 * where the memory is shared (views). Axes count from 0, or from -1 backwards. Methods fail with
 * {@link OperatorException} if libtorch refuses the shapes or types, with {@link IllegalStateException} after
 * {@link #close()} or without an open scope, with {@link EspalierException} for a device that is not here. Equality is
 * identity.
 */
public final class Tensor
        implements AutoCloseable, TensorArithmetic, TensorUpdates, TensorReductions, TensorComparisons, TensorLayout {
    /** Neighbours in the owner's list; guarded by the owner. */
    @Nullable
    Tensor previous;

    @Nullable
    Tensor next;

    private final TorchTensor handle;
    private final @Nullable Throwable allocated;
    private volatile Scope owner;
    private volatile boolean closed;
    private @Nullable Shape shape;
    private @Nullable DType dtype;

    Tensor(TorchTensor handle, Scope owner, @Nullable Throwable allocated) {
        this.handle = handle;
        this.owner = owner;
        this.allocated = allocated;
    }

    // ---- making tensors

    /** An F32 tensor on the CPU with a copy of {@code values} in row-major order. */
    public static Tensor of(float[] values, long... shape) {
        requireCount(values.length, shape);
        return Operator.apply("of", () -> TorchFactory.of(values, shape));
    }

    /** An I64 tensor on the CPU with a copy of {@code values} in row-major order. */
    public static Tensor of(long[] values, long... shape) {
        requireCount(values.length, shape);
        return Operator.apply("of", () -> TorchFactory.of(values, shape));
    }

    /** A U8 tensor on the CPU with a copy of {@code values} (taken as unsigned) in row-major order. */
    public static Tensor of(byte[] values, long... shape) {
        requireCount(values.length, shape);
        return Operator.apply("of", () -> TorchFactory.of(values, shape));
    }

    private static void requireCount(long count, long[] shape) {
        Shape wanted = Shape.of(shape);
        if (wanted.numel() != count) {
            throw new ShapeException("of: shape " + wanted + " needs " + wanted.numel() + " values, got " + count);
        }
    }

    /** An F32 tensor of rank 0 on the CPU. */
    public static Tensor scalar(double value) {
        return full(value, DType.F32, Device.CPU);
    }

    /** A tensor of zeros. */
    public static Tensor zeros(DType dtype, Device device, long... shape) {
        return full(0, dtype, device, shape);
    }

    /** A tensor of ones. */
    public static Tensor ones(DType dtype, Device device, long... shape) {
        return full(1, dtype, device, shape);
    }

    /** A tensor whose elements have no defined value yet. */
    public static Tensor empty(DType dtype, Device device, long... shape) {
        int on = device.require();
        return Operator.apply("empty", () -> TorchFactory.empty(dtype.code(), on, shape));
    }

    /** A tensor with {@code value} everywhere. */
    public static Tensor full(double value, DType dtype, Device device, long... shape) {
        int on = device.require();
        return Operator.apply("full", () -> TorchFactory.full(value, dtype.code(), on, shape));
    }

    /** The I64 tensor 0, 1, ... n - 1. */
    public static Tensor arange(long n, Device device) {
        int on = device.require();
        return Operator.apply("arange", () -> TorchFactory.arange(n, on));
    }

    /** F32 numbers drawn uniformly from [0, 1) by the default generator of the device. */
    public static Tensor rand(Device device, long... shape) {
        int on = device.require();
        return Operator.apply("rand", () -> TorchFactory.rand(on, shape));
    }

    /** F32 numbers drawn from the standard normal distribution by the default generator of the device. */
    public static Tensor randn(Device device, long... shape) {
        int on = device.require();
        return Operator.apply("randn", () -> TorchFactory.randn(on, shape));
    }

    /** The I64 numbers 0 to n - 1 on the CPU in random order, drawn by its default generator. */
    public static Tensor randperm(long n) {
        return Operator.apply("randperm", () -> TorchFactory.randperm(n));
    }

    /** Joins tensors along an axis that exists; all other extents must agree. */
    public static Tensor cat(List<Tensor> tensors, int dim) {
        Tensor[] inputs = tensors.toArray(Tensor[]::new);
        return Operator.apply("cat", () -> TorchFactory.cat(handles(inputs), dim), inputs);
    }

    /** Joins tensors of one shape along a new axis. */
    public static Tensor stack(List<Tensor> tensors, int dim) {
        Tensor[] inputs = tensors.toArray(Tensor[]::new);
        return Operator.apply("stack", () -> TorchFactory.stack(handles(inputs), dim), inputs);
    }

    /**
     * A CPU tensor over the memory between the buffer's position and limit, shared both ways; the buffer stays reachable
     * for as long as this tensor or a view of it lives.
     *
     * @param direct a direct buffer in little-endian content; it may be a read-only mapping if nobody writes to the tensor
     * @throws ShapeException if the remaining bytes are fewer than the shape needs
     */
    public static Tensor wrap(ByteBuffer direct, DType dtype, long... shape) {
        if (!direct.isDirect()) {
            throw new IllegalArgumentException("wrap: expected a direct buffer, got one on the heap");
        }
        long bytes = Math.multiplyExact(Shape.of(shape).numel(), dtype.bytes());
        if (direct.remaining() < bytes) {
            throw new ShapeException(
                    "wrap: " + dtype + " " + Shape.of(shape) + " needs " + bytes + " bytes, got " + direct.remaining());
        }
        return Operator.apply("wrap", () -> TorchStorage.wrap(direct, dtype.code(), shape));
    }

    // ---- facts

    /** The extents. */
    public Shape shape() {
        Shape known = shape;
        if (known == null) {
            known = Shape.of(open("shape").shape());
            shape = known;
        }
        return known;
    }

    /** The extent of one axis. */
    public long size(int dim) {
        return shape().dim(dim);
    }

    /** The number of axes; 0 for a scalar. */
    public int rank() {
        return shape().rank();
    }

    /** The number of elements. */
    public long numel() {
        return shape().numel();
    }

    /** The type of the elements. */
    public DType dtype() {
        DType known = dtype;
        if (known == null) {
            known = DType.fromCode(open("dtype").dtype());
            dtype = known;
        }
        return known;
    }

    /** Where the elements are. */
    public Device device() {
        int index = open("device").device();
        return index < 0 ? Device.CPU : Device.cuda(index);
    }

    /** True if the elements lie in row-major order without gaps. */
    public boolean isContiguous() {
        return open("isContiguous").isContiguous();
    }

    /** True for a tensor [n, c, h, w] whose elements lie in the order n, h, w, c without gaps. */
    public boolean isChannelsLast() {
        return open("isChannelsLast").isChannelsLast();
    }

    /** True after {@link #close()} of this tensor or of its scope. */
    public boolean isClosed() {
        return closed;
    }

    // ---- contents

    /** The elements as F32 in row-major order, copied to the heap; waits for the device. */
    public float[] toFloatArray() {
        return Operator.evaluate("toFloatArray(input)", () -> TorchStorage.toFloats(handle), this);
    }

    /**
     * The elements as I64 in row-major order, copied to the heap; waits for the device.
     *
     * @throws IllegalStateException for a floating-point tensor: convert it first
     */
    public long[] toLongArray() {
        if (dtype().isFloating()) {
            throw new IllegalStateException(
                    "toLongArray: expected integers, got " + describe() + "; use to(DType.I64) first");
        }
        return Operator.evaluate("toLongArray(input)", () -> TorchStorage.toLongs(handle), this);
    }

    /** The elements' bytes, little-endian, in row-major order, copied to the heap; waits for the device. */
    public byte[] toBytes() {
        return Operator.evaluate("toBytes(input)", () -> TorchStorage.toBytes(handle), this);
    }

    /** The only element; waits for the device. */
    public double item() {
        return Operator.evaluate("item(input)", () -> TorchStorage.item(handle), this);
    }

    /**
     * Overwrites all elements.
     *
     * @param bytes little-endian, row-major, exactly numel * dtype.bytes() of them
     */
    public void setBytes(byte[] bytes) {
        long wanted = numel() * dtype().bytes();
        if (bytes.length != wanted) {
            throw new ShapeException("setBytes: " + describe() + " needs " + wanted + " bytes, got " + bytes.length);
        }
        Operator.update("setBytes(input)", () -> TorchStorage.setBytes(handle, bytes), this);
    }

    /**
     * The memory of a contiguous CPU tensor as a little-endian buffer, shared both ways; it must not be used after the
     * tensor is closed.
     */
    public ByteBuffer byteBuffer() {
        long bytes = numel() * dtype().bytes();
        if (device().isCuda() || !isContiguous() || bytes > Integer.MAX_VALUE) {
            throw new IllegalStateException(
                    "byteBuffer: expected a contiguous tensor on the cpu of at most 2^31-1 bytes, got " + describe()
                            + (device().isCuda() ? " on " + device() : ""));
        }
        return Operator.evaluate("byteBuffer(input)", () -> TorchStorage.buffer(handle, bytes), this);
    }

    // ---- gradients

    /** Says whether operations on this tensor are recorded for {@link #backward()}; returns this. */
    public Tensor setRequiresGrad(boolean required) {
        Operator.update("setRequiresGrad(input)", () -> TorchAutograd.setRequiresGrad(handle, required), this);
        return this;
    }

    /** True if operations on this tensor are recorded. */
    public boolean requiresGrad() {
        return TorchAutograd.requiresGrad(open("requiresGrad"));
    }

    /** The gradient that backward has added up here, shared, its handle owned by the open scope; null if there is none. */
    public @Nullable Tensor grad() {
        Scope scope = Scope.current();
        TorchTensor[] found = Operator.evaluate("grad(input)", () -> TorchAutograd.grad(handle), this);
        return found.length == 0 ? null : scope.register(found[0]);
    }

    /**
     * Adds to the gradient of this leaf what was computed elsewhere.
     *
     * @param gradient of this tensor's shape and type; the first one becomes the gradient itself, so nobody may change it later
     */
    public void addGradient(Tensor gradient) {
        if (!gradient.shape().equals(shape()) || gradient.dtype() != dtype()) {
            throw new ShapeException(
                    "addGradient: expected a gradient like " + describe() + ", got " + gradient.describe());
        }
        try (Grad off = Grad.disabled()) {
            Operator.update(
                    "addGradient(leaf, gradient)",
                    () -> TorchAutograd.addGrad(handle, gradient.handle()),
                    this,
                    gradient);
        }
    }

    /** Forgets the gradient. */
    public void clearGrad() {
        Operator.update("clearGrad(input)", () -> TorchAutograd.clearGrad(handle), this);
    }

    /** Adds the gradients of this scalar to every leaf that requires one. */
    public void backward() {
        Operator.update("backward(root)", () -> TorchAutograd.backward(handle), this);
    }

    /** Adds the gradients of sum(this * gradient) to every leaf that requires one. */
    public void backward(Tensor gradient) {
        Operator.update(
                "backward(root, gradient)", () -> TorchAutograd.backward(handle, gradient.handle()), this, gradient);
    }

    // ---- lifetime

    /** Frees this handle; the memory goes when no view and no recorded operation needs it. Idempotent. */
    @Override
    public void close() {
        if (!closed && owner.release(this)) {
            release();
        }
    }

    /** Frees the native handle; the caller has taken this tensor off its owner's list. */
    void release() {
        closed = true;
        handle.close();
    }

    Scope owner() {
        if (closed) {
            throw new IllegalStateException(describe() + " is closed");
        }
        return owner;
    }

    void setOwner(Scope owner) {
        this.owner = owner;
    }

    TorchTensor handle() {
        return handle;
    }

    @Nullable
    Throwable allocated() {
        return allocated;
    }

    static TorchTensor[] handles(Tensor... tensors) {
        TorchTensor[] handles = new TorchTensor[tensors.length];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = tensors[i].handle;
        }
        return handles;
    }

    private TorchTensor open(String operation) {
        if (closed) {
            throw new IllegalStateException(operation + ": " + describe() + " is closed", allocated);
        }
        return handle;
    }

    /** What is known of this tensor, also after it was closed. */
    String describe() {
        if (!closed) {
            return "tensor " + dtype() + " " + shape();
        }
        return "tensor" + (dtype == null ? "" : " " + dtype) + (shape == null ? "" : " " + shape);
    }

    /** Type, extents and device; never the elements. */
    @Override
    public String toString() {
        return closed ? describe() + ", closed" : describe() + " on " + device();
    }
}
