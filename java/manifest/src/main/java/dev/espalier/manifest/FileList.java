package dev.espalier.manifest;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.OneLine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * Finds the files that a description names.
 *
 * @param folder what relative names start from
 */
record FileList(Path folder) {
    private static final String WILD = "*?[{";

    /** The files of one name, a list of names, or a map from split to either; in the order of the names, then of the paths. */
    List<TableFile> find(String what, Object value) {
        List<TableFile> files = all(what, value);
        Set<Path> seen = new HashSet<>();
        for (TableFile file : files) {
            if (!seen.add(file.path().toAbsolutePath().normalize())) {
                throw new DataException(what + ": expected every file once, got " + file.path() + " twice");
            }
        }
        return files;
    }

    private List<TableFile> all(String what, Object value) {
        if (!(value instanceof Map)) {
            return find(what, value, Optional.empty());
        }
        List<TableFile> files = new ArrayList<>();
        Description.of(what, value).values().forEach((name, names) -> {
            Split split = Split.of(name)
                    .orElseThrow(() -> new DataException(
                            what + ": expected splits, " + Split.KNOWN + ", got '" + OneLine.of(name) + "'"));
            files.addAll(find(what, names, Optional.of(split)));
        });
        if (files.isEmpty()) {
            throw new DataException(what + ": expected at least one split, got an empty map");
        }
        return files;
    }

    private List<TableFile> find(String what, Object value, Optional<Split> split) {
        List<TableFile> files = new ArrayList<>();
        for (String name : Description.texts(what, value)) {
            try {
                matching(what, name).forEach(path -> files.add(new TableFile(path, split)));
            } catch (InvalidPathException | PatternSyntaxException e) {
                throw new DataException(
                        what + ": expected a path or a glob, got '" + OneLine.of(name) + "' ("
                                + OneLine.of(String.valueOf(e.getMessage())) + ")",
                        e);
            }
        }
        return files;
    }

    private List<Path> matching(String what, String name) {
        int wild = indexOfWild(name);
        if (wild < 0 || Files.exists(folder.resolve(name))) {
            return List.of(folder.resolve(name));
        }
        int slash = name.lastIndexOf('/', wild);
        Path start = folder.resolve(name.substring(0, slash + 1));
        String glob = name.substring(slash + 1);
        PathMatcher matcher = start.getFileSystem().getPathMatcher("glob:" + glob);
        int depth = glob.contains("**")
                ? Integer.MAX_VALUE
                : 1 + (int) glob.chars().filter(c -> c == '/').count();
        List<Path> found = walk(start, depth).stream()
                .filter(path -> matcher.matches(start.relativize(path)))
                .toList();
        if (found.isEmpty()) {
            throw new DataException(
                    what + ": expected files that match " + OneLine.of(name) + " in " + folder + ", got none");
        }
        return found;
    }

    private static List<Path> walk(Path start, int depth) {
        if (!Files.isDirectory(start)) {
            return List.of();
        }
        try (Stream<Path> below = Files.walk(start, depth)) {
            return below.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            throw new DataException("folder " + start + ": cannot be listed (" + e + "); check its permissions", e);
        }
    }

    private static int indexOfWild(String name) {
        int plain = (int) name.chars().takeWhile(c -> WILD.indexOf(c) < 0).count();
        return plain == name.length() ? -1 : plain;
    }
}
