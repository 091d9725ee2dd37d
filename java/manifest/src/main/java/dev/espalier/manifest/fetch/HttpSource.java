package dev.espalier.manifest.fetch;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Asks for files by HTTP and follows redirects.
 *
 * <p>It stands on {@link HttpURLConnection} because that gives up on a body that falls silent, which the newer client does
 * not.
 */
final class HttpSource {
    private static final int REDIRECTS = 10;
    private static final int UNSATISFIABLE = 416;
    private static final int TOO_MANY = 429;
    private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18}|\\*)");

    private final SystemProxy proxies;
    private final int silenceMillis;

    HttpSource(SystemProxy proxies, Duration silence) {
        this.proxies = proxies;
        this.silenceMillis = Math.toIntExact(silence.toMillis());
    }

    static boolean speaks(URI address) {
        return "http".equalsIgnoreCase(address.getScheme()) || "https".equalsIgnoreCase(address.getScheme());
    }

    /**
     * The file from {@code start} on if the server still has what {@code validator} names, else all of it.
     *
     * @param start 0 for all
     * @param validator as a former {@link Reply} gave it; present if {@code start} is above 0
     */
    Reply get(URI address, long start, Optional<String> validator) throws IOException {
        URI at = address;
        for (int hop = 0; hop <= REDIRECTS; hop++) {
            HttpURLConnection connection = connect(at);
            if (start > 0) {
                connection.setRequestProperty("Range", "bytes=" + start + "-");
                connection.setRequestProperty("If-Range", validator.orElseThrow());
            }
            int status = connection.getResponseCode();
            if (status < 300 || status > 399 || status == HttpURLConnection.HTTP_NOT_MODIFIED) {
                return new Reply(connection, status);
            }
            String location = connection.getHeaderField("Location");
            connection.disconnect();
            at = redirected(at, location);
        }
        throw new FetchException(address + ": more than " + REDIRECTS + " redirects; try another source with --from");
    }

    private HttpURLConnection connect(URI address) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection(proxies.of(address));
        connection.setInstanceFollowRedirects(false);
        connection.setUseCaches(false);
        connection.setConnectTimeout(silenceMillis);
        connection.setReadTimeout(silenceMillis);
        connection.setRequestProperty("User-Agent", "espalier");
        return connection;
    }

    private static URI redirected(URI from, @Nullable String location) {
        try {
            URI to = from.resolve(location == null ? "" : location);
            if (location != null && speaks(to) && to.getHost() != null) {
                return to;
            }
        } catch (IllegalArgumentException e) {
            throw new FetchException(from + ": redirects to '" + location + "', which is no address", e);
        }
        throw new FetchException(from + ": redirects to '" + location + "', expected an http or https address");
    }

    /** A server's answer: its head at once, its body while it is read. */
    static final class Reply implements Closeable {
        private final HttpURLConnection connection;
        private final int status;
        private final long start;
        private final long total;

        Reply(HttpURLConnection connection, int status) {
            this.connection = connection;
            this.status = status;
            String range = connection.getHeaderField("Content-Range");
            Matcher parts = RANGE.matcher(range == null ? "" : range.strip());
            boolean partial = status == HttpURLConnection.HTTP_PARTIAL && parts.matches();
            this.start = partial ? Long.parseLong(parts.group(1)) : status == HttpURLConnection.HTTP_PARTIAL ? -1 : 0;
            long length = connection.getContentLengthLong();
            this.total =
                    partial ? parts.group(2).equals("*") ? 0 : Long.parseLong(parts.group(2)) : Math.max(0, length);
        }

        int status() {
            return status;
        }

        boolean whole() {
            return status == HttpURLConnection.HTTP_OK;
        }

        boolean partial() {
            return status == HttpURLConnection.HTTP_PARTIAL;
        }

        boolean unsatisfiable() {
            return status == UNSATISFIABLE;
        }

        /** Whether the same request may be answered later. */
        boolean temporary() {
            return status >= 500 || status == TOO_MANY || status == HttpURLConnection.HTTP_CLIENT_TIMEOUT || status < 0;
        }

        /** Where in the file the body begins; -1 if the server does not say so though it sends a part. */
        long start() {
            return start;
        }

        /** The length of the whole file; 0 if it is not told. */
        long total() {
            return total;
        }

        /** What names this version of the file byte for byte (RFC 9110, section 13.1.5): a strong entity tag, else a date. */
        Optional<String> validator() {
            String tag = connection.getHeaderField("ETag");
            return tag != null && tag.startsWith("\"")
                    ? Optional.of(tag)
                    : Optional.ofNullable(connection.getHeaderField("Last-Modified"));
        }

        /** How long the server asks to wait; zero if it does not. */
        Duration retryAfter() {
            return Duration.ofSeconds(Math.max(0, connection.getHeaderFieldInt("Retry-After", 0)));
        }

        InputStream body() throws IOException {
            return connection.getInputStream();
        }

        @Override
        public void close() {
            connection.disconnect();
        }
    }
}
