package dev.espalier.prune;

/** Which weights share one decision where single weights are removed. */
public sealed interface Grain {
    /** Every weight by itself. */
    static Grain single() {
        return new Single();
    }

    /** Whether every weight is by itself. */
    default boolean isSingle() {
        return this instanceof Single;
    }

    /** The largest share of the weights it decides on that it can remove. */
    default double most() {
        return 1;
    }

    /** Every weight by itself. */
    record Single() implements Grain {
        @Override
        public String toString() {
            return "element";
        }
    }

    /**
     * Of {@code of} weights that follow each other along the inputs of a layer, which it sums over, at most {@code kept} stay (Mishra et
     * al., arXiv 2104.08378). What is left over at the end of the inputs stays whole, and so does a layer of fewer inputs.
     */
    record NOfM(int kept, int of) implements Grain {
        /** The longest group. */
        public static final int LONGEST = 16;

        public NOfM {
            if (kept < 1 || kept >= of || of > LONGEST) {
                throw new PruningException(
                        "N:M keeps N of M weights, with 1 <= N < M <= " + LONGEST + ", got " + kept + ":" + of);
            }
        }

        @Override
        public double most() {
            return 1 - (double) kept / of;
        }

        @Override
        public String toString() {
            return kept + ":" + of;
        }
    }

    /**
     * The weights of so many outputs and inputs that follow each other, at one position of a kernel, are kept or removed together; one
     * input makes it a vector (Castro et al., "VENOM", arXiv 2310.02065). At the ends of a layer's outputs and inputs, and of the groups
     * of a convolution, blocks are smaller.
     */
    record Block(int outputs, int inputs) implements Grain {
        public Block {
            if (outputs < 1 || inputs < 1 || (outputs == 1 && inputs == 1)) {
                throw new PruningException("a block of weights is of at least 1 output and 1 input, and 2 weights, got "
                        + outputs + "x" + inputs);
            }
        }

        @Override
        public String toString() {
            return outputs + "x" + inputs;
        }
    }
}
