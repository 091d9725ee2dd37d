package dev.espalier.data;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Images in one folder per class, at any depth below it; classes and images come in the order of their names. */
final class FolderOriginals implements Originals {
    private static final List<String> VALIDATION = List.of("validation", "val", "valid");
    private static final Set<String> SUFFIXES = Set.of("jpg", "jpeg", "png");
    /** Images decoded to find out how many channels most have. */
    private static final int SURVEYED = 256;

    private final Path root;
    private final String split;
    private final List<String> classes;
    private final List<Entry> entries;

    private record Entry(Path path, String name, int label, long bytes, long modified) {}

    private FolderOriginals(Path root, String split, List<String> classes, List<Entry> entries) {
        this.root = root;
        this.split = split;
        this.classes = classes;
        this.entries = entries;
    }

    /** A {@code train} folder with optional validation and test folders beside it, or class folders alone. */
    static Optional<Layout.Splits> find(Path root) throws IOException {
        Path train = root.resolve("train");
        if (!Files.isDirectory(train)) {
            return subfolders(root).isEmpty() ? Optional.empty() : Optional.of(bare(root));
        }
        List<String> classes = subfolders(train);
        if (classes.isEmpty()) {
            throw new DataException(
                    "data folder " + train + ": expected one folder per class, got none; put images in train/<class>/");
        }
        FolderOriginals training = list(root, train, "train", classes);
        Optional<Originals> validation = Optional.empty();
        for (String name : VALIDATION) {
            if (validation.isEmpty() && Files.isDirectory(root.resolve(name))) {
                validation = Optional.of(list(root, root.resolve(name), name, classes));
            }
        }
        Path test = root.resolve("test");
        return Optional.of(new Layout.Splits(
                training,
                validation,
                Files.isDirectory(test) ? Optional.of(list(root, test, "test", classes)) : Optional.empty()));
    }

    private static Layout.Splits bare(Path root) throws IOException {
        List<String> classes = subfolders(root);
        for (String name : classes) {
            if (VALIDATION.contains(name) || name.equals("test")) {
                throw new DataException(
                        "data folder " + root + ": expected a folder 'train' beside '" + name + "', got none");
            }
        }
        return new Layout.Splits(list(root, root, "train", classes), Optional.empty(), Optional.empty());
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

    private static FolderOriginals list(Path root, Path folder, String split, List<String> classes) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (String name : subfolders(folder)) {
            int label = classes.indexOf(name);
            if (label < 0) {
                throw new DataException(
                        "class folder " + folder.resolve(name) + ": expected one of the training classes "
                                + String.join(", ", classes) + "; rename it or add it to train");
            }
            int before = entries.size();
            Files.walkFileTree(
                    folder.resolve(name),
                    EnumSet.of(FileVisitOption.FOLLOW_LINKS),
                    Integer.MAX_VALUE,
                    new Collector(root, label, entries));
            if (entries.size() == before) {
                throw new DataException(
                        "class folder " + folder.resolve(name)
                                + ": expected at least one .jpg, .jpeg or .png file, got none; add images or remove the folder");
            }
        }
        if (entries.isEmpty()) {
            throw new DataException("data folder " + folder + ": expected one folder per class, got none");
        }
        entries.sort(Comparator.comparingInt(Entry::label).thenComparing(Entry::name));
        return new FolderOriginals(root, split, classes, List.copyOf(entries));
    }

    /** Gathers the image files below a class folder. */
    private static final class Collector extends SimpleFileVisitor<Path> {
        private final Path root;
        private final int label;
        private final List<Entry> entries;

        Collector(Path root, int label, List<Entry> entries) {
            this.root = root;
            this.label = label;
            this.entries = entries;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes facts) {
            String name = file.getFileName().toString();
            String suffix = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
            if (!name.startsWith(".") && SUFFIXES.contains(suffix) && facts.isRegularFile()) {
                String relative = root.relativize(file).toString();
                if (relative.indexOf('\n') >= 0 || relative.indexOf('\r') >= 0) {
                    throw new DataException(
                            "image " + relative.replaceAll("[\n\r]", "?") + ": its name holds a line break; rename it");
                }
                entries.add(new Entry(
                        file,
                        relative,
                        label,
                        facts.size(),
                        facts.lastModifiedTime().toMillis()));
            }
            return FileVisitResult.CONTINUE;
        }
    }

    @Override
    public String split() {
        return split;
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public int size() {
        return entries.size();
    }

    @Override
    public void identify(Consumer<String> facts) throws IOException {
        facts.accept(root.toRealPath().toString());
        for (Entry entry : entries) {
            facts.accept(entry.name + '\t' + entry.label + '\t' + entry.bytes + '\t' + entry.modified);
        }
    }

    @Override
    public PictureFormat survey(PictureDecoder decoder, OnCorrupt onCorrupt) throws IOException {
        PictureFormat first = null;
        int colour = 0;
        int readable = 0;
        int step = Math.max(1, entries.size() / SURVEYED);
        for (int i = 0; i < entries.size(); i++) {
            if (first != null && i % step != 0) {
                continue;
            }
            Entry entry = entries.get(i);
            try {
                Picture picture = decode(entry, decoder);
                readable++;
                colour += picture.channels() == 3 ? 1 : 0;
                if (first == null) {
                    first = new PictureFormat(3, new ImageSize(picture.height(), picture.width()), entry.name);
                }
            } catch (CorruptImageException e) {
                if (onCorrupt == OnCorrupt.FAIL) {
                    throw e.refusal(entry.name);
                }
            }
        }
        if (first == null) {
            throw new DataException("data folder " + root.resolve(split) + ": expected readable images, got "
                    + entries.size() + " that do not decode");
        }
        return new PictureFormat(2 * colour >= readable ? 3 : 1, first.size(), first.witness());
    }

    @Override
    public Feed open() {
        Iterator<Entry> rest = entries.iterator();
        return new Feed() {
            @Override
            public Original next() {
                Entry entry = rest.next();
                return new Original(entry.name, entry.label, decoder -> decode(entry, decoder));
            }

            @Override
            public void close() {}
        };
    }

    private static Picture decode(Entry entry, PictureDecoder decoder) throws IOException {
        byte[] file;
        try {
            file = Files.readAllBytes(entry.path);
        } catch (IOException e) {
            throw new DataException(
                    "image " + entry.path + ": cannot be read (" + e + "); check its permissions and the disk", e);
        }
        return decoder.decode(file);
    }
}
