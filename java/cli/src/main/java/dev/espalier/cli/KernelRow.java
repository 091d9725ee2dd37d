package dev.espalier.cli;

/**
 * One kernel on one piece of work.
 *
 * @param work the layer, or the arrays
 * @param batch images; 0 where there are none
 * @param sparsity share of zeros
 * @param kernel its registered name, or what was chosen
 * @param millis median time
 * @param baseline what it is compared with
 * @param baselineMillis median time of the baseline in the same race
 * @param ratio baselineMillis / millis
 * @param ofRoofline the least time that the machine's limits allow for the work that is left, over the time taken
 */
record KernelRow(
        String work,
        int batch,
        double sparsity,
        String kernel,
        double millis,
        String baseline,
        double baselineMillis,
        double ratio,
        double ofRoofline) {
    static KernelRow of(
            String work,
            int batch,
            double sparsity,
            String kernel,
            double millis,
            String baseline,
            double baselineMillis,
            double leastMillis) {
        return new KernelRow(
                work,
                batch,
                sparsity,
                kernel,
                millis,
                baseline,
                baselineMillis,
                baselineMillis / millis,
                leastMillis / millis);
    }
}
