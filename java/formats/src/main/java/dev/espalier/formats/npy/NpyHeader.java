package dev.espalier.formats.npy;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** The dictionary at the head of an npy file: element type, order and shape. */
record NpyHeader(DType dtype, boolean fortranOrder, Shape shape) {
    static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int ALIGNMENT = 64;
    private static final int PREFIX = 10; // magic, version (2), header length (2)
    private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
    private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
    private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9,\\sL]*)\\)");
    private static final Map<String, DType> TYPES = Map.of(
            "<f2",
            DType.F16,
            "<f4",
            DType.F32,
            "<f8",
            DType.F64,
            "<i4",
            DType.I32,
            "<i8",
            DType.I64,
            "|u1",
            DType.U8,
            "|b1",
            DType.BOOL);

    /** Parses the dictionary's text; the exception's message is the problem alone. */
    static NpyHeader parse(String text) {
        String descr = find(DESCR, text)
                .orElseThrow(() -> new IllegalArgumentException(
                        "the header names no plain element type; structured arrays are not supported"));
        DType dtype = Optional.ofNullable(TYPES.get(descr))
                .orElseThrow(() -> new IllegalArgumentException("element type '" + descr
                        + "' is not supported; convert with numpy's astype to one of "
                        + TYPES.keySet().stream().sorted().toList()));
        String order = find(ORDER, text)
                .orElseThrow(() -> new IllegalArgumentException("the header has no readable fortran_order"));
        String shape =
                find(SHAPE, text).orElseThrow(() -> new IllegalArgumentException("the header has no readable shape"));
        return new NpyHeader(dtype, order.equals("True"), shape(shape));
    }

    /** The whole head of a version 1 file: magic, length and dictionary, padded so that data starts 64-aligned. */
    byte[] encode() {
        String dims = LongStream.of(shape.toArray()).mapToObj(Long::toString).collect(Collectors.joining(", "));
        String tuple = shape.rank() == 1 ? dims + "," : dims;
        String text = "{'descr': '" + descr() + "', 'fortran_order': " + (fortranOrder ? "True" : "False")
                + ", 'shape': (" + tuple + "), }";
        int total = (PREFIX + text.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        byte[] head = new byte[total];
        Arrays.fill(head, (byte) ' ');
        System.arraycopy(MAGIC, 0, head, 0, MAGIC.length);
        head[6] = 1;
        head[7] = 0;
        int length = total - PREFIX;
        head[8] = (byte) length;
        head[9] = (byte) (length >>> 8);
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, head, PREFIX, ascii.length);
        head[total - 1] = '\n';
        return head;
    }

    private String descr() {
        return TYPES.entrySet().stream()
                .filter(entry -> entry.getValue() == dtype)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "npy has no element type for " + dtype + "; convert the tensor to F32 first"));
    }

    private static Optional<String> find(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    private static Shape shape(String tuple) {
        try {
            return Shape.of(Arrays.stream(tuple.split(","))
                    .map(dim -> dim.strip().replace("L", ""))
                    .filter(dim -> !dim.isEmpty())
                    .mapToLong(Long::parseLong)
                    .toArray());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("the shape (" + tuple + ") is not a list of sizes", e);
        }
    }
}
