package dev.espalier.runtime.internal;

import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** libtorch's recurrent layers, one layer and one direction at a time. */
public final class TorchRecurrent {
    private TorchRecurrent() {}

    /** Outputs of all times, last hidden state and, for an LSTM, last cell state. */
    public static List<TorchTensor> run(
            String kind, TorchTensor x, TorchTensor hidden, @Nullable TorchTensor cell, List<TorchTensor> weights) {
        TensorVector parameters = vector(weights);
        // cuDNN keeps what its gradient needs in training alone; there is no dropout that this would switch on.
        boolean train = GradMode.is_enabled();
        if (kind.equals("LSTM")) {
            TensorVector state = vector(List.of(hidden, Objects.requireNonNull(cell)));
            T_TensorTensorTensor_T out = torch.lstm(x.t, state, parameters, true, 1, 0, train, false, false);
            return List.of(copy(out.get0()), copy(out.get1()), copy(out.get2()));
        }
        T_TensorTensor_T out = switch (kind) {
            case "GRU" -> torch.gru(x.t, hidden.t, parameters, true, 1, 0, train, false, false);
            case "RELU" -> torch.rnn_relu(x.t, hidden.t, parameters, true, 1, 0, train, false, false);
            case "TANH" -> torch.rnn_tanh(x.t, hidden.t, parameters, true, 1, 0, train, false, false);
            default -> throw new IllegalArgumentException("no recurrent cell " + kind);
        };
        return List.of(copy(out.get0()), copy(out.get1()));
    }

    private static TensorVector vector(List<TorchTensor> tensors) {
        Tensor[] all = tensors.stream().map(tensor -> tensor.t).toArray(Tensor[]::new);
        return new TensorVector(all);
    }

    /** The tuple owns what it hands out. */
    private static TorchTensor copy(Tensor borrowed) {
        return new TorchTensor(new Tensor(borrowed));
    }
}
