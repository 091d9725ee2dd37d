package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.op.WeightAxes;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;

/** The weights of one parameter by the decisions that a grain takes on them. */
sealed interface Granules {
    /** Weights that are decided on. */
    long weights();

    /** Decisions to be taken. */
    long count();

    /** The most weights that one decision removes. */
    long largest();

    /** F32, per decision how important is what it removes; the smallest go first. */
    Tensor scores(Tensor weights);

    /** Weights that go when these decisions are to keep, and the others not. */
    long removed(BitMask kept);

    /** Per weight whether it stays. Weights of score negative infinity are gone already. */
    BitMask spell(BitMask kept, Tensor weights);

    /** Those of a parameter; empty where the grain finds nothing to decide on. */
    static Optional<Granules> of(Graph graph, String parameter, Grain grain) {
        Shape shape = graph.type(parameter).shape();
        if (grain instanceof Grain.Single) {
            return Optional.of(new Weights(shape.numel()));
        }
        return axes(graph, parameter)
                .map(axes -> grain instanceof Grain.NOfM m ? new Groups(axes, shape, m) : blocks(axes, shape, grain))
                .filter(granules -> granules.count() > 0);
    }

    private static Granules blocks(WeightAxes axes, Shape shape, Grain grain) {
        return new Blocks(axes, shape, (Grain.Block) grain);
    }

    /** How all operators that multiply by a parameter lay it out; empty where they differ. */
    static Optional<WeightAxes> axes(Graph graph, String parameter) {
        int rank = graph.type(parameter).rank();
        List<Optional<WeightAxes>> uses = graph.consumers(parameter).stream()
                .flatMap(node -> node.op().weightInputs().stream()
                        .filter(input -> input < node.inputs().size()
                                && node.inputs().get(input).equals(parameter))
                        .map(input -> node.op().weightAxes(input, rank)))
                .distinct()
                .toList();
        return uses.size() == 1 ? uses.get(0) : Optional.empty();
    }

