package dev.espalier.formats.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Counts the parts of an ONNX message before it is parsed: an empty part takes two bytes in a file and some hundred in memory.
 *
 * <p>Counted are the fields of the model, of its graph and of the graph's nodes and tensors; nothing is allocated for them.
 */
final class WireScan {
    /** Far above the largest published models, which have some ten thousand nodes. */
    static final int MAX_PARTS = 2_000_000;

    private static final int GRAPH = 7; // ModelProto.graph
    private static final int DEPTH = 3; // model, graph, node

    private final CodedInputStream in;
    private int parts;

    private WireScan(CodedInputStream in) {
        this.in = in;
    }

    /** The number of parts, counted up to one more than {@link #MAX_PARTS}; bytes that are no message end the count. */
    static int parts(ByteBuffer bytes) {
        CodedInputStream in = CodedInputStream.newInstance(bytes.duplicate());
        in.setSizeLimit(Integer.MAX_VALUE);
        WireScan scan = new WireScan(in);
        try {
            scan.message(1);
        } catch (IOException e) {
            return scan.parts; // the parser will say what is wrong
        }
        return scan.parts;
    }

    private void message(int depth) throws IOException {
        for (int tag = in.readTag(); tag != 0 && parts <= MAX_PARTS; tag = in.readTag()) {
            parts++;
            boolean nested = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED
                    && depth < DEPTH
                    && (depth > 1 || WireFormat.getTagFieldNumber(tag) == GRAPH);
            if (!nested) {
                in.skipField(tag);
                continue;
            }
            int limit = in.pushLimit(in.readRawVarint32());
            int end = in.getTotalBytesRead() + in.getBytesUntilLimit();
            try {
                message(depth + 1);
            } catch (IOException e) {
                parts++; // a text or packed numbers: no parts inside
            }
            if (in.getTotalBytesRead() < end) {
                in.skipRawBytes(end - in.getTotalBytesRead());
            }
            in.popLimit(limit);
        }
    }
}
