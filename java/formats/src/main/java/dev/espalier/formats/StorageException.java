package dev.espalier.formats;

import dev.espalier.runtime.EspalierException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file that the operating system would not read or write; the message names the file and the reason. */
public final class StorageException extends EspalierException {
    private static final long serialVersionUID = 1L;

    public StorageException(String message) {
        super(message);
    }

    private StorageException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The failure to read {@code file}. */
    public static StorageException reading(Path file, IOException cause) {
        return new StorageException("cannot read " + file + ": " + reason(cause), cause);
    }

    /** The failure to write {@code file}, after which nothing of it is left behind. */
    public static StorageException writing(Path file, IOException cause) {
        return new StorageException("cannot write " + file + ": " + reason(cause) + "; nothing was written", cause);
    }

    private static String reason(IOException cause) {
        if (cause instanceof NoSuchFileException) {
            return "no such file or folder";
        }
        if (cause instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (cause instanceof FileAlreadyExistsException) {
            return "it exists already";
        }
        if (cause instanceof FileSystemException system && system.getReason() != null) {
            return firstLine(system.getReason());
        }
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : firstLine(message);
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse(text);
    }
}