    /**
     * The decisions, least important first, that remove at least {@code wanted} weights, with none to spare: without the last they would
     * remove fewer.
     *
     * @param scores per decision, one tensor for each
     * @return what is kept, in the open scope
     */
    static List<BitMask> masks(List<Granules> of, List<Tensor> scores, long wanted) {
        Kernels kernels = Kernels.on(scores.get(0).device());
        long all = of.stream().mapToLong(Granules::count).sum();
        long largest = of.stream().mapToLong(Granules::largest).max().orElse(1);
        long low = Math.min(all, (wanted + largest - 1) / largest);
        long high = all;
        LongUnaryOperator removed = k -> {
            try (Scope scope = Scope.open()) {
                List<BitMask> kept = kernels.masks(scores, k);
                return IntStream.range(0, of.size())
                        .mapToLong(i -> of.get(i).removed(kept.get(i)))
                        .sum();
            }
        };
        boolean alike = of.stream().allMatch(g -> g.largest() == largest && g.isEven());
        while (!alike && low < high) {
            long middle = (low + high) / 2;
            if (removed.applyAsLong(middle) >= wanted) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return kernels.masks(scores, low);
    }

    /** Whether every decision removes as many weights as the largest. */
    boolean isEven();

    /** Single weights. */
    record Weights(long weights) implements Granules {
        @Override
        public long count() {
            return weights;
        }

        @Override
        public long largest() {
            return 1;
        }

        @Override
        public boolean isEven() {
            return true;
        }

        @Override
        public Tensor scores(Tensor weights) {
            return weights;
        }

        @Override
        public long removed(BitMask kept) {
            return weights - kept.kept();
        }

        @Override
        public BitMask spell(BitMask kept, Tensor weights) {
            return kept;
        }
    }

    /** Blocks of outputs and inputs; a score is the mean of its weights' scores, so that the smaller ones at the ends compete fairly. */
    record Blocks(WeightAxes axes, Shape shape, Grain.Block block) implements Granules {
        private long outputs() {
            return shape.dim(axes.outputs()) / axes.outputParts();
        }

        private long inputs() {
            return shape.dim(axes.inputs()) / axes.inputParts();
        }

        private long positions() {
            return weights() / Math.max(1, shape.dim(axes.outputs()) * shape.dim(axes.inputs()));
        }

        private long down() {
            return (outputs() + block.outputs() - 1) / block.outputs();
        }

        private long across() {
            return (inputs() + block.inputs() - 1) / block.inputs();
        }

        @Override
        public long weights() {
            return shape.numel();
        }

        @Override
        public long count() {
            return axes.outputParts() * down() * axes.inputParts() * across() * positions();
        }

        @Override
        public long largest() {
            return Math.min(block.outputs(), outputs()) * Math.min(block.inputs(), inputs());
        }

        @Override
        public boolean isEven() {
            return count() * largest() == weights();
        }

        @Override
        public Tensor scores(Tensor weights) {
            try (Scope scope = Scope.open()) {
                Tensor padded = padded(padded(axes.fold(weights), 1, block.outputs()), 3, block.inputs());
                Tensor sums = padded.reshape(
                                axes.outputParts(),
                                down(),
                                block.outputs(),
                                axes.inputParts(),
                                across(),
                                block.inputs(),
                                positions())
                        .sum(false, 2, 5);
                return scope.keep(sums.div(sizes(weights)));
            }
        }

        private static Tensor padded(Tensor folded, int axis, int multiple) {
            long missing = (multiple - folded.size(axis) % multiple) % multiple;
            long[] more = folded.shape().toArray();
            more[axis] = missing;
            return missing == 0
                    ? folded
                    : Tensor.cat(List.of(folded, Tensor.zeros(folded.dtype(), folded.device(), more)), axis);
        }

        /** Weights per block, of the scores' type and device, [1, down, 1, across, 1]. */
        private Tensor sizes(Tensor like) {
            Tensor down = extents(outputs(), block.outputs()).to(like.device()).reshape(1, down(), 1, 1, 1);
            Tensor across = extents(inputs(), block.inputs()).to(like.device()).reshape(1, 1, 1, across(), 1);
            return down.mul(across);
        }

        private static Tensor extents(long all, int of) {
            float[] extents = new float[Math.toIntExact((all + of - 1) / of)];
            for (int i = 0; i < extents.length; i++) {
                extents[i] = Math.min(of, all - (long) i * of);
            }
            return Tensor.of(extents, extents.length);
        }

        @Override
        public long removed(BitMask kept) {
            try (Scope scope = Scope.open()) {
                Tensor stays = kept.unpack().to(DType.F64);
                return weights() - Math.round(stays.mul(sizes(stays)).sum().item());
            }
        }

        @Override
        public BitMask spell(BitMask kept, Tensor weights) {
            try (Scope scope = Scope.open()) {
                Tensor wide = wide(wide(kept.unpack(), 1, block.outputs(), outputs()), 3, block.inputs(), inputs());
                Tensor stays = axes.unfold(wide, shape).logicalAnd(weights.gt(Double.NEGATIVE_INFINITY));
                return scope.keep(BitMask.pack(stays));
            }
        }

        /** Every index of an axis {@code times} times over, then cut to {@code length}. */
        private static Tensor wide(Tensor kept, int axis, int times, long length) {
            int[] from = IntStream.range(0, Math.toIntExact(length))
                    .map(i -> i / times)
                    .toArray();
            return kept.indexSelect(axis, Indices.tensor(from, kept.device()));
        }
    }

    /** Groups of weights along the inputs, of which a number stays; a score is the sum of the scores of those that would go. */
    record Groups(WeightAxes axes, Shape shape, Grain.NOfM pattern) implements Granules {
        private long inputs() {
            return shape.dim(axes.inputs()) / axes.inputParts();
        }

        private long groups() {
            return inputs() / pattern.of();
        }

        @Override
        public long weights() {
            return count() * pattern.of();
        }

        @Override
        public long count() {
            return inputs() == 0 ? 0 : shape.numel() / inputs() * groups();
        }

        @Override
        public long largest() {
            return (long) pattern.of() - pattern.kept();
        }

        @Override
        public boolean isEven() {
            return true;
        }

        @Override
        public Tensor scores(Tensor weights) {
            try (Scope scope = Scope.open()) {
                List<Tensor> own = members(weights);
                List<Tensor> low = lowest(own);
                Tensor none = Tensor.full(0, weights.dtype(), weights.device());
                Tensor sum = own.get(0).where(low.get(0), none);
                for (int i = 1; i < own.size(); i++) {
                    sum = sum.add(own.get(i).where(low.get(i), none));
                }
                return scope.keep(sum);
            }
        }

        /** Of each member of the groups, [output parts, outputs, input parts, groups, positions]. */
        private List<Tensor> members(Tensor weights) {
            Tensor folded = axes.fold(weights).narrow(3, 0, groups() * pattern.of());
            Tensor grouped = folded.reshape(
                    folded.size(0), folded.size(1), folded.size(2), groups(), pattern.of(), folded.size(4));
            return IntStream.range(0, pattern.of())
                    .mapToObj(i -> grouped.select(4, i))
                    .toList();
        }

        /** Of each member whether it would go; of equal ones the earlier goes first. */
        private List<Tensor> lowest(List<Tensor> own) {
            List<Tensor> lowest = new ArrayList<>();
            for (int i = 0; i < own.size(); i++) {
                Tensor smaller = Tensor.zeros(
                        DType.F32, own.get(i).device(), own.get(i).shape().toArray());
                for (int j = 0; j < own.size(); j++) {
                    if (j != i) {
                        Tensor first =
                                j < i ? own.get(j).le(own.get(i)) : own.get(j).lt(own.get(i));
                        smaller.addInPlace(first.to(DType.F32));
                    }
                }
                lowest.add(smaller.lt(pattern.of() - pattern.kept()));
            }
            return lowest;
        }

        @Override
        public long removed(BitMask kept) {
            return (count() - kept.kept()) * largest();
        }

        @Override
        public BitMask spell(BitMask kept, Tensor weights) {
            try (Scope scope = Scope.open()) {
                Tensor whole = kept.unpack();
                List<Tensor> stays = lowest(members(weights)).stream()
                        .map(low -> low.logicalNot().logicalOr(whole))
                        .toList();
                long rest = inputs() - groups() * pattern.of();
                Tensor grouped = Tensor.stack(stays, 4)
                        .reshape(whole.size(0), whole.size(1), whole.size(2), inputs() - rest, whole.size(4));
                Tensor over = Tensor.ones(
                        DType.BOOL, whole.device(), whole.size(0), whole.size(1), whole.size(2), rest, whole.size(4));
                Tensor all = rest == 0 ? grouped : Tensor.cat(List.of(grouped, over), 3);
                return scope.keep(
                        BitMask.pack(axes.unfold(all, shape).logicalAnd(weights.gt(Double.NEGATIVE_INFINITY))));
            }
        }
    }
}
