package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyntheticImagesTest {
    @TempDir
    Path folder;

    @Test
    void theSeedDecidesEveryFile() throws IOException {
        new SyntheticImages(32, 3, 2, 5).write(folder.resolve("a"));
        new SyntheticImages(32, 3, 2, 5).write(folder.resolve("b"));
        new SyntheticImages(32, 3, 2, 6).write(folder.resolve("c"));
        Path file = Path.of("train", "ring", "0001.png");
        byte[] first = Files.readAllBytes(folder.resolve("a").resolve(file));
        assertThat(Files.readAllBytes(folder.resolve("b").resolve(file))).isEqualTo(first);
        assertThat(Files.readAllBytes(folder.resolve("c").resolve(file))).isNotEqualTo(first);
        assertThat(Files.readAllBytes(folder.resolve("a/test/ring/0001.png"))).isNotEqualTo(first);
    }

    @Test
    void impossibleSettingsAreRefused() {
        assertThatThrownBy(() -> new SyntheticImages(8, 1, 1, 0)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> new SyntheticImages(32, 0, 1, 0)).isInstanceOf(DataException.class);
    }

    /** Softmax regression on pixels, trained until it fits, must fail: position, phase and polarity are random. */
    @Test
    void linearModelOnPixelsFails() {
        SyntheticImages.standard(1).write(folder.resolve("set"));
        try (DataSets sets = Datasets.open(folder.resolve("set"), Fixtures.options(folder.resolve("cache")))) {
            assertThat(sets.classes()).isEqualTo(SyntheticImages.CLASSES);
            float[][] train = features(sets.images());
            int[] labels = sets.train().labels();
            Softmax model = new Softmax(train[0].length, sets.classes().size());
            for (int epoch = 0; epoch < 15; epoch++) {
                for (int i : Sampling.shuffled(2).order(train.length, epoch)) {
                    model.learn(train[i], labels[i], 0.002f);
                }
            }
            ImageSource test = (ImageSource) sets.test().orElseThrow();
            float[][] unseen = features(test);
            int right = 0;
            for (int i = 0; i < unseen.length; i++) {
                right += model.best(unseen[i]) == test.labels()[i] ? 1 : 0;
            }
            assertThat((double) right / unseen.length).isBetween(0.05, 0.5);
        }
    }

    private static float[][] features(ImageSource source) {
        float[][] features = new float[source.size()][(int) source.imageShape().numel()];
        ByteBuffer bytes = ByteBuffer.allocate((int) source.imageShape().numel());
        for (int i = 0; i < features.length; i++) {
            source.read(i, bytes.clear());
            for (int k = 0; k < features[i].length; k++) {
                features[i][k] = (bytes.get(k) & 0xFF) / 127.5f - 1;
            }
        }
        return features;
    }

    /** Softmax regression by stochastic gradient descent. */
    private static final class Softmax {
        private final float[][] weights;
        private final float[] bias;

        Softmax(int inputs, int classes) {
            weights = new float[classes][inputs];
            bias = new float[classes];
        }

        private float[] scores(float[] x) {
            float[] scores = bias.clone();
            for (int c = 0; c < scores.length; c++) {
                for (int k = 0; k < x.length; k++) {
                    scores[c] += weights[c][k] * x[k];
                }
            }
            return scores;
        }

        int best(float[] x) {
            float[] scores = scores(x);
            int best = 0;
            for (int c = 1; c < scores.length; c++) {
                best = scores[c] > scores[best] ? c : best;
            }
            return best;
        }

        void learn(float[] x, int label, float rate) {
            float[] scores = scores(x);
            float most = scores[best(x)];
            double sum = 0;
            for (float score : scores) {
                sum += Math.exp(score - most);
            }
            for (int c = 0; c < scores.length; c++) {
                float error = (float) (Math.exp(scores[c] - most) / sum) - (c == label ? 1 : 0);
                bias[c] -= rate * error;
                for (int k = 0; k < x.length; k++) {
                    weights[c][k] -= rate * error * x[k];
                }
            }
        }
    }
}
