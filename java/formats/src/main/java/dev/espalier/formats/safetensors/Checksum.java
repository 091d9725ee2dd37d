package dev.espalier.formats.safetensors;

import dev.espalier.runtime.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** SHA-256 over facts and tensors in the order of their names, every part preceded by its length. */
final class Checksum {
    private final MessageDigest digest;

    private Checksum(MessageDigest digest) {
        this.digest = digest;
    }

    /** The checksum in hexadecimal; the tensors are contiguous and on the CPU. */
    static String of(Map<String, String> facts, Map<String, Tensor> tensors) {
        Checksum sum;
        try {
            sum = new Checksum(MessageDigest.getInstance("SHA-256"));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
        new TreeMap<>(facts).forEach((name, value) -> {
            sum.text(name);
            sum.text(value);
        });
        new TreeMap<>(tensors).forEach(sum::tensor);
        return HexFormat.of().formatHex(sum.digest.digest());
    }

    private void tensor(String name, Tensor tensor) {
        text(name);
        text(tensor.dtype() + tensor.shape().toString());
        number(tensor.numel());
        if (tensor.numel() > 0) {
            digest.update(tensor.byteBuffer());
        }
    }

    private void text(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        number(bytes.length);
        digest.update(bytes);
    }

    private void number(long value) {
        digest.update(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, value)
                .array());
    }
}
