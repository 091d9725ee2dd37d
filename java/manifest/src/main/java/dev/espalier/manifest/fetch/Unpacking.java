package dev.espalier.manifest.fetch;

import java.util.Optional;

/**
 * How a gzipped tar archive becomes a folder.
 *
 * @param folder the name of that folder
 * @param strip leading parts of each entry's path that are left out
 * @param limits what it may unpack to
 * @param content what the unpacked files must be, where the archive itself has no digest
 */
public record Unpacking(String folder, int strip, Limits limits, Optional<ContentCheck> content) {
    public Unpacking {
        if (folder.isEmpty() || folder.indexOf('/') >= 0 || folder.startsWith(".") || strip < 0) {
            throw new IllegalArgumentException("unpacking: expected a plain folder name and a strip of 0 or more, got '"
                    + folder + "' and " + strip);
        }
    }
}
