package dev.espalier.manifest.check;

import dev.espalier.data.Picture;
import dev.espalier.manifest.audio.Waveform;
import java.nio.ByteBuffer;

/** What a cell turned out to hold; a key says which content it is. */
sealed interface Look {
    /** Tells this content from all others; what cannot be read has no content of its own. */
    default ContentKey key() {
        return ContentKey.NONE;
    }

    /** Nothing. */
    record Missing() implements Look {}

    /**
     * A file that cannot be read as what it should be.
     *
     * @param reason without the file's name
     */
    record Corrupt(String reason) implements Look {}

    /** Text, a number or a category as it stands in its cell. */
    record Cell(ContentKey key, String text) implements Look {
        static Cell of(String text) {
            return new Cell(ContentKey.of(text), text);
        }
    }

    /**
     * A sound; its key is over its rate and samples, so that it is the same in another format without loss.
     *
     * @param rate in Hz
     * @param power mean square of its samples, full scale being 1
     */
    record Sound(ContentKey key, int rate, double seconds, double power) implements Look {
        static Sound of(Waveform wave) {
            float[] samples = wave.samples();
            ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(4, samples.length));
            double energy = 0;
            for (float sample : samples) {
                bytes.putFloat(sample);
                energy += (double) sample * sample;
            }
            ContentKey key = ContentKey.of(bytes.array(), wave.sampleRate());
            return new Sound(key, wave.sampleRate(), wave.seconds(), energy / samples.length);
        }
    }

    /** A picture; its key is over its pixels, so that it is the same in another format without loss. */
    record Image(ContentKey key, int height, int width, ChannelTotals totals) implements Look {
        static Image of(Picture picture) {
            ContentKey key = ContentKey.of(picture.bytes(), picture.channels(), picture.height(), picture.width());
            return new Image(key, picture.height(), picture.width(), ChannelTotals.of(picture));
        }
    }
}
