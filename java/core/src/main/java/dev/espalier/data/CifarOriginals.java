package dev.espalier.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The binary distributions of CIFAR-10 and CIFAR-100: records of one label byte (CIFAR-100: coarse, then fine; the fine one
 * counts) and 3,072 pixel bytes in channel, row, column order.
 */
final class CifarOriginals implements Originals {
    private static final int SIDE = 32;
    private static final int PIXELS = 3 * SIDE * SIDE;

    private final String split;
    private final List<String> classes;
    private final List<Path> files;
    private final int labelBytes;
    private final int size;

    private CifarOriginals(String split, List<String> classes, List<Path> files, int labelBytes) throws IOException {
        this.split = split;
        this.classes = classes;
        this.files = files;
        this.labelBytes = labelBytes;
        int records = 0;
        for (Path file : files) {
            records += recordsOf(file);
        }
        this.size = records;
    }

    static Optional<Layout.Splits> find(Path root) throws IOException {
        for (Path folder : List.of(root, root.resolve("cifar-10-batches-bin"), root.resolve("cifar-100-binary"))) {
            if (Files.isRegularFile(folder.resolve("data_batch_1.bin"))) {
                return Optional.of(ten(folder));
            }
            if (Files.isRegularFile(folder.resolve("train.bin"))) {
                return Optional.of(hundred(folder));
            }
        }
        return Optional.empty();
    }

    private static Layout.Splits ten(Path folder) throws IOException {
        List<Path> batches = new ArrayList<>();
        for (int i = 1; Files.isRegularFile(folder.resolve("data_batch_" + i + ".bin")); i++) {
            batches.add(folder.resolve("data_batch_" + i + ".bin"));
        }
        List<String> classes = names(folder.resolve("batches.meta.txt"), 10);
        return splits(classes, batches, folder.resolve("test_batch.bin"), 1);
    }

    private static Layout.Splits hundred(Path folder) throws IOException {
        List<String> classes = names(folder.resolve("fine_label_names.txt"), 100);
        return splits(classes, List.of(folder.resolve("train.bin")), folder.resolve("test.bin"), 2);
    }

    private static Layout.Splits splits(List<String> classes, List<Path> train, Path test, int labelBytes)
            throws IOException {
        Optional<Originals> tests = Files.isRegularFile(test)
                ? Optional.of(new CifarOriginals("test", classes, List.of(test), labelBytes))
                : Optional.empty();
        return new Layout.Splits(new CifarOriginals("train", classes, train, labelBytes), Optional.empty(), tests);
    }

    private static List<String> names(Path file, int count) throws IOException {
        if (!Files.isRegularFile(file)) {
            return IntStream.range(0, count).mapToObj(Integer::toString).toList();
        }
        List<String> names = Files.readAllLines(file).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        if (names.size() != count) {
            throw new DataException("class names " + file + ": expected " + count + " lines, got " + names.size()
                    + "; fetch the file again");
        }
        return names;
    }

    private int recordsOf(Path file) throws IOException {
        long bytes = Files.size(file);
        int record = labelBytes + PIXELS;
        if (bytes == 0 || bytes % record != 0) {
            throw new DataException("CIFAR file " + file + ": expected a length that is a multiple of the record of "
                    + record + " bytes, got " + bytes + "; fetch the file again");
        }
        return Math.toIntExact(bytes / record);
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
        return size;
    }

    @Override
    public void identify(Consumer<String> facts) throws IOException {
        classes.forEach(facts);
        for (Path file : files) {
            facts.accept(FlatFiles.identity(file));
        }
    }

    @Override
    public PictureFormat survey(PictureDecoder decoder, OnCorrupt onCorrupt) {
        return new PictureFormat(
                3, new ImageSize(SIDE, SIDE), files.get(0).getFileName().toString());
    }

    @Override
    public Feed open() {
        return new Records();
    }

    /** Goes through the records of all files. */
    private final class Records implements Feed {
        private int file = -1;
        private int left;
        private int record;
        private InputStream in = InputStream.nullInputStream();

        @Override
        public Original next() throws IOException {
            if (left == 0) {
                in.close();
                file++;
                in = FlatFiles.open(files.get(file));
                left = recordsOf(files.get(file));
                record = 0;
            }
            Path path = files.get(file);
            String name = path.getFileName() + "#" + record;
            byte[] labels = FlatFiles.take(in, labelBytes, path);
            byte[] pixels = FlatFiles.take(in, PIXELS, path);
            left--;
            record++;
            int label = labels[labelBytes - 1] & 0xFF;
            if (label >= classes.size()) {
                throw new DataException("CIFAR record " + name + ": expected a label below " + classes.size() + ", got "
                        + label + "; fetch " + path + " again");
            }
            return new Original(name, label, decoder -> new Picture(3, SIDE, SIDE, pixels));
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
