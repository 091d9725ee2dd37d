package dev.espalier.data;

/** One synthetic image: where its motif lies and how it is coloured, drawn from the random numbers of its index. */
final class Sketch {
    /** Random numbers set apart for each image. */
    private static final long DRAWS = 1L << 24;

    private static final double NOISE = 0.06;

    private final int side;
    private final Philox random;
    private long draw;

    Sketch(int side, Philox random, int index) {
        this.side = side;
        this.random = random;
        this.draw = index * DRAWS;
    }

    private double next(double low, double high) {
        return random.uniform(draw++, low, high);
    }

    /** Bytes in row, column order with blue, green, red together. */
    byte[] draw(Motif motif) {
        boolean texture = motif.isTexture();
        double size = texture ? next(0.09, 0.16) : next(0.26, 0.38);
        double room = texture ? 0.5 : 0.5 - size;
        double centreX = next(0.5 - room, 0.5 + room);
        double centreY = next(0.5 - room, 0.5 + room);
        double angle = Math.toRadians(texture ? next(-14, 14) : next(-180, 180));
        double[] ground = colour();
        double[] figure = colour();
        while (contrast(ground, figure) < 0.4) {
            figure = colour();
        }
        double slope = next(-0.15, 0.15);
        byte[] bytes = new byte[3 * side * side];
        int to = 0;
        double edge = 0.5 / (side * size);
        for (int row = 0; row < side; row++) {
            for (int column = 0; column < side; column++) {
                double dx = ((column + 0.5) / side - centreX) / size;
                double dy = ((row + 0.5) / side - centreY) / size;
                double x = Math.cos(angle) * dx + Math.sin(angle) * dy;
                double y = Math.cos(angle) * dy - Math.sin(angle) * dx;
                double cover = motif.cover(x, y, edge);
                double light = slope * ((double) column / side - 0.5);
                for (int c = 0; c < 3; c++) {
                    double value = ground[c]
                            + cover * (figure[c] - ground[c])
                            + light
                            + next(-NOISE, NOISE)
                            + next(-NOISE, NOISE);
                    bytes[to++] = (byte) Math.max(0, Math.min(255, Math.round(255 * value)));
                }
            }
        }
        return bytes;
    }

    private double[] colour() {
        return new double[] {next(0, 1), next(0, 1), next(0, 1)};
    }

    /** Difference in brightness, so that grey copies still show the motif. */
    private static double contrast(double[] one, double[] other) {
        double difference = 0;
        for (int c = 0; c < 3; c++) {
            difference += (one[c] - other[c]) / 3;
        }
        return Math.abs(difference);
    }
}
