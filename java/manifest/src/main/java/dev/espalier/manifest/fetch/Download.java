package dev.espalier.manifest.fetch;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Brings one file to the disk, going on where it was cut off, until its digest is right or there is no hope. */
final class Download {
    /** What a file of unknown length may have at most. */
    private static final long MOST = 1L << 30;

    private final RemoteFile file;
    private final HttpSource source;
    private final FetchOptions options;

    Download(RemoteFile file, HttpSource source, FetchOptions options) {
        this.file = file;
        this.source = source;
        this.options = options;
    }

    /** A request that the server did not serve now but may serve later. */
    private static final class Postponed extends IOException {
        private static final long serialVersionUID = 1L;
        private final Duration wait;

        Postponed(String message, Duration wait) {
            super(message);
            this.wait = wait;
        }
    }

    void to(Path target) {
        try (PartFile part = new PartFile(target)) {
            transfer(part);
            if (file.sha256().isPresent()) {
                Sha256 got = part.sha256();
                if (!got.equals(file.sha256().get())) {
                    throw new FetchException(file.name() + ": expected sha256 "
                            + file.sha256().get() + ", got " + got + "; kept as " + part.spoil()
                            + "; fetch again, or from another source with --from");
                }
            }
            part.finish();
        }
    }

    private void transfer(PartFile part) {
        for (int failures = 0; ; ) {
            long before = part.size();
            try {
                attempt(part);
                return;
            } catch (IOException e) {
                failures = part.size() > before ? 1 : failures + 1;
                if (failures >= options.patience().attempts()) {
                    throw new FetchException(
                            file.address() + ": " + reason(e) + "; given up after " + failures
                                    + " attempts without a new byte; fetch again to go on, or from another source with --from; is a proxy needed (https_proxy)?",
                            e);
                }
                Duration asked = e instanceof Postponed postponed ? postponed.wait : Duration.ZERO;
                pause(options.patience().after(failures, asked), reason(e));
            }
        }
    }

    /** One request; returns if the part is whole then. */
    private void attempt(PartFile part) throws IOException {
        long have = part.size();
        Optional<String> validator = part.validator();
        if (have > 0 && have == file.bytes()) {
            return;
        }
        if (validator.isEmpty() || (file.bytes() > 0 && have > file.bytes())) {
            have = 0;
        }
        try (HttpSource.Reply reply = source.get(file.address(), have, validator)) {
            if (reply.whole()) {
                part.restart(reply.validator());
            } else if (!reply.partial() || reply.start() != part.size()) {
                refuse(reply, part);
            }
            copy(reply, part);
        }
    }

    private void refuse(HttpSource.Reply reply, PartFile part) throws IOException {
        if (reply.partial() || reply.unsatisfiable()) {
            part.restart(Optional.empty());
            throw new IOException("the server sent another part than asked for");
        }
        String answer = "the server answered with status " + reply.status();
        if (reply.temporary()) {
            throw new Postponed(answer, reply.retryAfter());
        }
        throw new FetchException(
                file.address() + ": " + answer + "; the address may have changed: try another source with --from");
    }

    private void copy(HttpSource.Reply reply, PartFile part) throws IOException {
        long total = file.bytes() > 0 ? file.bytes() : reply.total();
        boolean other = reply.total() > 0 && reply.total() != total;
        if (other || (total > MOST && file.bytes() == 0)) {
            throw wrongLength(reply.total());
        }
        byte[] buffer = new byte[1 << 16];
        long done = part.size();
        try (InputStream in = reply.body()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                done += n;
                if (done > (total > 0 ? total : MOST)) {
                    throw wrongLength(done);
                }
                part.append(buffer, n);
                options.listener().transferred(file.name(), done, total);
            }
        }
        if (done < total) {
            throw new EOFException("the connection ended after " + done + " of " + total + " bytes");
        }
    }

    private FetchException wrongLength(long got) {
        return new FetchException(file.address() + ": expected "
                + (file.bytes() > 0 ? file.bytes() : "at most " + MOST) + " bytes, got " + got
                + "; the server offers another file: try another source with --from");
    }

    private static String reason(IOException e) {
        if (e instanceof UnknownHostException) {
            return "host " + e.getMessage() + " is not known";
        }
        if (e instanceof SocketTimeoutException) {
            return "the server fell silent";
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private void pause(Duration wait, String reason) {
        options.listener().note(file.name() + ": " + reason + "; trying again in " + wait.toMillis() / 1e3 + " s");
        try {
            Thread.sleep(wait.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException cause = new InterruptedIOException("interrupted");
            cause.initCause(e);
            throw new FetchException(file.name() + ": interrupted; fetch again to go on", cause);
        }
    }
}
