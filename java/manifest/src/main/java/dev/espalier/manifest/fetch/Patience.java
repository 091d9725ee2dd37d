package dev.espalier.manifest.fetch;

import java.time.Duration;

/**
 * How long a slow or failing server is borne with.
 *
 * @param attempts failures in a row without a new byte, after which it is given up
 * @param pause before the second attempt; doubled before each further one, up to {@link #LONGEST}
 * @param silence how long connecting, or waiting for the next byte, may take
 */
public record Patience(int attempts, Duration pause, Duration silence) {
    static final Duration LONGEST = Duration.ofSeconds(60);

    public Patience {
        if (attempts < 1 || pause.isNegative() || silence.toMillis() < 1) {
            throw new IllegalArgumentException("patience: expected at least one attempt and times of 0 or more");
        }
    }

    /** Six attempts, one second before the second, half a minute of silence. */
    public static Patience standard() {
        return new Patience(6, Duration.ofSeconds(1), Duration.ofSeconds(30));
    }

    /** How long to wait after so many failures in a row, or as long as the server asks if that is longer. */
    Duration after(int failures, Duration asked) {
        Duration own = pause.multipliedBy(1L << Math.min(10, failures - 1));
        Duration longer = own.compareTo(asked) >= 0 ? own : asked;
        return longer.compareTo(LONGEST) <= 0 ? longer : LONGEST;
    }
}
