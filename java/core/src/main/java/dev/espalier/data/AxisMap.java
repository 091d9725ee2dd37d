package dev.espalier.data;

/** Where each position along one axis of each image of a batch comes from: shifted, perhaps mirrored first. */
final class AxisMap {
    private final int extent;
    private final int[] offsets;
    private final boolean[] mirrored;

    AxisMap(int extent, int[] offsets, boolean[] mirrored) {
        this.extent = extent;
        this.offsets = offsets;
        this.mirrored = mirrored;
    }

    /** May lie outside the image. */
    private int source(int image, int position) {
        return (mirrored[image] ? extent - 1 - position : position) + offsets[image];
    }

    /**
     * Row numbers into the batch seen as [n * channels * extent] rows.
     *
     * @param border where positions outside come from: the mirrored place, or (to be blanked) the first
     */
    long[] sources(int channels, Crop.Border border) {
        long[] sources = new long[offsets.length * channels * extent];
        int to = 0;
        for (int image = 0; image < offsets.length; image++) {
            for (int channel = 0; channel < channels; channel++) {
                long first = ((long) image * channels + channel) * extent;
                for (int position = 0; position < extent; position++) {
                    int source = source(image, position);
                    sources[to++] =
                            first + (border == Crop.Border.REFLECT ? reflect(source) : isInside(source) ? source : 0);
                }
            }
        }
        return sources;
    }

    /** For each image and position, 1 if it comes from inside the image, else 0. */
    byte[] inside() {
        byte[] inside = new byte[offsets.length * extent];
        for (int i = 0; i < inside.length; i++) {
            inside[i] = (byte) (isInside(source(i / extent, i % extent)) ? 1 : 0);
        }
        return inside;
    }

    private boolean isInside(int source) {
        return source >= 0 && source < extent;
    }

    /** Mirrors at the first and last position as often as needed. */
    private int reflect(int source) {
        if (extent == 1) {
            return 0;
        }
        int place = Math.floorMod(source, 2 * (extent - 1));
        return place < extent ? place : 2 * (extent - 1) - place;
    }
}
