package dev.espalier.train;

/** How far a fit has come: the position of the next batch, and the sums over the epoch that the position is in. */
final class Progress {
    private Step position = Step.START;
    private double lossSum;
    private double right;
    private long seen;
    /** Not saved: time before an interruption is lost. */
    private long nanos;

    /** Nothing seen yet, at a position other than the first. */
    static Progress at(Step position) {
        Progress progress = new Progress();
        progress.position = position;
        return progress;
    }

    Step position() {
        return position;
    }

    boolean begun() {
        return !position.equals(Step.START);
    }

    void add(double loss, double rightlyAnswered, int samples) {
        lossSum += loss * samples;
        right += rightlyAnswered;
        seen += samples;
    }

    /** Moves past one batch; the sums stay readable until {@link #beginEpoch}. */
    void advance(int perEpoch) {
        position = position.next(perEpoch);
    }

    EpochReport.Scores scores() {
        return new EpochReport.Scores(lossSum / seen, right / seen);
    }

    /** Adds time spent on the epoch. */
    void spend(long moreNanos) {
        nanos += moreNanos;
    }

    double seconds() {
        return nanos / 1e9;
    }

    void beginEpoch() {
        nanos = 0;
        lossSum = 0;
        right = 0;
        seen = 0;
    }

    void save(Snapshot.Builder snapshot) {
        snapshot.fact("fit/epoch", position.epoch())
                .fact("fit/batch", position.iteration())
                .fact("fit/loss-sum", lossSum)
                .fact("fit/right", right)
                .fact("fit/seen", seen);
    }

    static Progress restored(Snapshot snapshot) {
        Progress progress = new Progress();
        progress.position = new Step(snapshot.integer("fit/epoch"), snapshot.integer("fit/batch"));
        progress.lossSum = snapshot.real("fit/loss-sum");
        progress.right = snapshot.real("fit/right");
        progress.seen = snapshot.wholeNumber("fit/seen");
        return progress;
    }
}
