package dev.espalier.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import picocli.CommandLine.Option;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The choice between facts as JSON, for programs, and as text, for people. */
final class JsonOption {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .changeDefaultPropertyInclusion(inclusion -> inclusion.withValueInclusion(JsonInclude.Include.NON_NULL))
            .build();

    @Option(names = "--json", description = "Print the facts as one JSON object.")
    private boolean json;

    /** {@code facts} as JSON. */
    static String text(Object facts) {
        return MAPPER.writeValueAsString(facts);
    }

    /** Prints {@code facts} as JSON if that was asked for, else runs {@code text}. */
    void print(Console console, Object facts, Runnable text) {
        if (json) {
            console.out().println(text(facts));
        } else {
            text.run();
        }
        console.out().flush();
        if (console.out().checkError()) {
            throw new BadInput("standard output was closed before all facts were written");
        }
    }
}
