package dev.espalier.manifest.check;

import dev.espalier.data.Picture;

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
    record Words(ContentKey key, String text) implements Look {
        static Words of(String text) {
            return new Words(ContentKey.of(text), text);
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
