package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;

class EspalierTest {
    static Set<String> subcommands() {
        PrintWriter nowhere = new PrintWriter(new StringWriter());
        CommandFactory factory = new CommandFactory(new Console(nowhere, nowhere, false));
        return new CommandLine(Espalier.class, factory).getSubcommands().keySet();
    }

    @ParameterizedTest
    @MethodSource("subcommands")
    void everySubcommandExplainsItselfAndPrintsJson(String name) {
        CommandRun help = CommandRun.of(name, "--help");
        assertThat(help.code()).isZero();
        assertThat(help.out()).contains("Usage: espalier " + name, "--json", "--stacktrace");
        assertThat(help.err()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("subcommands")
    void unknownOptionsAreRefusedInOneLine(String name) {
        CommandRun.of(name, "--frobnicate")
                .refused("espalier " + name, "--help")
                .inOneLine();
    }

    @Test
    void showsHelpAndVersion() {
        assertThat(CommandRun.of("--help").out()).contains("Usage: espalier", "inspect", "doctor");
        assertThat(CommandRun.of("--version").out()).startsWith("espalier ");
        CommandRun.of().refused("subcommand").inOneLine();
        CommandRun.of("grow").refused("'grow'").inOneLine();
    }

    @Test
    void stacktraceIsShownOnRequest() {
        assertThat(CommandRun.of("inspect", "no.onnx").err()).doesNotContain("\tat ");
        assertThat(CommandRun.of("inspect", "no.onnx", "--stacktrace").err()).contains("\tat ");
    }

    @Test
    void doctorNamesVersionsDevicesAndKernels() {
        JsonNode facts = CommandRun.of("doctor", "--json").json();
        assertThat(facts.at("/versions/libtorch").asString()).isNotEmpty();
        assertThat(facts.at("/devices/0").asString()).isEqualTo("cpu");
        assertThat(facts.at("/machine/threads").asInt()).isPositive();
        assertThat(facts.at("/backends").findValuesAsString("name")).contains("REFERENCE", "AVX2", "AVX512", "CUDA");
        facts.at("/missing")
                .forEach(thing -> assertThat(thing.at("/command").asString()).isNotEmpty());
        assertThat(CommandRun.of("doctor").out()).contains("libtorch", "devices", "kernels");
    }
}
