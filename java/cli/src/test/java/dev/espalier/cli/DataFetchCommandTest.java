package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.espalier.manifest.fetch.KnownSets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class DataFetchCommandTest {
    /** The length of MNIST's training images, packed. */
    private static final int TRAIN_IMAGES = 9_912_422;

    @TempDir
    Path folder;

    private HttpServer server;
    private String address = "";

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        address = "http://localhost:" + server.getAddress().getPort();
        server.createContext("/", exchange -> {
            boolean zeros = exchange.getRequestURI().getPath().equals("/zeros/train-images-idx3-ubyte.gz");
            exchange.sendResponseHeaders(zeros ? 200 : 404, zeros ? TRAIN_IMAGES : -1);
            if (zeros) {
                exchange.getResponseBody().write(new byte[TRAIN_IMAGES]);
            }
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void listsWhatCanBeFetched() {
        JsonNode sets =
                CommandRun.of("data", "fetch", "--list", "--json").json().at("/sets");
        assertThat(sets.size()).isEqualTo(KnownSets.ALL.size());
        assertThat(sets.at("/0/files/0/sha256").asString()).hasSize(64);
        assertThat(CommandRun.of("data", "fetch", "--list").out())
                .contains("cifar10", "mnist", "speech-commands", "CC BY 4.0", "MIT, Zalando SE");
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        CommandRun.of("data").refused("expected fetch").inOneLine();
        CommandRun.of("data", "fetch").refused("espalier data fetch", "--list").inOneLine();
        CommandRun.of("data", "fetch", "cifar11")
                .refused("'cifar11'", "cifar10")
                .inOneLine();
        CommandRun.of("data", "fetch", "mnist", "-o", folder, "--from", "here")
                .refused("mirror 'here'")
                .inOneLine();
    }

    @Test
    void aServerThatLacksTheFileIsAFailureAndNotBadInput() {
        CommandRun run = CommandRun.of("data", "fetch", "mnist", "-o", folder, "--from", address);
        assertThat(run.code()).isEqualTo(ExitCode.FAILED);
        assertThat(run.err()).contains("train-images-idx3-ubyte.gz", "404", "--from");
        run.inOneLine();
    }

    @Test
    void whatComesWithAWrongDigestIsKeptAsideAndTold() throws IOException {
        CommandRun run = CommandRun.of("data", "fetch", "mnist", "-o", folder, "--from", address + "/zeros/", "--json");
        assertThat(run.code()).isEqualTo(ExitCode.FAILED);
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .contains(
                        "train-images-idx3-ubyte.gz: 9.5 of 9.5 MiB", "MiB/s", "expected sha256 440fcabf73cc", ".bad");
        try (var inside = Files.list(folder)) {
            assertThat(inside).containsExactly(folder.resolve("train-images-idx3-ubyte.gz.bad"));
        }
    }

    @Test
    void aFileThatIsNotTheSetsOwnIsLeftAndNamed() throws IOException {
        Path mine = Files.writeString(folder.resolve("train-images-idx3-ubyte.gz"), "mine");
        CommandRun.of("data", "fetch", "mnist", "-o", folder, "--from", address)
                .refused("train-images-idx3-ubyte.gz", "440fcabf73cc", "left as it is")
                .inOneLine();
        assertThat(mine).hasContent("mine");
    }
}
