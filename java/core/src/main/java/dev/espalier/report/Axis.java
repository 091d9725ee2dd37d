package dev.espalier.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A linear axis with round ticks that maps values to drawing units. */
final class Axis {

    private static final int TICKS_WANTED = 5;

    private final double low;
    private final double high;
    private final double tick;
    private final double from;
    private final double to;

    /**
     * @param min smallest value to show
     * @param max largest value to show
     * @param from drawing unit of the low end
     * @param to drawing unit of the high end
     */
    Axis(double min, double max, double from, double to) {
        double span = max > min ? max - min : Math.max(1e-9, Math.abs(max) > 0 ? Math.abs(max) * 0.2 : 1);
        this.tick = roundStep(span / TICKS_WANTED);
        this.low = Math.floor(min / tick) * tick;
        double top = Math.ceil(max / tick) * tick;
        this.high = top > low ? top : low + tick;
        this.from = from;
        this.to = to;
    }

    /** The smallest of 1, 2, 2.5, 5 and 10 times a power of ten that is not below {@code step}. */
    private static double roundStep(double step) {
        double power = Math.pow(10, Math.floor(Math.log10(step)));
        for (double factor : new double[] {1, 2, 2.5, 5}) {
            if (step <= factor * power * (1 + 1e-9)) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    double at(double value) {
        return from + (value - low) / (high - low) * (to - from);
    }

    double lowEnd() {
        return low;
    }

    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        long count = Math.round((high - low) / tick);
        for (long i = 0; i <= count; i++) {
            ticks.add(low + i * tick);
        }
        return ticks;
    }

    /** The value as a short text: thousands as k, M, G; no digits that the tick does not resolve. */
    String label(double value) {
        double magnitude = Math.max(Math.abs(low), Math.abs(high));
        double unit = magnitude >= 1e9 ? 1e9 : magnitude >= 1e6 ? 1e6 : magnitude >= 1e4 ? 1e3 : 1;
        String suffix = unit == 1e9 ? "G" : unit == 1e6 ? "M" : unit == 1e3 ? "k" : "";
        double step = tick / unit;
        int digits = 0;
        while (digits < 6 && Math.abs(step * Math.pow(10, digits) - Math.rint(step * Math.pow(10, digits))) > 1e-6) {
            digits++;
        }
        double shown = value / unit;
        return String.format(Locale.ROOT, "%." + digits + "f", shown == 0 ? 0.0 : shown) + suffix;
    }
}
