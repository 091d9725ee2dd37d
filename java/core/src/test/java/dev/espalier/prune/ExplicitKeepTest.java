package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExplicitKeepTest {
    private final ChannelGroups residual = ChannelGroups.trace(Networks.residual());
    private final ChannelGroups flatten = ChannelGroups.trace(Networks.flatten());

    private static Map<String, Map<Integer, long[]>> keep(String parameter, int axis, long... kept) {
        return Map.of(parameter, Map.of(axis, kept));
    }

    @Test
    void dependantsFollowWhereverTheChoiceIsMade() {
        Mask producer = ExplicitKeep.mask(residual, keep("conv1.weight", 0, 0, 3, 7));
        Mask scale = ExplicitKeep.mask(residual, keep("norm3.scale", 0, 7, 3, 0));
        Mask reader = ExplicitKeep.mask(residual, keep("conv4.weight", 1, 3, 0, 7));
        assertThat(producer.channels()).isEqualTo(scale.channels()).isEqualTo(reader.channels());
        assertThat(producer.channels().values()).containsExactly(Kept.of(8, 0, 3, 7));
    }

    @Test
    void allCopiesOfAChannelAreChosenTogether() {
        Mask mask = ExplicitKeep.mask(flatten, keep("dense1.weight", 1, 0, 1, 2, 3, 16, 17, 18, 19));
        assertThat(mask.channels().values()).containsExactly(Kept.of(5, 0, 4));
        assertThatThrownBy(() -> ExplicitKeep.mask(flatten, keep("dense1.weight", 1, 0, 1, 2, 3, 4)))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("'dense1.weight' axis 1 index 5 is left out")
                .hasMessageContaining("index 4 is kept")
                .hasMessageContaining("channel 1 of group 'conv1'");
    }

    @Test
    void twoPlacesThatDisagreeAreRefusedByName() {
        Map<String, Map<Integer, long[]>> choice =
                Map.of("conv1.weight", Map.of(0, new long[] {0, 1}), "conv3.weight", Map.of(0, new long[] {0, 2}));
        assertThatThrownBy(() -> ExplicitKeep.mask(residual, choice))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("keep contradicts itself")
                .hasMessageContaining("'conv1.weight' axis 0 index")
                .hasMessageContaining("'conv3.weight' axis 0 index");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            conv9.weight | 0 | 0 | parameter 'conv9.weight'
            conv1.weight | 4 | 0 | axis 4 of 'conv1.weight', which has 4 axes
            conv1.weight | 0 | 8 | index 8, expected 0 to 7
            conv1.weight | 2 | 0 | leaves out index 1, which is no removable channel
            conv1.weight | 1 | 0 | leaves out index 1, which is no removable channel
            dense1.weight | 0 | 0 | must stay: graph output 'logits' keeps its channels
            """)
    void impossibleChoicesAreRefusedByName(String parameter, int axis, long kept, String message) {
        assertThatThrownBy(() -> ExplicitKeep.mask(residual, keep(parameter, axis, kept)))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining(message);
    }

    @Test
    void repeatedAndMissingIndicesAreRefused() {
        assertThatThrownBy(() -> ExplicitKeep.mask(residual, keep("conv1.weight", 0, 1, 1)))
                .hasMessageContaining("index 1 twice");
        assertThatThrownBy(() -> ExplicitKeep.mask(residual, keep("conv1.weight", 0)))
                .hasMessageContaining("none of the 8 channels");
    }
}
