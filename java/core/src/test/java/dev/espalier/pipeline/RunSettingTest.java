package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.Answers;
import dev.espalier.data.Augmentation;
import dev.espalier.data.DataSets;
import dev.espalier.data.LabelledSource;
import dev.espalier.data.MixedAugmentation;
import dev.espalier.data.Source;
import dev.espalier.data.Statistics;
import dev.espalier.runtime.Device;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RunSettingTest {
    private static RunSetting setting(String... modalities) {
        Source train = new LabelledSource(Answers.ofClasses(new int[] {0, 1}, 2), List.of(modalities));
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
