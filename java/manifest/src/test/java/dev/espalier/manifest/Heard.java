package dev.espalier.manifest;

import dev.espalier.data.DataListener;
import dev.espalier.data.Skipped;
import java.util.ArrayList;
import java.util.List;

/** Keeps what it is told. */
public final class Heard implements DataListener {
    public final List<String> notes = new ArrayList<>();
    public final List<Skipped> skipped = new ArrayList<>();
    /** The names of what was decoded, once for each row. */
    public final List<String> decoded = new ArrayList<>();

    @Override
    public void note(String message) {
        notes.add(message);
    }

    @Override
    public void skipped(Skipped row) {
        skipped.add(row);
    }

    @Override
    public void decoded(String split, int done, int total) {
        decoded.add(split);
    }
}
