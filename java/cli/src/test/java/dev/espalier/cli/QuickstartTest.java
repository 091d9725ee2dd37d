package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@NoLeaks
class QuickstartTest {
    @TempDir
    Path folder;

    @Test
    void makesModelsThatInspectAgreesWithAndAReport() throws IOException {
        CommandRun run =
                CommandRun.of("quickstart", "--dir", folder.resolve("q"), "--epochs", 1, "--device", "cpu", "--json");
        JsonNode facts = run.json();
        assertThat(facts.get("models").findValuesAsString("file")).hasSize(3);
        for (JsonNode model : facts.get("models")) {
            JsonNode inspected = CommandRun.of("inspect", model.get("file").asString(), "--json")
                    .json();
            assertThat(inspected.get("parameters")).isEqualTo(model.at("/facts/parameters"));
            assertThat(inspected.get("macs")).isEqualTo(model.at("/facts/macs"));
        }
        assertThat(facts.at("/models/1/facts/macs").asLong())
                .isLessThanOrEqualTo(facts.at("/models/0/facts/macs").asLong() / 2);
        assertThat(facts.at("/models/1/check/passed").asBoolean()).isTrue();
        assertThat(facts.at("/models/2/facts/sparsity").asDouble()).isGreaterThan(0.75);
        assertThat(Files.readString(Path.of(facts.get("report").asString())))
                .contains("Espalier quickstart", "channels", "elements");
    }

    @Test
    void refusesZeroEpochs() {
        CommandRun.of("quickstart", "--dir", folder, "--epochs", 0)
                .refused("--epochs")
                .inOneLine();
        assertThat(folder).isEmptyDirectory();
    }
}
