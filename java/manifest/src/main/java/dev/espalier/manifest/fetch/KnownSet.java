package dev.espalier.manifest.fetch;

import java.util.List;
import java.util.Optional;

/**
 * A data set that can be fetched by its name.
 *
 * @param name as given on the command line
 * @param about one line: what it holds
 * @param files as the publisher offers them
 * @param unpacking what becomes of its only file; empty where the files are used as they come
 * @param licence one line: what its publisher permits, or that he does not say
 * @param layout one line: what lies in the folder afterwards
 */
public record KnownSet(
        String name,
        String about,
        List<RemoteFile> files,
        Optional<Unpacking> unpacking,
        String licence,
        String layout) {
    public KnownSet {
        files = List.copyOf(files);
        if (files.isEmpty() || (unpacking.isPresent() && files.size() != 1)) {
            throw new IllegalArgumentException(name + ": expected files, and one alone if it is unpacked");
        }
        boolean checked = unpacking.flatMap(Unpacking::content).isPresent()
                || files.stream().allMatch(file -> file.sha256().isPresent());
        if (!checked) {
            throw new IllegalArgumentException(name + ": expected a digest for each file or for what is inside");
        }
    }
}
