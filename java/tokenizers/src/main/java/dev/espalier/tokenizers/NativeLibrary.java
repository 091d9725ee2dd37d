package dev.espalier.tokenizers;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.espalier.runtime.EspalierException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/**
 * The native library, loaded once from its jar.
 *
 * <p>It is loaded here as the jar's own way of loading may fetch another from the net.
 */
final class NativeLibrary {
    static final TokenizersLibrary LIBRARY = load();

    private NativeLibrary() {}

    private static TokenizersLibrary load() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") ? "osx" : "linux";
        String machine = System.getProperty("os.arch").equals("aarch64") ? "aarch64" : "x86_64";
        String name = System.mapLibraryName("tokenizers");
        String resource = "/native/lib/" + system + "-" + machine + "/cpu/" + name;
        try (InputStream in = TokenizersLibrary.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new EspalierException("tokenizer.json files cannot be read on this machine: there is no "
                        + resource + " in the jar ai.djl.huggingface:tokenizers");
            }
            Path copy = Files.createTempFile("espalier-", name);
            try {
                Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
                System.load(copy.toString());
            } finally {
                Files.delete(copy);
            }
            return TokenizersLibrary.LIB;
        } catch (IOException | UnsatisfiedLinkError e) {
            throw new EspalierException(
                    "tokenizer.json files cannot be read: the native library cannot be loaded from "
                            + System.getProperty("java.io.tmpdir") + " (" + e.getMessage()
                            + "); name another folder with -Djava.io.tmpdir",
                    e);
        }
    }
}
