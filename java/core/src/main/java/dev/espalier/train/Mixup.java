package dev.espalier.train;

import dev.espalier.data.Batch;
import dev.espalier.data.DataException;
import dev.espalier.data.Philox;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Blends the samples of a batch with those of the same batch in another order (Zhang et al., "mixup: beyond empirical risk minimization",
 * 2018); what it does is a function of seed and position alone.
 *
 * @param alpha both parameters of the beta distribution of the shares; 0 blends nothing
 */
record Mixup(double alpha, long seed) {
    /** The batch as it is to be learnt from, its tensors in the open scope. */
    Mixture of(Batch batch, Step step) {
        if (alpha == 0) {
            return Mixture.none(batch);
        }
        Philox random = new Philox(seed, Philox.MIX, step.epoch());
        long draws = (long) step.iteration() << 32;
        int[] order = new int[batch.size()];
        Arrays.setAll(order, i -> i);
        random.shuffle(order, draws);
        double drawn = beta(random, draws + batch.size());
        // Pairs are drawn evenly, so that which of the two has the larger share changes nothing.
        double share = Math.max(drawn, 1 - drawn);
        long[] rows = Arrays.stream(order).asLongStream().toArray();
        try (Grad off = Grad.disabled()) {
            Tensor partners = Tensor.of(rows, rows.length).to(batch.labels().device());
            Map<String, Tensor> blended = new LinkedHashMap<>();
            batch.blanked().inputs().forEach((name, input) -> blended.put(name, blend(name, input, partners, share)));
            return new Mixture(
                    new Batch(blended, batch.task(), batch.labels(), batch.indices()),
                    batch.labels().indexSelect(0, partners),
                    share);
        }
    }

    private static Tensor blend(String name, Tensor input, Tensor partners, double share) {
        if (input.dtype() != DType.F32) {
            throw new DataException("mixup blends numbers of F32, and input '" + name + "' holds " + input.dtype()
                    + "; set mixup to 0");
        }
        return input.mul(share).add(input.indexSelect(0, partners).mul(1 - share));
    }

    /** A number of the beta distribution: Jöhnk's rejection, in logarithms, for small powers of small numbers vanish. */
    private double beta(Philox random, long from) {
        for (long draw = from; ; draw += 2) {
            double x = Math.log(1 - random.uniform(draw)) / alpha;
            double y = Math.log(1 - random.uniform(draw + 1)) / alpha;
            if (Math.exp(x) + Math.exp(y) <= 1) {
                return 1 / (1 + Math.exp(y - x));
            }
        }
    }
}
