package dev.espalier.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decodes a split on some threads and writes its rows in order. */
final class DecodingPool implements AutoCloseable {
    private final Decoding decoding;
    private final PictureFormat format;
    private final DataListener listener;
    private final InOrder<PictureDecoder> threads;

    DecodingPool(Decoding decoding, PictureFormat format, DataListener listener) {
        this.decoding = decoding;
        this.format = format;
        this.listener = listener;
        this.threads = new InOrder<>(decoding.threads(), format.bytes(), PictureDecoder::new, PictureDecoder::close);
    }

    /** An image after decoding; without a row it is corrupt. */
    private record Decoded(
            Original original, @Nullable Row row, @Nullable CorruptImageException fault) {}

    /**
     * Decodes all images of a split and writes those that decode.
     *
     * @return the images left out because they are corrupt
     */
    List<Skipped> decode(Originals originals, CacheWriter writer) throws IOException {
        List<Skipped> skipped = new ArrayList<>();
        boolean[] seen = new boolean[originals.classes().size()];
        boolean[] kept = new boolean[seen.length];
        try (Originals.Feed feed = originals.open()) {
            threads.<Decoded>run(
                    originals.size(),
                    index -> {
                        Original original = feed.next();
                        return decoder -> decode(original, decoder);
                    },
                    (index, image) -> {
                        seen[image.original.label()] = true;
                        kept[image.original.label()] |= write(image, writer, skipped);
                        listener.decoded(originals.split(), index + 1, originals.size());
                    });
        }
        for (int label = 0; label < seen.length; label++) {
            if (seen[label] && !kept[label]) {
                throw new DataException(
                        "class '" + originals.classes().get(label) + "' of " + originals.split()
                                + ": expected at least one readable image, got only corrupt ones; replace them or remove the class");
            }
        }
        return skipped;
    }

    private boolean write(Decoded image, CacheWriter writer, List<Skipped> skipped) throws IOException {
        if (image.row != null) {
            writer.add(image.original.name(), image.original.label(), image.row);
        } else if (image.fault != null) {
            if (decoding.onCorrupt() == OnCorrupt.FAIL) {
                throw image.fault.refusal(image.original.name());
            }
            Skipped one = new Skipped(image.original.name(), String.valueOf(image.fault.getMessage()));
            skipped.add(one);
            listener.skipped(one);
        }
        return image.row != null;
    }

    private Decoded decode(Original original, PictureDecoder decoder) {
        try {
            Picture picture = original.pixels().decode(decoder);
            byte[] bytes = format.fit(picture, original.name(), decoding.size() != null)
                    .bytes();
            return new Decoded(original, new Row(bytes, format.channels()), null);
        } catch (CorruptImageException e) {
            return new Decoded(original, null, e);
        } catch (DataException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new DataException("image " + original.name() + ": decoding failed (" + e + ")", e);
        }
    }

    /** Ends the threads; what they still decode is dropped. */
    @Override
    public void close() {
        threads.close();
    }
}
