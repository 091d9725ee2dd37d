package dev.espalier.data;

/**
 * What the markers of a JPEG file say about its colours (ITU-T T.81 annex B; Adobe technical note 5116).
 *
 * @param components colour components of the frame
 * @param adobe true if an Adobe marker is present: four-component samples are then stored inverted
 * @param transform the Adobe marker's colour transform: 0 none, 1 YCbCr, 2 YCCK
 */
record JpegMarkers(int components, boolean adobe, int transform) {
    private static final int START_OF_SCAN = 0xDA;
    private static final int END_OF_IMAGE = 0xD9;
    private static final int APP14 = 0xEE;

    static boolean isJpeg(byte[] file) {
        return file.length > 3 && at(file, 0) == 0xFF && at(file, 1) == 0xD8 && at(file, 2) == 0xFF;
    }

    /**
     * Reads the markers before the first scan.
     *
     * @throws CorruptImageException if there is no frame header among them
     */
    static JpegMarkers parse(byte[] file) throws CorruptImageException {
        boolean adobe = false;
        int transform = 0;
        int position = 2;
        while (position + 3 < file.length) {
            if (at(file, position) != 0xFF) {
                throw new CorruptImageException("expected a JPEG marker at byte " + position);
            }
            int marker = at(file, position + 1);
            if (marker == 0xFF || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7)) {
                position += marker == 0xFF ? 1 : 2;
                continue;
            }
            if (marker == START_OF_SCAN || marker == END_OF_IMAGE) {
                break;
            }
            int length = at(file, position + 2) << 8 | at(file, position + 3);
            if (isFrame(marker) && position + 9 < file.length) {
                return new JpegMarkers(at(file, position + 9), adobe, transform).lookPast(file, position + 2 + length);
            }
            if (isAdobe(file, position, marker, length)) {
                adobe = true;
                transform = at(file, position + 15);
            }
            position += 2 + length;
        }
        throw new CorruptImageException("no JPEG frame header");
    }

    /** An Adobe marker may also follow the frame header. */
    private JpegMarkers lookPast(byte[] file, int from) {
        int position = from;
        while (position + 3 < file.length && at(file, position) == 0xFF) {
            int marker = at(file, position + 1);
            int length = at(file, position + 2) << 8 | at(file, position + 3);
            if (marker == START_OF_SCAN) {
                break;
            }
            if (isAdobe(file, position, marker, length)) {
                return new JpegMarkers(components, true, at(file, position + 15));
            }
            position += 2 + length;
        }
        return this;
    }

    private static boolean isFrame(int marker) {
        return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    }

    private static boolean isAdobe(byte[] file, int position, int marker, int length) {
        return marker == APP14
                && length >= 14
                && position + 15 < file.length
                && at(file, position + 4) == 'A'
                && at(file, position + 5) == 'd'
                && at(file, position + 6) == 'o'
                && at(file, position + 7) == 'b'
                && at(file, position + 8) == 'e';
    }

    private static int at(byte[] file, int index) {
        return file[index] & 0xFF;
    }
}
