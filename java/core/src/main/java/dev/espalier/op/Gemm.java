package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code alpha * a * b + beta * c} of matrices, a and b transposed where asked, c broadcast; a fully connected layer. */
public record Gemm(float alpha, float beta, boolean transA, boolean transB) implements Op {
    /** A fully connected layer: weight [out, in], bias [out]. */
    public static final Gemm DENSE = new Gemm(1, 1, false, true);

    static Gemm of(Attributes a) {
        a.only("alpha", "beta", "transA", "transB");
        return new Gemm(a.real("alpha", 1), a.real("beta", 1), a.flag("transA", false), a.flag("transB", false));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none()
                .with("alpha", alpha)
                .with("beta", beta)
                .with("transA", transA ? 1 : 0)
                .with("transB", transB ? 1 : 0)
                .asMap();
    }

    @Override
    public Set<Integer> weightInputs() {
        return Set.of(0, 1);
    }

    @Override
    public Optional<WeightAxes> weightAxes(int input, int rank) {
        boolean outputsFirst = input == 0 ? !transA : transB;
        return Optional.of(outputsFirst ? WeightAxes.of(0, 1) : WeightAxes.of(1, 0));
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 2, 3);
        inputs.floating();
        inputs.rank(0, 2, 2);
        inputs.rank(1, 2, 2);
        Shape a = inputs.shape(0);
        Shape b = inputs.shape(1);
        long k = a.dim(transA ? 0 : 1);
        inputs.require(
                k == b.dim(transB ? 1 : 0),
                "inner sizes differ: input 0 " + a + (transA ? " transposed" : "") + " and input 1 " + b
                        + (transB ? " transposed" : ""));
        long[] out = {a.dim(transA ? 1 : 0), b.dim(transB ? 0 : 1)};
        if (inputs.has(2)) {
            long[] with = Binary.broadcast(inputs, Shape.withMultiple(out), inputs.shape(2));
            inputs.require(
                    Arrays.equals(with, out),
                    "bias " + inputs.shape(2) + " must be broadcast to " + Arrays.toString(out));
        }
        return List.of(in.get(0).withShape(out));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        TensorType a = in.get(0);
        long k = Math.max(a.dim(transA ? 0 : 1), 1);
        return Cost.of(out.get(0).numelPerSample() * k, in, out);
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor a = Inputs.present(in.get(0));
        Tensor b = Inputs.present(in.get(1));
        Tensor c = Inputs.optional(in, 2);
        Tensor left = transA ? a.transpose(0, 1) : a;
        boolean plain = alpha == 1 && (c == null || (beta == 1 && c.rank() == 1));
        if (plain) {
            return List.of(Nn.linear(left, transB ? b : b.transpose(0, 1), c));
        }
        Tensor product = left.matmul(transB ? b.transpose(0, 1) : b);
        Tensor scaled = alpha == 1 ? product : product.mul(alpha);
        return List.of(c == null ? scaled : scaled.add(beta == 1 ? c : c.mul(beta)));
    }

    /** The inner axes meet, the outer axes become those of the output. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds a = trace.ids(0);
        ChannelIds b = trace.ids(1);
        int[] rows = a.at(transA ? 1 : 0);
        int[] columns = b.at(transB ? 0 : 1);
        ChannelRules.contract(trace, a.at(transA ? 0 : 1), b.at(transB ? 1 : 0));
        ChannelRules.produceWeighted(trace, rows, columns);
        ChannelIds out = ChannelIds.fixed(2).with(0, rows).with(1, columns);
        boolean vanishes = ChannelRules.outerVanishes(trace, rows, columns);
        if (trace.has(2)) {
            TensorType type = trace.outputType(0);
            List<ChannelRules.Operand> terms =
                    List.of(new ChannelRules.Operand(type, out, vanishes), ChannelRules.operand(trace, 2));
            out = ChannelRules.broadcast(trace, type, terms);
            vanishes = ChannelRules.sumVanishes(type, out, terms);
        }
        trace.output(0, out);
        if (vanishes) {
            trace.vanishing(0);
        }
    }
}
