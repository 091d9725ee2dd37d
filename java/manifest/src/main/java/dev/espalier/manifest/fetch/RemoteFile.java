package dev.espalier.manifest.fetch;

import java.net.URI;
import java.util.Optional;

/**
 * One file of a data set as its publisher offers it.
 *
 * @param name of the file that it becomes
 * @param address http or https
 * @param bytes its length; 0 where the publisher packs it anew for each request
 * @param sha256 its digest; empty where what is inside is checked instead
 */
public record RemoteFile(String name, URI address, long bytes, Optional<Sha256> sha256) {
    public RemoteFile {
        if (name.isEmpty() || name.indexOf('/') >= 0 || name.startsWith(".")) {
            throw new IllegalArgumentException("file name: expected a plain name, got '" + name + "'");
        }
        if (bytes < 0) {
            throw new IllegalArgumentException(name + ": expected a length of 0 or more, got " + bytes);
        }
    }

    static RemoteFile of(String name, String folder, long bytes, String sha256) {
        return new RemoteFile(name, URI.create(folder + name), bytes, Optional.of(new Sha256(sha256)));
    }

    /** The same file under another prefix, which ends where the name begins. */
    RemoteFile from(URI mirror) {
        String prefix = mirror.toString();
        return new RemoteFile(name, URI.create(prefix + (prefix.endsWith("/") ? "" : "/") + name), bytes, sha256);
    }
}
