package dev.espalier.pipeline;

import dev.espalier.data.Batches;
import dev.espalier.train.BestWeights;
import dev.espalier.train.EarlyStop;
import dev.espalier.train.Step;

/** What pruning within a fit works with: the fit's length, batches of evidence, and what must forget the time before a change. */
record FitSetting(int perEpoch, int epochs, Batches evidence, BestWeights best, EarlyStop stop) {
    /** The share of the fit's batches that are done. */
    double progress(Step position) {
        return position.total(perEpoch) / ((double) perEpoch * epochs);
    }

    /** After masks changed, earlier weights and scores no longer count. */
    void forget() {
        best.forget();
        stop.forget();
    }
}
