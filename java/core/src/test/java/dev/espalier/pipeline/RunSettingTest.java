package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.Answers;
import dev.espalier.data.Augmentation;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.BatchSupply;
import dev.espalier.data.DataSets;
import dev.espalier.data.MixedAugmentation;
import dev.espalier.data.Source;
import dev.espalier.data.Statistics;
import dev.espalier.runtime.Device;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RunSettingTest {
    /** Samples that are said to have these modalities. */
    private record Sided(List<String> modalities) implements Source {
        @Override
        public int size() {
            return 2;
        }

        @Override
        public List<String> classes() {
            return List.of("a", "b");
        }

        @Override
        public Answers answers() {
            return Answers.ofClasses(new int[] {0, 1}, 2);
        }

        @Override
        public String name(int index) {
            return "sample " + index;
        }

        @Override
        public String fingerprint() {
            return "";
        }

        @Override
        public BatchSupply supply(BatchOptions options, int epoch) {
            throw new UnsupportedOperationException("no inputs");
        }

        @Override
        public Source rows(int[] chosen) {
            return this;
        }

        @Override
        public void close() {}
    }

    private static RunSetting setting(String... modalities) {
        Source train = new Sided(List.of(modalities));
        return RunSetting.of(
                new DataSets(train, Optional.empty(), Optional.empty(), Statistics.none(), List.of()), Device.CPU);
    }

    @Test
    void importanceIsMeasuredWithModalitiesHiddenWhereThereAreSeveral() {
        assertThat(setting("image", "text").evidence().options().augmentation())
                .isEqualTo(Augmentation.none().withMixed(MixedAugmentation.hiding(0.5)));
        assertThat(setting("image", "text").shuffled().options().augmentation()).isEqualTo(Augmentation.none());
        assertThat(setting("text").evidence().options().augmentation()).isEqualTo(Augmentation.none());
        assertThat(setting().evidence().options().augmentation()).isEqualTo(Augmentation.none());
    }
}
