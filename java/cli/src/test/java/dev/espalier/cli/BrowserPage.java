package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import tools.jackson.databind.JsonNode;

/** One page of a {@link Browser}, and all that went wrong in it. */
final class BrowserPage {
    private final Browser browser;
    private final String session;
    private final List<String> problems = new CopyOnWriteArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();

    BrowserPage(Browser browser, int width, int height) {
        this.browser = browser;
        String target = browser.call(null, "Target.createTarget", Map.of("url", "about:blank"))
                .get("targetId")
                .asString();
        session = browser.call(null, "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
                .get("sessionId")
                .asString();
        browser.hear(this::hear);
        List.of("Page", "Runtime", "Log", "Network").forEach(domain -> call(domain + ".enable", Map.of()));
        resize(width, height, 1);
    }

    private JsonNode call(String method, Map<String, ?> parameters) {
        return browser.call(session, method, parameters);
    }

    /** Another size in CSS pixels, each drawn as {@code scale} by {@code scale} pixels. */
    void resize(int width, int height, double scale) {
        call(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", scale, "mobile", width < 600));
    }

    /** The colours that the reader of the page prefers: light or dark. */
    void prefer(String scheme) {
        call(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    /** Cuts the page off from every network. */
    void offline() {
        call(
                "Network.emulateNetworkConditions",
                Map.of("offline", true, "latency", 0, "downloadThroughput", 0, "uploadThroughput", 0));
    }

    void open(URI address) {
        JsonNode result = call("Page.navigate", Map.of("url", address.toString()));
        assertThat(result.has("errorText")).as(result.toString()).isFalse();
        await("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /** The value of an expression. */
    JsonNode evaluate(String expression) {
        JsonNode result = call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
        assertThat(result.has("exceptionDetails")).as(result.toString()).isFalse();
        return result.path("result").path("value");
    }

    /** Waits until an expression is true. */
    void await(String expression) {
        long until = System.nanoTime() + Browser.patience().toNanos();
        while (!evaluate(expression).asBoolean()) {
            assertThat(System.nanoTime())
                    .as("still not true: " + expression + "\n" + problems + "\n" + text())
                    .isLessThan(until);
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                throw new IllegalStateException("interrupted", e);
            }
        }
    }

    /** The text that a reader sees. */
    String text() {
        return evaluate("document.body.innerText").asString();
    }

    /** How wide the page is, what has to be scrolled to included. */
    int width() {
        return evaluate("document.scrollingElement.scrollWidth").asInt();
    }

    /** Errors on the console, exceptions, and requests that failed. */
    List<String> problems() {
        return List.copyOf(problems);
    }

    /** The addresses of all that was asked for, but for what the page itself holds. */
    List<String> requests() {
        return requests.stream().filter(address -> !address.startsWith("data:")).toList();
    }

    /** A picture of the top of the page. */
    void photograph(Path file) throws IOException {
        String png = call("Page.captureScreenshot", Map.of("format", "png"))
                .get("data")
                .asString();
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, Base64.getDecoder().decode(png));
    }

    private void hear(JsonNode message) {
        if (!message.path("sessionId").asString("").equals(session)) {
            return;
        }
        JsonNode told = message.get("params");
        switch (message.get("method").asString()) {
            case "Runtime.exceptionThrown" -> problems.add(told.toString());
            case "Runtime.consoleAPICalled" ->
                addIf(
                        List.of("error", "warning", "assert")
                                .contains(told.get("type").asString()),
                        told);
            case "Log.entryAdded" ->
                addIf(
                        List.of("error", "warning")
                                .contains(told.at("/entry/level").asString()),
                        told);
            case "Network.loadingFailed" -> addIf(!told.path("canceled").asBoolean(false), told);
            case "Network.responseReceived" -> addIf(told.at("/response/status").asInt() >= 400, told);
            case "Network.requestWillBeSent" ->
                requests.add(told.at("/request/url").asString());
            default -> {}
        }
    }

    private void addIf(boolean problem, JsonNode told) {
        if (problem) {
            problems.add(told.toString());
        }
    }
}
