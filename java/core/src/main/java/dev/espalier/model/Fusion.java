package dev.espalier.model;

import dev.espalier.op.Concat;
import dev.espalier.op.Sigmoid;
import dev.espalier.op.Variadic;
import dev.espalier.runtime.DType;
import java.util.List;
import java.util.function.Consumer;

/** How the features of several branches become one vector of a classifier, or of what tells a number. */
public enum Fusion {
    /** One after the other. */
    CONCAT,
    /** Their sum, each multiplied by a number in 0..1 that it sets itself. */
    GATED;

    private static final int FEATURES = 64;
    /** The share of features that a classifier is trained without. */
    private static final double DROPOUT = 0.3;

    /**
     * The model of some branches. What a sample lacks is replaced by features that are learnt, whatever its input holds there.
     *
     * @param branches at least one, with different inputs
     * @param width multiplies the channels of every hidden layer
     */
    public Model model(List<Branch> branches, int classes, double width, long seed) {
        return layers(branches, classes, width).build(seed);
    }

    /**
     * As {@link #layers}, for a number instead of classes. Nothing is dropped in training: noise of features is noise of the number, which
     * tripled the error on a table and texts that determine it.
     */
    public ModelBuilder ofNumber(List<Branch> branches, double width) {
        return layers(branches, 1, width, 0);
    }

    /** As {@link #model}, not yet built: for the graph alone. */
    public ModelBuilder layers(List<Branch> branches, int classes, double width) {
        return layers(branches, classes, width, DROPOUT);
    }

    private ModelBuilder layers(List<Branch> branches, int outputs, double width, double dropout) {
        Branch first = branches.get(0);
        ModelBuilder layers = new ModelBuilder("fused", first.input(), first.sample(), first.dtype());
        List<Consumer<ModelBuilder>> parts = branches.stream()
                .<Consumer<ModelBuilder>>map(branch -> part -> {
                    if (branch != first) {
                        part.input(branch.input(), branch.sample(), branch.dtype());
                    }
                    part.block(branch.input(), block -> features(block, branch, width));
                })
                .toList();
        if (parts.size() == 1) {
            parts.get(0).accept(layers);
        } else if (this == CONCAT) {
            layers.join("fusion", new Concat(1), parts);
        } else {
            layers.join("fusion", new Variadic(Variadic.Kind.SUM), parts);
        }
        if (parts.size() > 1) {
            layers.dropout(dropout).dense(Models.scaled(2 * FEATURES, width)).relu();
        }
        return layers.dropout(dropout).dense(outputs);
    }

    private void features(ModelBuilder from, Branch branch, double width) {
        if (branch instanceof Branch.Numbers) {
            present(from, branch);
        }
        branch.layers(from, width).dense(Models.scaled(FEATURES, width));
        if (!(branch instanceof Branch.Numbers) && branch.presence().rank() > 0) {
            present(from, branch);
        }
        from.relu();
        if (this == GATED) {
            from.gate(gate -> gate.dense(1).op("sigmoid", new Sigmoid()));
        }
    }

    /** What is absent becomes zero, and all is moved by the learnt default: the layers before have a bias of their own. */
    private static void present(ModelBuilder from, Branch branch) {
        from.gate(gate -> gate.input(Branch.present(branch.input()), branch.presence(), DType.F32))
                .position();
    }
}
