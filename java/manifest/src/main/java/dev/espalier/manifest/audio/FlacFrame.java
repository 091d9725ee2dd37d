package dev.espalier.manifest.audio;

/**
 * The header of a FLAC frame (RFC 9639, section 9.1).
 *
 * @param length samples per channel
 * @param sampleRate in Hz; 0 for that of the stream
 * @param assignment 0 to 7: one channel more than that; 8: left and side; 9: side and right; 10: mid and side
 * @param bits per sample; 0 for those of the stream
 * @param byFrames true if {@code number} counts frames, false if samples
 * @param number of the frames or samples before this frame
 */
record FlacFrame(int length, int sampleRate, int assignment, int bits, boolean byFrames, long number) {
    static final int LEFT_SIDE = 8;
    static final int SIDE_RIGHT = 9;
    static final int MID_SIDE = 10;
    static final int MOST_SAMPLES = 65535;

    /** The sync code of 14 bits and a reserved 0. */
    private static final int SYNC = 0x7FFC;

    private static final int[] RATES = {0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000
    };
    private static final int[] BITS = {0, 8, 12, -1, 16, 20, 24, 32};

    int channels() {
        return assignment < LEFT_SIDE ? assignment + 1 : 2;
    }

    /** Whether a channel is the difference of two, which takes one bit more. */
    boolean isSide(int channel) {
        return assignment >= LEFT_SIDE && channel == (assignment == SIDE_RIGHT ? 0 : 1);
    }

    /** Whether a sync code is there; what some programs hang on to a file does not look like one. */
    static boolean startsAt(int at, byte[] file) {
        return at + 1 < file.length && (file[at] & 0xFF) == SYNC >> 7 && (file[at + 1] & 0xFE) == (SYNC << 1 & 0xFF);
    }

    static FlacFrame read(BitReader in, byte[] file) throws CorruptAudioException {
        int start = in.at();
        int sync = (int) in.bits(15);
        if (sync != SYNC) {
            throw new CorruptAudioException("expected a frame at byte " + start + ", got other bytes");
        }
        boolean byFrames = in.bits(1) == 0;
        int lengthCode = (int) in.bits(4);
        int rateCode = (int) in.bits(4);
        int assignment = (int) in.bits(4);
        int bits = BITS[(int) in.bits(3)];
        if (in.bits(1) != 0 || lengthCode == 0 || rateCode == 15 || assignment > MID_SIDE || bits < 0) {
            throw new CorruptAudioException("the header of the frame at byte " + start + " has reserved values");
        }
        long number = number(in);
        int length = length(in, lengthCode);
        int rate = rate(in, rateCode);
        int end = in.at();
        Crc.CRC_8.require(file, start, end, in.bits(8));
        if (length > MOST_SAMPLES) {
            throw new CorruptAudioException("expected frames of at most " + MOST_SAMPLES + " samples, got " + length);
        }
        return new FlacFrame(length, rate, assignment, bits, byFrames, number);
    }

    /** A number of up to 36 bits, coded as UTF-8 codes characters. */
    private static long number(BitReader in) throws CorruptAudioException {
        int first = (int) in.bits(8);
        int more = Integer.numberOfLeadingZeros(~first << 24) - 1;
        if (more < 0) {
            return first;
        }
        boolean valid = more >= 1 && more <= 6;
        long number = first & (0x3F >> more);
        for (int i = 0; valid && i < more; i++) {
            long next = in.bits(8);
            valid = next >> 6 == 2;
            number = (number << 6) | (next & 0x3F);
        }
        if (!valid) {
            throw new CorruptAudioException(
                    "expected a frame number in UTF-8 coding, got one that starts with " + first);
        }
        return number;
    }

    private static int length(BitReader in, int code) throws CorruptAudioException {
        return switch (code) {
            case 1 -> 192;
            case 2, 3, 4, 5 -> 144 << code;
            case 6 -> (int) in.bits(8) + 1;
            case 7 -> (int) in.bits(16) + 1;
            default -> 1 << code;
        };
    }

    private static int rate(BitReader in, int code) throws CorruptAudioException {
        return switch (code) {
            case 12 -> 1000 * (int) in.bits(8);
            case 13 -> (int) in.bits(16);
            case 14 -> 10 * (int) in.bits(16);
            default -> RATES[code];
        };
    }
}
