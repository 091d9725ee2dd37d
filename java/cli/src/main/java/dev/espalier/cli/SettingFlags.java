package dev.espalier.cli;

import dev.espalier.train.SettingKey;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Command-line flags made from a list of settings, one for each. */
final class SettingFlags {
    private final List<SettingKey> keys;

    SettingFlags(List<SettingKey> keys) {
        this.keys = List.copyOf(keys);
    }

    /** Adds the flags to a subcommand; {@code --seed} also stands for a key that ends in {@code -seed}. */
    void addTo(CommandLine program, String subcommand) {
        CommandSpec command = Objects.requireNonNull(program.getSubcommands().get(subcommand), subcommand)
                .getCommandSpec();
        for (SettingKey key : keys) {
            String name = "--" + key.name();
            boolean flag = key.kind() == SettingKey.Kind.FLAG;
            OptionSpec.Builder option =
                    key.name().endsWith("-seed") ? OptionSpec.builder(name, "--seed") : OptionSpec.builder(name);
            option.type(String.class)
                    .arity(flag ? "0..1" : "1")
                    .paramLabel(key.choices().isEmpty() ? label(key) : String.join("|", key.choices()))
                    .description(key.help() + " (default: " + key.defaultValue() + ")");
            command.addOption((flag ? option.fallbackValue("true") : option).build());
        }
    }

    private static String label(SettingKey key) {
        return switch (key.kind()) {
            case INTEGER -> "N";
            case REAL -> "X";
            case FLAG -> "true|false";
            case CHOICE -> "NAME";
            case TEXT -> "TEXT";
        };
    }

    /** What was given on the command line, by key. */
    Map<String, Object> given(ParseResult parsed) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (SettingKey key : keys) {
            String value = parsed.matchedOptionValue("--" + key.name(), "");
            if (!value.isEmpty()) {
                values.put(key.name(), value);
            }
        }
        return values;
    }

    /** Makes something of settings; what is wrong with them becomes a refusal that begins with {@code source}. */
    static <T> T checked(String source, Map<String, Object> settings, Function<Map<String, Object>, T> maker) {
        return checked(source, () -> maker.apply(settings));
    }

    /** Makes something; what is wrong with it becomes a refusal that begins with {@code source}. */
    static <T> T checked(String source, Supplier<T> maker) {
        try {
            return maker.get();
        } catch (IllegalArgumentException e) {
            throw new BadInput(source + e.getMessage(), e);
        }
    }
}
