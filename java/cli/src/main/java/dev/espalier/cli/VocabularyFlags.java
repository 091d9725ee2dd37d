package dev.espalier.cli;

import dev.espalier.manifest.encode.Encoding;
import dev.espalier.manifest.encode.TextEncoder;
import dev.espalier.manifest.text.Tokenizer;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.prune.Compacted;
import dev.espalier.prune.Kept;
import dev.espalier.prune.Policy;
import dev.espalier.prune.VocabularyCut;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that remove rows of an embedding instead of channels. */
final class VocabularyFlags {
    @Option(
            names = "--vocabulary",
            paramLabel = "NODE",
            description =
                    "Remove rows of this embedding and nothing else: --target is the share, --criterion l1, l2, linf or"
                            + " random; ids stay as they are. Rows of padding stay where the model states its"
                            + " tokenizer.")
    private @Nullable String node;

    @Option(
            names = "--unknown",
            paramLabel = "ID",
            description =
                    "With --vocabulary: the id whose row stands in for those that go (default: that of the unknown token"
                            + " where the model states its tokenizer).")
    private @Nullable Integer unknown;

    boolean given() {
        return node != null || unknown != null;
    }

    /** What made the ids that the embedding is fed with, if the model states it. */
    private static Optional<Tokenizer> tokenizer(Model model, String node) {
        String ids = VocabularyCut.ids(model.graph(), node);
        return Encoding.of(model.metadata()).stream()
                .flatMap(encoding -> encoding.encoders().stream())
                .filter(encoder ->
                        encoder instanceof TextEncoder && encoder.modality().equals(ids))
                .map(encoder -> ((TextEncoder) encoder).tokenizer())
                .findFirst();
    }

    /** Removes rows and says so in the provenance; the caller closes the result. */
    Compacted cut(Model model, Policy policy) {
        if (node == null) {
            throw new BadInput("--unknown ID says what --vocabulary NODE puts in the place of rows; give both");
        }
        Optional<Tokenizer> tokenizer = tokenizer(model, node);
        int standIn = Optional.ofNullable(unknown)
                .or(() -> tokenizer.map(Tokenizer::unknown))
                .orElseThrow(() -> new BadInput("--vocabulary " + node
                        + " needs --unknown ID, as the model does not state its tokenizer: ids whose row goes read that of"
                        + " ID"));
        Set<Integer> needed = new TreeSet<>(Set.of(standIn));
        tokenizer.ifPresent(one -> needed.add(one.padding()));
        Kept kept = VocabularyCut.best(
                model, node, policy.criterion(), policy.budget().target(), needed, policy.seed());
        Metadata metadata = model.metadata();
        Metadata told = metadata.withProvenance(metadata.provenance()
                .with("prune.vocabulary", node)
                .with("prune.unknown", Integer.toString(standIn))
                .with("prune.rows", kept.count() + " of " + kept.channels()));
        return VocabularyCut.cut(model.withMetadata(told), node, kept, standIn);
    }
}
