package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a program sees that embeds the library without any of the launcher's settings. */
class MemoryLimitsTest {
    /** Holds 600 MiB of tensors: more than four times its heap, where JavaCPP by itself gives up. */
    static final class Embedder {
        private Embedder() {}

        public static void main(String[] args) {
            try (Scope scope = Scope.open()) {
                for (int i = 0; i < 6; i++) {
                    Tensor.zeros(DType.U8, Device.CPU, 100 << 20);
                }
                System.out.print("held " + (Scope.liveBytes() >> 20) + " MiB");
            }
        }
    }

    @Test
    void tensorsMayExceedTheHeapManyTimes() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-Dorg.bytedeco.javacpp.cachedir=" + System.getProperty("org.bytedeco.javacpp.cachedir"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Embedder.class.getName()))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(output).isEqualTo("held 600 MiB");
        assertThat(process.exitValue()).isZero();
    }
}
