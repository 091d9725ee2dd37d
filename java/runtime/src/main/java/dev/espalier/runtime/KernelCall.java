package dev.espalier.runtime;

import dev.espalier.runtime.internal.KernelLibrary;
import dev.espalier.runtime.internal.KernelTarget;
import dev.espalier.runtime.internal.Torch;
import java.util.List;

/** One call of native kernels: checks and prepares its tensors, gives it workspace, tells its failure in one line. */
final class KernelCall {
    private static final int NAMED = 4;

    private final String operation;
    private final Backend backend;
    private final List<Tensor> tensors;

    /** {@code tensors} are those that a failure names. */
    KernelCall(String operation, Backend backend, List<Tensor> tensors) {
        this.operation = operation;
        this.backend = backend;
        this.tensors = tensors;
    }

    /** Where to run; on CUDA the device of the tensors becomes the calling thread's current one, as native code expects. */
    KernelTarget target() {
        if (backend == Backend.CUDA) {
            Torch.useCudaDevice(device().index());
        }
        return new KernelTarget(backend.code(), Threads.count());
    }

    /** The device of this call's results: that of its tensors. */
    Device device() {
        return tensors.isEmpty() ? Device.CPU : tensors.get(0).device();
    }

    /** Refuses tensors of another type or of a device where this backend cannot read. */
    void require(DType dtype, List<Tensor> inputs) {
        for (int i = 0; i < inputs.size(); i++) {
            Tensor input = inputs.get(i);
            if (input.dtype() != dtype) {
                throw new KernelException(operation + ": tensor " + i + ": expected " + dtype + ", got " + input);
            }
            requireDevice(i, input);
        }
    }

    void requireDevice(int index, Tensor input) {
        if (input.device().isCuda() != (backend == Backend.CUDA)
                || !input.device().equals(device())) {
            throw new KernelException(operation + ": tensor " + index + ": expected a tensor on "
                    + (backend == Backend.CUDA ? "the CUDA device of the others" : "the cpu") + " for backend "
                    + backend
                    + ", got " + input);
        }
    }

    /** The address of a contiguous tensor. */
    static long address(Tensor tensor) {
        return tensor.handle().address();
    }

    /** Scratch memory on this call's device, owned by the open scope; its address, or 0 if none is needed. */
    long workspace(long bytes) {
        if (bytes < 0) {
            throw failure(lastMessage());
        }
        return bytes == 0 ? 0 : address(Tensor.empty(DType.U8, device(), bytes));
    }

    /** What the native side last complained of. */
    static String lastMessage() {
        return KernelLibrary.message();
    }

    /** Throws what a status says. */
    void check(int status) {
        if (status == KernelLibrary.OK) {
            return;
        }
        String message = lastMessage();
        if (status == KernelLibrary.DEVICE_LOST) {
            throw new DeviceLostException(text(message) + "; restart the process");
        }
        throw failure(message);
    }

    KernelException failure(String message) {
        return new KernelException(text(message));
    }

    private String text(String message) {
        StringBuilder text = new StringBuilder(operation).append(": ").append(message);
        text.append(" (backend ").append(backend);
        for (int i = 0; i < Math.min(NAMED, tensors.size()); i++) {
            text.append(", ").append(tensors.get(i).describe());
        }
        if (tensors.size() > NAMED) {
            text.append(" and ").append(tensors.size() - NAMED).append(" more");
        }
        return text.append(" on ").append(device()).append(')').toString();
    }
}
