package dev.espalier.cli;

import dev.espalier.pipeline.RunSetting;
import dev.espalier.runtime.Threads;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.ParseResult;

/** What was run, where and on what, as a report lists it. */
final class RunFacts {
    private static final String NEEDS_NO_QUOTES = "[\\w@%+=:,./-]+";

    private RunFacts() {}

    static Map<String, String> of(ParseResult parsed, Path data, RunSetting setting, double seconds) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("command", "espalier " + command(parsed.originalArgs()));
        facts.put("data", data.toString());
        facts.put("samples measured", Integer.toString(setting.measuredSplit().size()));
        facts.put("device", setting.device() + ", " + Threads.count() + " threads");
        facts.put("espalier", Espalier.Version.text());
        facts.put("java", Runtime.version().toString());
        facts.put("seconds", String.format(Locale.ROOT, "%.1f", seconds));
        return facts;
    }

    /** As a shell would have to be told. */
    private static String command(List<String> args) {
        return args.stream()
                .map(arg -> arg.matches(NEEDS_NO_QUOTES) ? arg : "'" + arg.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" "));
    }
}
