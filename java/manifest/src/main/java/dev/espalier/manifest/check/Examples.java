package dev.espalier.manifest.check;

import java.util.ArrayList;
import java.util.List;

/** A count of things, of which the first few are kept. */
final class Examples {
    private final int most;
    private final List<String> kept = new ArrayList<>();
    private long count;

    Examples(int most) {
        this.most = most;
    }

    void add(String thing) {
        count++;
        if (kept.size() < most) {
            kept.add(thing);
        }
    }

    long count() {
        return count;
    }

    List<String> kept() {
        return List.copyOf(kept);
    }
}
