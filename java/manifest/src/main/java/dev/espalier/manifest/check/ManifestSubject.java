package dev.espalier.manifest.check;

import dev.espalier.data.PictureDecoder;
import dev.espalier.data.Skipped;
import dev.espalier.manifest.CellText;
import dev.espalier.manifest.Column;
import dev.espalier.manifest.ColumnType;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.Split;
import dev.espalier.manifest.audio.AudioFile;
import dev.espalier.manifest.audio.AudioLimits;
import dev.espalier.manifest.table.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The rows of a manifest. */
final class ManifestSubject extends Subject {
    private static final Set<String> SUFFIXES = Set.of("jpg", "jpeg", "png", "wav", "flac");
    private static final AudioLimits LIMITS = AudioLimits.standard();

    private final Manifest manifest;
    private final List<Skipped> unusable;

    ManifestSubject(Manifest manifest, List<Skipped> unusable) {
        this.manifest = manifest;
        this.unusable = List.copyOf(unusable);
    }

    @Override
    List<String> splits() {
        return Arrays.stream(Split.values())
                .filter(split -> split == Split.TRAIN || !manifest.rows(split).isEmpty())
                .map(Split::label)
                .toList();
    }

    @Override
    List<String> classes() {
        return manifest.label().classes();
    }

    @Override
    List<Column> inputs() {
        return manifest.columns().inputs();
    }

    @Override
    int size(String split) {
        return Split.of(split).map(known -> manifest.rows(known).size()).orElse(0);
    }

    @Override
    List<Skipped> unusable() {
        return unusable;
    }

    @Override
    void each(Consumer<Sample> taker) {
        Table table = manifest.table();
        int label = table.indexOf(manifest.columns().label().orElseThrow().name());
        int group = manifest.columns()
                .group()
                .map(column -> table.indexOf(column.name()))
                .orElse(-1);
        for (Split split : Split.values()) {
            for (Table.Row row : manifest.rows(split)) {
                String cell = row.cell(label);
                List<Sample.Cell> cells = new ArrayList<>();
                for (Column input : inputs()) {
                    cells.add(cell(input.type(), row.cell(table.indexOf(input.name()))));
                }
                Optional<String> of = group < 0 ? Optional.empty() : Optional.ofNullable(row.cell(group));
                taker.accept(
                        new Sample(split.label(), row.place(), cell == null ? List.of() : labels(cell), of, cells));
            }
        }
    }

    private List<String> labels(String cell) {
        return manifest.label().values(cell).stream()
                .map(value -> manifest.label().names().getOrDefault(value, value))
                .toList();
    }

    private Sample.Cell cell(ColumnType type, @Nullable String cell) {
        boolean coded = type == ColumnType.NUMERIC || type == ColumnType.CATEGORICAL;
        if (cell == null || (coded && CellText.isMissing(cell))) {
            return decoder -> new Look.Missing();
        }
        return switch (type) {
            case IMAGE -> decoder -> image(manifest.file(cell), decoder);
            case AUDIO -> decoder -> Look.Sound.of(AudioFile.decode(bytes(manifest.file(cell)), LIMITS));
            default -> decoder -> Look.Cell.of(cell);
        };
    }

    private static Look image(Path file, PictureDecoder decoder) throws IOException {
        return Look.Image.of(decoder.decode(bytes(file)));
    }

    private static byte[] bytes(Path file) throws IOException {
        long length = Files.size(file);
        if (length > LIMITS.bytes()) {
            throw new IOException("expected at most " + LIMITS.bytes() + " bytes, got " + length);
        }
        return Files.readAllBytes(file);
    }

    @Override
    Examples unreferenced(int most) {
        Examples unreferenced = new Examples(most);
        List<Column> files =
                inputs().stream().filter(input -> input.type().isFile()).toList();
        if (files.isEmpty()) {
            return unreferenced;
        }
        Set<Path> known = new HashSet<>();
        for (Column column : files) {
            for (String cell : manifest.table().values(column.name())) {
                if (cell != null) {
                    known.add(manifest.file(cell));
                }
            }
        }
        Path root = manifest.root().toAbsolutePath().normalize();
        new FileTree(root).each(file -> {
            String name = file.getFileName().toString();
            String suffix = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
            if (SUFFIXES.contains(suffix) && !known.contains(file)) {
                unreferenced.add(root.relativize(file).toString());
            }
        });
        return unreferenced;
    }
}
