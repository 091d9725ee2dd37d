package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.espalier.formats.AtomicFile;
import dev.espalier.formats.FormatException;
import dev.espalier.formats.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The protobuf message of an ONNX file, checked to be whole. */
final class OnnxFile {
    static final int OLDEST_OPSET = 11;
    static final int NEWEST_OPSET = 21;

    private static final byte IR_VERSION_TAG = 0x08; // field 1, varint: what every ONNX writer puts first

    private OnnxFile() {}

    /** The message in {@code file}; its byte strings are views of the mapped file. */
    static ModelProto read(Path file) {
        ByteBuffer bytes;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() > Integer.MAX_VALUE) {
                throw FormatException.of(file, "has " + channel.size() + " bytes; an ONNX file holds at most 2 GiB");
            }
            bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
        if (!bytes.hasRemaining()) {
            throw FormatException.of(file, "not an ONNX file: it is empty");
        }
        if (WireScan.parts(bytes) > WireScan.MAX_PARTS) {
            throw FormatException.of(
                    file,
                    "has more than " + WireScan.MAX_PARTS
                            + " nodes, attributes and tensors; split the model or merge its constants");
        }
        boolean plausible = bytes.get(0) == IR_VERSION_TAG;
        ModelProto model;
        try {
            CodedInputStream in = CodedInputStream.newInstance(bytes);
            in.enableAliasing(true);
            in.setSizeLimit(Integer.MAX_VALUE);
            model = ModelProto.parseFrom(in);
        } catch (InvalidProtocolBufferException e) {
            throw new FormatException(
                    file + ": " + (plausible ? "truncated or damaged ONNX file" : "not an ONNX file"), e);
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
        check(model, file);
        return model;
    }

    /**
     * Writes the message with its graph last. Protobuf allows any order of fields; this one makes every truncation cut the
     * graph, where reading notices it, instead of silently losing the metadata behind it.
     */
    static void write(ModelProto model, Path file) {
        ModelProto head = model.toBuilder().clearGraph().build();
        ModelProto tail = ModelProto.newBuilder().setGraph(model.getGraph()).build();
        long size = (long) head.getSerializedSize() + tail.getSerializedSize();
        if (head.getSerializedSize() < 0 || tail.getSerializedSize() < 0 || size > Integer.MAX_VALUE) {
            throw FormatException.of(file, "the model needs more than the 2 GiB that an ONNX file holds");
        }
        AtomicFile.write(file, channel -> {
            AtomicFile.writeFully(channel, head.toByteString().asReadOnlyByteBuffer());
            AtomicFile.writeFully(channel, tail.toByteString().asReadOnlyByteBuffer());
        });
    }

    /** The version of ONNX's own operators that the model was written for. */
    static long opset(ModelProto model) {
        return model.getOpsetImportList().stream()
                .filter(set -> isOnnx(set.getDomain()))
                .mapToLong(OperatorSetIdProto::getVersion)
                .max()
                .orElse(0);
    }

    /** Whether a domain is ONNX's own. */
    static boolean isOnnx(String domain) {
        return domain.isEmpty() || domain.equals("ai.onnx");
    }

    private static void check(ModelProto model, Path file) {
        if (!model.hasIrVersion() || (!model.hasGraph() && model.getOpsetImportCount() == 0)) {
            throw FormatException.of(file, "not an ONNX file: it has no IR version or no graph");
        }
        if (!model.hasGraph() || model.getOpsetImportCount() == 0) {
            throw FormatException.of(
                    file, "truncated: the " + (model.hasGraph() ? "operator set" : "graph") + " is missing");
        }
        long opset = opset(model);
        if (opset < OLDEST_OPSET || opset > NEWEST_OPSET) {
            throw FormatException.of(
                    file,
                    "uses operator set " + opset + "; sets " + OLDEST_OPSET + " to " + NEWEST_OPSET
                            + " are read: export or convert the model with one of them");
        }
    }
}
