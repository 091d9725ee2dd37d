package dev.espalier.formats.hostile;

import com.sun.management.ThreadMXBean;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Scope;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/**
 * What reading one file came to.
 *
 * @param verdict "accepted", the class of refusal, or what went wrong
 * @param right whether the file was accepted or refused in one line, in time and within the memory allowed
 * @param nanos the time it took
 * @param bytes what the reading thread allocated on the heap, freed or not
 */
record Outcome(String verdict, boolean right, long nanos, long bytes) {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** What reading a file of this many bytes may allocate on the heap. */
    static long allowedBytes(long fileBytes) {
        return (32L << 20) + 512 * fileBytes;
    }

    static final long ALLOWED_NANOS = 5_000_000_000L;

    /** Something that reads a file in the open scope. */
    @FunctionalInterface
    interface Reader {
        void read(Path file);
    }

    static Outcome of(Reader reader, Path file, long fileBytes) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        String verdict = "accepted";
        boolean right = true;
        try (Scope scope = Scope.open()) {
            reader.read(file);
        } catch (EspalierException e) {
            String message = String.valueOf(e.getMessage());
            verdict = refusal(message, file);
            right = message.lines().count() == 1
                    && message.length() <= 1000
                    && message.contains(file.getFileName().toString());
            if (!right) {
                verdict = "no one-line refusal that names the file: " + message;
            }
        } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
            right = false;
            StackTraceElement[] trace = e.getStackTrace();
            verdict = "crash: " + e + (trace.length == 0 ? "" : " at " + trace[0] + " … " + ours(trace));
        }
        long nanos = System.nanoTime() - start;
        long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
        if (right && nanos > ALLOWED_NANOS) {
            return new Outcome("hang: " + nanos / 1_000_000 + " ms, " + verdict, false, nanos, bytes);
        }
        if (right && bytes > allowedBytes(fileBytes)) {
            return new Outcome("allocated " + bytes + " bytes for " + fileBytes + ", " + verdict, false, nanos, bytes);
        }
        return new Outcome(verdict, right, nanos, bytes);
    }

    private static String ours(StackTraceElement[] trace) {
        for (StackTraceElement frame : trace) {
            if (frame.getClassName().startsWith("dev.espalier")) {
                return frame.toString();
            }
        }
        return "outside";
    }

    /** The message without what differs from file to file. */
    private static String refusal(String message, Path file) {
        String plain = message.replace(file.toString(), "FILE")
                .replaceAll("'[^']*'", "'…'")
                .replaceAll("\\[[^\\]]*\\]", "[…]")
                .replaceAll("-?[0-9][0-9.eE]*", "N")
                .replaceAll("[^\\x20-\\x7e…]", "?");
        return plain.length() > 90 ? plain.substring(0, 90) : plain;
    }
}
