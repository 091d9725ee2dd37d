package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchRecurrent;
import dev.espalier.runtime.internal.TorchTensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a recurrent layer computes at each time, its gates in libtorch's order. */
public enum RecurrentCell {
    /** h = tanh(W x + R h + both biases). */
    TANH,
    /** As {@link #TANH}, with max(0, ...). */
    RELU,
    /** Gates reset, update, new; the reset gate acts on the recurrent product with its bias. */
    GRU,
    /** Gates input, forget, cell, output. */
    LSTM;

    /**
     * One layer of one direction over a whole sequence.
     *
     * @param input [time, batch, features]
     * @param hidden [1, batch, units]
     * @param cell [1, batch, units] for an LSTM, else null
     * @param weights input weight [gates * units, features], recurrent weight [gates * units, units] and two biases [gates * units]
     * @return [time, batch, units], the last hidden state [1, batch, units], and an LSTM's last cell state
     */
    public List<Tensor> run(Tensor input, Tensor hidden, @Nullable Tensor cell, List<Tensor> weights) {
        Scope scope = Scope.current();
        List<Tensor> given = new ArrayList<>(List.of(input, hidden));
        if (cell != null) {
            given.add(cell);
        }
        List<TorchTensor> handles = weights.stream().map(Tensor::handle).toList();
        List<TorchTensor> out = Operator.evaluate(
                cell == null ? "recurrent(input, hidden)" : "recurrent(input, hidden, cell)",
                () -> TorchRecurrent.run(
                        name(), input.handle(), hidden.handle(), cell == null ? null : cell.handle(), handles),
                given.toArray(Tensor[]::new));
        return out.stream().map(scope::register).toList();
    }
}
