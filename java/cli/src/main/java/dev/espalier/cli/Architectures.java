package dev.espalier.cli;

import dev.espalier.data.Answers;
import dev.espalier.data.DataSets;
import dev.espalier.data.Task;
import dev.espalier.manifest.encode.Encoding;
import dev.espalier.model.Architecture;
import dev.espalier.model.Branch;
import dev.espalier.model.Fusion;
import dev.espalier.model.Models;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** What {@code --model} can name beside a file. */
final class Architectures {
    /** Those that are made for the inputs of a manifest. */
    private static final Map<String, Fusion> FUSED = Map.of("fused", Fusion.CONCAT, "fusedGated", Fusion.GATED);

    private Architectures() {}

    static SortedSet<String> names() {
        SortedSet<String> names = new TreeSet<>(Models.names());
        names.addAll(FUSED.keySet());
        return names;
    }

    /** The one of this name, of {@link #names}, for such samples. */
    static Architecture named(String name, DataSets data) {
        Fusion fusion = FUSED.get(name);
        if (fusion == null) {
            return Architecture.named(
                    name, data.images().imageShape(), data.classes().size());
        }
        String facts = data.train().facts().get(Encoding.FACT);
        if (facts == null) {
            throw new BadInput("--model " + name + " is made for the columns of a manifest, and --data holds images");
        }
        Answers answers = data.train().answers();
        List<Branch> branches = Encoding.fromJson(facts).branches();
        return new Architecture(
                name,
                width -> answers.task() == Task.NUMBER
                        ? fusion.ofNumber(branches, width)
                        : fusion.layers(branches, answers.outputs(), width));
    }
}
