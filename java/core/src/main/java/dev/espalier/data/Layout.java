package dev.espalier.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A known way to lay a data set out in a folder. */
@FunctionalInterface
interface Layout {
    /** The layouts, most specific first. */
    List<Layout> ALL = List.of(CifarOriginals::find, IdxOriginals::find, FolderOriginals::find);

    /** The splits in the folder, or nothing if it has another layout. */
    Optional<Splits> find(Path root) throws IOException;

    /** What a data folder holds. */
    record Splits(Originals train, Optional<Originals> validation, Optional<Originals> test) {}
}
