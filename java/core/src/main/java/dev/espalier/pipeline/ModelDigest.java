package dev.espalier.pipeline;

import dev.espalier.model.Model;
import dev.espalier.op.TensorType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeMap;

/** What tells one model from another: its nodes, its parameters and their values. */
final class ModelDigest {
    private ModelDigest() {}

    /** SHA-256 in hexadecimal. */
    static String of(Model model) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            model.graph().nodes().forEach(node -> digest.update(node.toString().getBytes(StandardCharsets.UTF_8)));
            new TreeMap<>(model.weights().asMap()).forEach((name, tensor) -> {
                String type = name + new TensorType(tensor.dtype(), tensor.shape());
                digest.update(type.getBytes(StandardCharsets.UTF_8));
                digest.update(tensor.toBytes());
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
