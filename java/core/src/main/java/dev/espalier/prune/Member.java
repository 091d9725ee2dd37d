package dev.espalier.prune;

/** One place of a channel group: an axis of a parameter, or of an input that may lose indices, with the indices that each channel holds there. */
public record Member(String parameter, int axis, IndexMap indices) {
    @Override
    public String toString() {
        return parameter + " axis " + axis + ": " + indices;
    }
}
