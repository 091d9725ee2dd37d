package dev.espalier.runtime.internal;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** libtorch's default generators: the CPU's, then one per CUDA device. */
public final class TorchRandom {
    private TorchRandom() {}

    public static void seed(long seed) {
        Torch.load();
        torch.manual_seed(seed);
    }

    public static byte[][] states() {
        byte[][] states = new byte[1 + Torch.cudaDevices()][];
        for (int i = 0; i < states.length; i++) {
            Tensor state = generator(i).get_state();
            states[i] = new byte[Math.toIntExact(state.numel())];
            new BytePointer(state.data_ptr()).get(states[i], 0, states[i].length);
        }
        return states;
    }

    public static void restore(byte[][] states) {
        int here = 1 + Torch.cudaDevices();
        for (int i = 0; i < Math.min(here, states.length); i++) {
            Tensor state = torch.empty(new long[] {states[i].length}, TorchFactory.options(ScalarType.Byte, -1), null);
            if (states[i].length > 0) {
                new BytePointer(state.data_ptr()).put(states[i], 0, states[i].length);
            }
            generator(i).set_state(state);
        }
    }

    private static Generator generator(int index) {
        return torch.globalContext().defaultGenerator(TorchFactory.device(index - 1));
    }
}
