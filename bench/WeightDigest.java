import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.runtime.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** Prints the SHA-256 over the name, shape and bits of every weight of an ONNX file. */
public final class WeightDigest {
    private WeightDigest() {}

    public static void main(String[] args) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (Model model = Onnx.read(Path.of(args[0]))) {
            for (Map.Entry<String, Tensor> weight :
                    new TreeMap<>(model.weights().asMap()).entrySet()) {
                String head = weight.getKey() + " " + weight.getValue().shape() + "\n";
                digest.update(head.getBytes(StandardCharsets.UTF_8));
                float[] values = weight.getValue().toFloatArray();
                ByteBuffer bits = ByteBuffer.allocate(Float.BYTES * values.length);
                bits.asFloatBuffer().put(values);
                digest.update(bits);
            }
        }
        System.out.println(HexFormat.of().formatHex(digest.digest()));
    }
}
