package dev.espalier.report;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * The page that shows a run while it goes on: one file that asks its own server alone, for {@code events}.
 *
 * <p>Its charts look as those of {@link Chart}, but are drawn by its script.
 */
public final class WatchPage {
    private static final String CSS = PageStyle.CSS + PageStyle.resource("watch.css");
    private static final String SCRIPT = PageStyle.resource("watch.js");

    private WatchPage() {}

    /** The page; the same always. */
    public static String html() {
        return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Espalier</title>"
                + PageStyle.ICON + "<style>" + CSS + "</style></head><body><main>" + PageStyle.resource("watch.html")
                + "<script>" + SCRIPT + "</script>" + ReportPage.END;
    }

    /** The value of the Content-Security-Policy header that lets this page's style and script run, and nothing else. */
    public static String policy() {
        return "default-src 'none'; script-src '" + hash(SCRIPT) + "'; style-src '" + hash(CSS)
                + "'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
