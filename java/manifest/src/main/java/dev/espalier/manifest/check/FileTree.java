package dev.espalier.manifest.check;

import dev.espalier.data.DataException;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.function.Consumer;

/** The files below a folder, those that are hidden or in hidden folders left out. */
record FileTree(Path root) {
    void each(Consumer<Path> taker) {
        try {
            Files.walkFileTree(
                    root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes facts) {
                            return hidden(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes facts) {
                            if (facts.isRegularFile() && !hidden(file)) {
                                taker.accept(file);
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException failure) {
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            throw new DataException("folder " + root + ": cannot be listed (" + e + "); check its permissions", e);
        }
    }

    private boolean hidden(Path path) {
        return !path.equals(root) && path.getFileName().toString().startsWith(".");
    }
}
