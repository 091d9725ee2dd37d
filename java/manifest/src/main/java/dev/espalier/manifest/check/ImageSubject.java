package dev.espalier.manifest.check;

import dev.espalier.data.Original;
import dev.espalier.data.Skipped;
import dev.espalier.data.StoredImages;
import dev.espalier.manifest.Column;
import dev.espalier.manifest.ColumnType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** A folder of labelled images in any of the layouts that training takes. */
final class ImageSubject extends Subject {
    private final Path root;
    private final List<StoredImages> splits;

    ImageSubject(Path root) {
        this.root = root;
        this.splits = StoredImages.of(root);
    }

    @Override
    List<String> splits() {
        return splits.stream().map(StoredImages::split).toList();
    }

    @Override
    List<String> classes() {
        return splits.get(0).classes();
    }

    @Override
    List<Column> inputs() {
        return List.of(Column.of("image", ColumnType.IMAGE));
    }

    @Override
    int size(String split) {
        return splits.stream()
                .filter(images -> images.split().equals(split))
                .mapToInt(StoredImages::size)
                .sum();
    }

    @Override
    List<Skipped> unusable() {
        return List.of();
    }

    @Override
    void each(Consumer<Sample> taker) {
        for (StoredImages images : splits) {
            images.each(image -> taker.accept(sample(images, image)));
        }
    }

    private static Sample sample(StoredImages images, Original image) {
        return new Sample(
                images.split(),
                image.name(),
                List.of(images.classes().get(image.label())),
                Optional.empty(),
                List.of(decoder -> Look.Image.of(image.pixels().decode(decoder))));
    }

    @Override
    Examples unreferenced(int most) {
        Examples unreferenced = new Examples(most);
        Set<String> names = new HashSet<>();
        for (StoredImages images : splits) {
            images.each(image -> names.add(image.name()));
        }
        boolean oneFileEach = names.stream().limit(1).allMatch(name -> Files.isRegularFile(root.resolve(name)));
        if (oneFileEach) {
            new FileTree(root).each(file -> {
                String name = root.relativize(file).toString();
                if (!names.contains(name)) {
                    unreferenced.add(name);
                }
            });
        }
        return unreferenced;
    }
}
