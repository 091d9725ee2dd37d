package dev.espalier.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The decoded splits in a cache folder, each an entry named after the split and a key over everything that decides the pixels. */
final class DecodedCache {
    private final CacheFolder folder;
    private final Decoding decoding;
    private final DataListener listener;

    DecodedCache(Path folder, Decoding decoding, DataListener listener) {
        this.folder = new CacheFolder(folder, listener);
        this.decoding = decoding;
        this.listener = listener;
    }

    /**
     * The decoded split, from the cache or decoded now.
     *
     * @param wanted the format of the training split; null for the training split itself
     */
    CachedImages open(Originals originals, @Nullable PictureFormat wanted) throws IOException {
        Split split = new Split(originals, wanted);
        CachedImages images = folder.open(originals.split() + "-" + key(originals, wanted), split);
        if (!split.decoded) {
            for (Skipped image : images.skipped()) {
                if (decoding.onCorrupt() == OnCorrupt.FAIL) {
                    throw new CorruptImageException(image.reason()).refusal(image.name());
                }
                listener.skipped(image);
            }
        }
        return images;
    }

    private String key(Originals originals, @Nullable PictureFormat wanted) throws IOException {
        Fingerprint key = new Fingerprint()
                .line("version " + CacheWriter.VERSION)
                .line("size " + decoding.size())
                .line("channels " + decoding.channels())
                .line("format " + (wanted == null ? "" : wanted.shape()));
        originals.classes().forEach(key::line);
        originals.identify(key::line);
        return key.key();
    }

    /** A split as an entry. */
    private final class Split implements CacheFolder.Entry<CachedImages> {
        private final Originals originals;
        private final @Nullable PictureFormat wanted;
        /** Whether it was decoded now, when the listener heard of images left out. */
        private boolean decoded;

        Split(Originals originals, @Nullable PictureFormat wanted) {
            this.originals = originals;
            this.wanted = wanted;
        }

        @Override
        public CachedImages read(Path place) throws IOException {
            return new CachedImages(place);
        }

        @Override
        public void write(Path growing) throws IOException {
            decoded = true;
            PictureFormat format = format();
            try (CacheWriter writer = new CacheWriter(growing, format, originals.classes());
                    DecodingPool pool = new DecodingPool(decoding, format, listener)) {
                List<Skipped> skipped = pool.decode(originals, writer);
                writer.finish(skipped);
            } catch (IOException e) {
                throw folder.unwritten(originals.size() * (long) format.bytes(), "decoded images", e);
            }
        }

        private PictureFormat format() throws IOException {
            if (wanted != null) {
                return wanted;
            }
            try (PictureDecoder decoder = new PictureDecoder()) {
                return originals.survey(decoder, decoding.onCorrupt()).over(decoding);
            }
        }
    }
}
