package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Map;
import org.junit.jupiter.api.Test;

@NoLeaks
class MaskTest {
    private final ChannelGroups groups = ChannelGroups.trace(Networks.chain());

    private static BitMask bits(long... kept) {
        return BitMask.pack(Tensor.of(kept, kept.length).ne(0));
    }

    private static Mask channels(String group, Kept kept) {
        return Mask.of(Map.of(), Map.of(group, kept));
    }

    @Test
    void whatIsNotNamedIsKeptWhole() {
        ChannelGroup group = groups.prunable().get(0);
        assertThat(Mask.all().kept(group)).isEqualTo(Kept.all(8));
        assertThat(Mask.all().sparsity()).isZero();
        assertThat(Mask.all().channelSparsity(groups)).isZero();
        assertThat(channels("conv1", Kept.of(8, 1)).channelSparsity(groups)).isEqualTo(7 / 14.0);
    }

    @Test
    void masksOnlyShrink() {
        try (Scope scope = Scope.open()) {
            Mask wide = Mask.of(Map.of("w", bits(1, 1, 1, 0)), Map.of("conv1", Kept.of(8, 0, 2, 4)));
            Mask narrow = wide.narrow(Mask.of(Map.of("w", bits(1, 0, 1, 0)), Map.of("conv1", Kept.of(8, 0, 4))));
            assertThat(narrow.sparsity()).isEqualTo(0.5);
            assertThat(narrow.kept(groups.prunable().get(0)).indices()).containsExactly(0, 4);
            assertThat(wide.narrow(Mask.all()).elements()).isEqualTo(wide.elements());
            Mask bitsBack = Mask.of(Map.of("w", bits(1, 1, 0, 1)), Map.of());
            assertThatThrownBy(() -> wide.narrow(bitsBack))
                    .hasMessageContaining("'w' would bring removed weights back");
            assertThatThrownBy(() -> wide.narrow(channels("conv1", Kept.of(8, 1))))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("'conv1' would bring removed channels back");
        }
    }

    @Test
    void aMaskThatDoesNotFitTheGraphIsRefusedByName() {
        assertThatThrownBy(() -> channels("conv9", Kept.of(8, 1)).check(groups)).hasMessageContaining("group 'conv9'");
        assertThatThrownBy(() -> channels("conv1", Kept.of(7, 1)).check(groups))
                .hasMessageContaining("for 7 channels but the group has 8");
        assertThatThrownBy(() -> channels("dense1", Kept.of(4, 1)).check(groups))
                .hasMessageContaining("graph output 'logits' keeps its channels");
        try (Scope scope = Scope.open()) {
            Mask unknown = Mask.of(Map.of("w", bits(1)), Map.of());
            assertThatThrownBy(() -> unknown.check(groups)).hasMessageContaining("parameter 'w'");
            Mask shape = Mask.of(Map.of("conv1.weight", bits(1)), Map.of());
            assertThatThrownBy(() -> shape.check(groups)).hasMessageContaining("has shape [1]");
        }
    }

    @Test
    void aGroupNeverLosesAllItsChannels() {
        assertThatThrownBy(() -> Kept.of(3)).hasMessageContaining("at least one of 3 channels must stay");
        assertThatThrownBy(() -> Kept.of(3, 3)).hasMessageContaining("kept channel 3 is out of range");
        assertThatThrownBy(() -> Kept.of(3, 1, 1)).hasMessageContaining("listed twice");
    }
}
