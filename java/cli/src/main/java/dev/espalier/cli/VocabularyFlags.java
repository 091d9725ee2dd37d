package dev.espalier.cli;

import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.prune.Compacted;
import dev.espalier.prune.Kept;
import dev.espalier.prune.Policy;
import dev.espalier.prune.VocabularyCut;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that remove rows of an embedding instead of channels. */
final class VocabularyFlags {
    @Option(
            names = "--vocabulary",
            paramLabel = "NODE",
            description =
                    "Remove rows of this embedding and nothing else: --target is the share, --criterion l1, l2, linf or"
                            + " random; ids stay as they are.")
    private @Nullable String node;

    @Option(
            names = "--unknown",
            paramLabel = "ID",
            description = "With --vocabulary: the id whose row stands in for those that go.")
    private @Nullable Integer unknown;

    boolean given() {
        return node != null || unknown != null;
    }

    /** Removes rows and says so in the provenance; the caller closes the result. */
    Compacted cut(Model model, Policy policy) {
        if (node == null || unknown == null) {
            throw new BadInput("--vocabulary NODE and --unknown ID go together: ids whose row goes read that of ID");
        }
        Kept kept = VocabularyCut.best(
                model, node, policy.criterion(), policy.budget().target(), unknown, policy.seed());
        Metadata metadata = model.metadata();
        Metadata told = metadata.withProvenance(metadata.provenance()
                .with("prune.vocabulary", node)
                .with("prune.unknown", unknown.toString())
                .with("prune.rows", kept.count() + " of " + kept.channels()));
        return VocabularyCut.cut(model.withMetadata(told), node, kept, unknown);
    }
}
