package dev.espalier.data;

import dev.espalier.runtime.Shape;

/**
 * What every image of a data set must become.
 *
 * @param channels 1 or 3
 * @param size height and width
 * @param witness the image that decided the size, for messages
 */
record PictureFormat(int channels, ImageSize size, String witness) {
    Shape shape() {
        return Shape.of(channels, size.height(), size.width());
    }

    int bytes() {
        return Math.multiplyExact(Math.multiplyExact(channels, size.height()), size.width());
    }

    /** This format with what the options ask for. */
    PictureFormat over(Decoding decoding) {
        int wantedChannels = decoding.channels() == 0 ? channels : decoding.channels();
        ImageSize wanted = decoding.size();
        return wanted == null
                ? new PictureFormat(wantedChannels, size, witness)
                : new PictureFormat(wantedChannels, wanted, "the image size asked for");
    }

    /**
     * The picture in this format.
     *
     * @param name the picture's, for the message
     * @param resize whether another size is mended or refused
     */
    Picture fit(Picture picture, String name, boolean resize) {
        ImageSize got = new ImageSize(picture.height(), picture.width());
        if (!resize && !got.equals(size)) {
            throw new DataException("image " + name + ": expected size " + size + " (height x width) as " + witness
                    + ", got " + got + "; give --image-size " + size + " to resize all images");
        }
        return picture.withChannels(channels).resized(size);
    }
}
