package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One run of the command inside the test's process: its exit code and all that it wrote. */
record CommandRun(int code, String out, String err) {
    static CommandRun of(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] texts = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
        int code = Espalier.run(new Console(new PrintWriter(out), new PrintWriter(err), false), texts);
        return new CommandRun(code, out.toString(), err.toString());
    }

    /** A run with more arguments behind the first. */
    static CommandRun of(List<?> first, Object... more) {
        return of(Stream.concat(first.stream(), Arrays.stream(more)).toArray());
    }

    /** The facts of a run that must have succeeded. */
    JsonNode json() {
        assertThat(code).as(err).isZero();
        return JsonMapper.shared().readTree(out);
    }

    /** Asserts a refusal: exit code 2, no facts, and a last line on standard error that names these things. */
    CommandRun refused(String... named) {
        assertThat(code).as(err).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(out).isEmpty();
        List<String> lines = err.lines().toList();
        assertThat(lines.get(lines.size() - 1)).startsWith("espalier").contains(named);
        return this;
    }

    /** Asserts that standard error is exactly one line. */
    CommandRun inOneLine() {
        assertThat(err.lines().toList()).hasSize(1);
        return this;
    }
}
