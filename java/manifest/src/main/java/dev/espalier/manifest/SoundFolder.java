package dev.espalier.manifest;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.OneLine;
import dev.espalier.manifest.table.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Sounds in one folder per class, at any depth below it: in {@code train}, with optional validation and test folders beside it, or
 * class folders alone. Splits, classes and sounds come in the order of their names.
 */
final class SoundFolder {
    private static final String AUDIO = "audio";
    private static final String LABEL = "label";

    private final Path root;
    private final List<Table.Row> rows = new ArrayList<>();

    /** Split, class, file. */
    private static final int DEPTH = 3;

    private SoundFolder(Path root) {
        this.root = root;
    }

    /** The sounds below {@code root} as a table of paths, labels and, where there are any, splits. */
    static Manifest read(Path root) {
        Path folder = root.toAbsolutePath().normalize();
        try {
            return new SoundFolder(folder).manifest();
        } catch (IOException | UncheckedIOException e) {
            throw new DataException(
                    "data folder " + folder + ": cannot be read (" + e + "); check its permissions and the disk", e);
        }
    }

    private Manifest manifest() throws IOException {
        List<String> folders = subfolders(root);
        boolean split = folders.contains(Split.TRAIN.label());
        List<String> classes = split ? subfolders(root.resolve(Split.TRAIN.label())) : folders;
        if (classes.isEmpty()) {
            throw new DataException("data folder " + root + ": expected one folder per class, got none; put sounds in"
                    + " train/<class>/ or <class>/");
        }
        if (split) {
            addSplits(folders, classes);
        } else {
            refuseSplits(folders);
            addClasses(root, classes, Optional.empty());
        }
        List<Column> columns =
                new ArrayList<>(List.of(Column.of(AUDIO, ColumnType.AUDIO), Column.of(LABEL, ColumnType.LABEL)));
        if (split) {
            columns.add(Column.of(TableFile.SPLIT, ColumnType.SPLIT));
        }
        Table table = new Table(columns.stream().map(Column::name).toList(), rows);
        return new Manifest(
                root, new Columns(columns), table, LabelPlan.inferred().label(table.values(LABEL)));
    }

    private void addSplits(List<String> folders, List<String> classes) throws IOException {
        for (String name : folders) {
            Optional<Split> split = Split.of(name);
            if (split.isEmpty()) {
                continue;
            }
            List<String> inside = subfolders(root.resolve(name));
            for (String unknown : inside) {
                if (!classes.contains(unknown)) {
                    throw new DataException("class folder " + root.resolve(name).resolve(unknown)
                            + ": expected one of the training classes " + Table.named(classes)
                            + "; rename it or add it to train");
                }
            }
            addClasses(root.resolve(name), inside, split);
        }
    }

    private void refuseSplits(List<String> folders) {
        for (String name : folders) {
            if (Split.of(name).isPresent()) {
                throw new DataException("data folder " + root + ": expected a folder 'train' beside '"
                        + OneLine.of(name) + "', got none");
            }
        }
    }

    private void addClasses(Path folder, List<String> classes, Optional<Split> split) throws IOException {
        for (String name : classes) {
            List<Path> sounds = sounds(folder.resolve(name));
            if (sounds.isEmpty()) {
                throw new DataException(
                        "class folder " + folder.resolve(name) + ": expected at least one file that ends in "
                                + String.join(", ", FilePaths.SOUNDS) + ", got none; add sounds or remove the folder");
            }
            for (Path sound : sounds) {
                String path = root.relativize(sound).toString();
                List<String> cells = split.isPresent()
                        ? Arrays.asList(path, name, split.get().label())
                        : Arrays.asList(path, name);
                rows.add(new Table.Row(OneLine.of(path), cells));
            }
        }
    }

    /** Whether the first picture or sound found in the folders of {@code folder} is a sound. */
    static boolean holdsSounds(Path folder) {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> below = Files.walk(folder, DEPTH, FileVisitOption.FOLLOW_LINKS)) {
            return below.filter(file -> isSound(file) || isPicture(file))
                    .findFirst()
                    .filter(SoundFolder::isSound)
                    .isPresent();
        } catch (IOException | UncheckedIOException e) {
            throw new DataException("data folder " + folder + ": cannot be read (" + e + ")", e);
        }
    }

    private static boolean isPicture(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return !name.startsWith(".") && FilePaths.IMAGES.stream().anyMatch(name::endsWith);
    }

    private static List<Path> sounds(Path folder) throws IOException {
        try (Stream<Path> below = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            return below.filter(SoundFolder::isSound).sorted().toList();
        }
    }

    private static boolean isSound(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return !name.startsWith(".") && FilePaths.SOUNDS.stream().anyMatch(name::endsWith) && Files.isRegularFile(file);
    }

    private static List<String> subfolders(Path folder) throws IOException {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.filter(Files::isDirectory)
                    .map(path -> path.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        }
    }
}
