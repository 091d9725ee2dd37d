package dev.espalier.train;

/** Ends training when {@link EpochReport.Scores#judged} of the validation samples has not risen for so many epochs. */
public final class EarlyStop implements Listener {
    private final int patience;
    private double best = Double.NEGATIVE_INFINITY;
    private int waited;

    /** {@code patience} 0 never stops. */
    public EarlyStop(int patience) {
        Bounds.atLeast("patience", patience, 0);
        this.patience = patience;
    }

    @Override
    public void epochEnd(EpochReport report) {
        if (report.validation() == null) {
            return;
        }
        double accuracy = report.validation().judged();
        if (accuracy > best) {
            best = accuracy;
            waited = 0;
        } else {
            waited++;
        }
    }

    /** Counts anew: after masks changed, earlier scores no longer bind. */
    public void forget() {
        best = Double.NEGATIVE_INFINITY;
        waited = 0;
    }

    @Override
    public boolean stops() {
        return patience > 0 && waited >= patience;
    }

    @Override
    public void save(Snapshot.Builder snapshot) {
        snapshot.fact("early-stop/best", best).fact("early-stop/waited", waited);
    }

    @Override
    public void restore(Snapshot snapshot) {
        best = snapshot.real("early-stop/best");
        waited = snapshot.integer("early-stop/waited");
    }
}
