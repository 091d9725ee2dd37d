package dev.espalier.formats.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.formats.Golden;
import dev.espalier.formats.pytorch.StateDict;
import dev.espalier.formats.pytorch.StateDictTest;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of torch.save that say little and ask for much. */
@NoLeaks
class CraftedStateDictsTest {
    @TempDir
    Path folder;

    @BeforeAll
    static void loadClasses() {
        Outcome.of(StateDict::read, Golden.file(StateDictTest.class, "state.pt"), 0);
    }

    /** The opcodes of pickle that tensors need. */
    private static final class Pickled {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        /** Begins with the function that makes tensors, recalled as entry 0. */
        Pickled() {
            op(0x80, 2).global("torch._utils", "_rebuild_tensor_v2").op('q', 0);
        }

        Pickled op(int... codes) {
            for (int code : codes) {
                out.write(code);
            }
            return this;
        }

        Pickled global(String module, String name) {
            out.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
            return this;
        }

        Pickled text(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            out.write('X');
            out.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(bytes.length)
                    .array());
            out.writeBytes(bytes);
            return this;
        }

        Pickled storage(String key) {
            return op('(').text("storage")
                    .global("torch", "FloatStorage")
                    .text(key)
                    .text("cpu")
                    .op('K', 1, 't', 'Q');
        }

        byte[] end() {
            return op('.').out.toByteArray();
        }
    }

    /** A list of sizes as entry 1, the arguments of a tensor that has it twice as entry 2, and so many tensors. */
    private static byte[] recalled(int sizes, int tensors) {
        Pickled pickle = new Pickled().op('(');
        for (int i = 0; i < sizes; i++) {
            pickle.op('K', 1);
        }
        pickle.op('t', 'q', 1).op('(').storage("0").op('K', 0, 'h', 1, 'h', 1, 't', 'q', 2);
        for (int i = 0; i < tensors; i++) {
            pickle.op('h', 0, 'h', 2, 'R');
        }
        return pickle.end();
    }

    private String verdict(byte[] pickle, Map<String, byte[]> storages, boolean stored) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>(Map.of("a/data.pkl", pickle));
        entries.putAll(storages);
        Path file = Files.write(folder.resolve("m.pt"), ZipEdits.pack(entries, stored));
        return Crafted.verdict(StateDict::read, file);
    }

    /** 200 KB that stood for 8 GB. */
    @Test
    void listsOfSizesAreNotCopiedWithoutEnd() throws IOException {
        assertThat(verdict(recalled(50_000, 20_000), Map.of(), true)).contains("dimensions, expected at most");
    }

    /** As many dimensions as a tensor may have, for more tensors than the pickle could describe. */
    @Test
    void tensorsDoNotRecallTheirSizesWithoutEnd() throws IOException {
        assertThat(verdict(recalled(64, 50_000), Map.of(), false)).contains("dimensions, expected at most");
    }

    /** Opcodes of one byte, each an object, of which a short archive can hold a million. */
    @Test
    void aPickleIsNotUnpackedWithoutEnd() throws IOException {
        byte[] pickle = new byte[1 << 20];
        Arrays.fill(pickle, (byte) '}');
        pickle[pickle.length - 1] = '.';
        assertThat(verdict(pickle, Map.of(), false)).contains("would unpack to");
    }

    /** 300 storages of zeros that pack well, each small enough by itself, of which one element each is asked for. */
    @Test
    void storagesAreNotUnpackedWithoutEnd() throws IOException {
        Pickled pickle = new Pickled().op('}', '(');
        Map<String, byte[]> storages = new LinkedHashMap<>();
        byte[] zeros = new byte[400 << 10];
        for (int i = 0; i < 300; i++) {
            String key = Integer.toString(i);
            pickle.text("w" + key).op('h', 0).op('(').storage(key);
            pickle.op('K', 0, '(', 'K', 1, 't', '(', 'K', 1, 't', 't', 'R');
            storages.put("a/data/" + key, zeros);
        }
        assertThat(verdict(pickle.op('u').end(), storages, false)).contains("would unpack to");
    }
}
