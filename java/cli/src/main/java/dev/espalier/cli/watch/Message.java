package dev.espalier.cli.watch;

import java.nio.charset.StandardCharsets;

/** One server-sent event as it goes over the wire; {@code last} if the stream ends with it. */
record Message(long number, String text, boolean last) {
    static Message of(String run, long number, String event, String json) {
        return new Message(
                number,
                "id: " + run + "-" + number + "\nevent: " + event + "\ndata: " + json + "\n\n",
                event.equals("end"));
    }

    byte[] bytes() {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
