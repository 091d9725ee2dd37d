package dev.espalier.manifest.fetch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What unpacked files must be, for an archive whose own bytes its publisher does not promise to keep.
 *
 * @param folder below the unpacked folder, not searched deeper
 * @param suffix of the files that count
 * @param files their number
 * @param sha256 over name (UTF-8) and bytes of each, in the order of the names
 */
public record ContentCheck(String folder, String suffix, int files, Sha256 sha256) {

    /** What is wrong with the files in {@code unpacked}; empty if nothing is. */
    Optional<String> complaint(Path unpacked) throws IOException {
        Path place = unpacked.resolve(folder);
        if (!Files.isDirectory(place)) {
            return Optional.of("expected a folder " + folder + " in it, got none");
        }
        List<Path> found;
        try (Stream<Path> inside = Files.list(place)) {
            found = inside.filter(file -> file.toString().endsWith(suffix))
                    .sorted()
                    .toList();
        }
        if (found.size() != files) {
            return Optional.of(
                    "expected " + files + " *" + suffix + " files in its " + folder + ", got " + found.size());
        }
        MessageDigest digest = Sha256.digest();
        for (Path file : found) {
            digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
            digest.update(Files.readAllBytes(file));
        }
        Sha256 got = Sha256.of(digest);
        return got.equals(sha256)
                ? Optional.empty()
                : Optional.of("expected sha256 " + sha256 + " over its " + folder + ", got " + got);
    }
}
