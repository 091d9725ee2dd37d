package dev.espalier.manifest.fetch;

import dev.espalier.data.DataException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;

/**
 * How data sets are fetched.
 *
 * @param mirror an address that stands for everything before the names of the files; empty for the publishers' own
 * @param patience with servers
 * @param listener is told how it goes
 */
public record FetchOptions(Optional<URI> mirror, Patience patience, FetchListener listener) {
    /** From the publishers, with {@link Patience#standard()}, silently. */
    public static FetchOptions defaults() {
        return new FetchOptions(Optional.empty(), Patience.standard(), FetchListener.silent());
    }

    /**
     * Another place for all files.
     *
     * @throws DataException if it is no http or https address
     */
    public FetchOptions withMirror(String prefix) {
        try {
            URI address = new URI(prefix);
            if (HttpSource.speaks(address) && address.getHost() != null && address.getQuery() == null) {
                return new FetchOptions(Optional.of(address), patience, listener);
            }
        } catch (URISyntaxException e) {
            throw new DataException(
                    "mirror '" + prefix + "': expected an http or https address (" + e.getReason() + ")", e);
        }
        throw new DataException(
                "mirror '" + prefix + "': expected an http or https address such as https://host/folder/");
    }

    public FetchOptions withPatience(Patience newPatience) {
        return new FetchOptions(mirror, newPatience, listener);
    }

    public FetchOptions withListener(FetchListener newListener) {
        return new FetchOptions(mirror, patience, newListener);
    }
}
