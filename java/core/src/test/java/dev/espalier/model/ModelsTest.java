package dev.espalier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.graph.Graph;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelsTest {
    /**
     * Figures counted by PyTorch hooks over the same layers or by hand; where papers and model zoos publish rounded ones, these agree: ResNet-20
     * 0.27 M and 40.8 M, ResNet-56 0.85 M and 125.5 M, VGG-16-BN on CIFAR 14.7 M and 313 M, ResNet-18 11.69 M and 1.814 G,
     * VGG-16-BN 138.4 M and 15.47 G.
     */
    @ParameterizedTest
    @CsvSource({
        "kerasCnn, 32, 10, 167562, 4040704",
        "resnet20, 32, 10, 272474, 40813184",
        "resnet56, 32, 10, 855770, 125747840",
        "vgg16bn,  32, 10, 14724042, 313201664",
        "vgg16bn, 224, 1000, 138361768, 15470264320",
        "resnet18, 224, 1000, 11689512, 1814073344",
        "resnet18, 32, 10, 11173962, 555422720",
        "mlp, 28, 10, 636554, 636160",
        "resnet34, 224, 1000, 21797672, 3663761408",
        "resnet50, 224, 1000, 25557032, 4089184256",
        "resnet20a, 32, 10, 269722, 40551040",
        "densenet121, 224, 1000, 7978856, 2834161664",
        "mobilenetV1, 224, 1000, 4231976, 568740352",
        "mobilenetV2, 224, 1000, 3504872, 300774272",
    })
    void countsParametersAndMacs(String name, int side, int classes, long parameters, long macs) {
        Graph graph = Models.layers(name, Shape.of(3, side, side), classes, 1).graph();
        assertThat(graph.parameterCount()).isEqualTo(parameters);
        assertThat(graph.macs()).isEqualTo(macs);
        assertThat(graph.type("logits").shape()).isEqualTo(Shape.of(-1, classes));
    }

    /** As torchvision and the authors count them; convolutions before a batch normalisation have no bias here. */
    @ParameterizedTest
    @CsvSource({
        "wrn28x10, 32, 10, 36479194",
        "vgg11bn, 224, 1000, 132866088",
        "vgg19bn, 224, 1000, 143672744",
        "mobilenetV3, 224, 1000, 2542856",
        "efficientnetB0, 224, 1000, 5288548",
        "squeezenet, 224, 1000, 1235496",
        "shufflenetV2, 224, 1000, 2278604",
        "googlenet, 224, 1000, 6624904",
        "regnet, 224, 1000, 5495976",
        "convnextTiny, 224, 1000, 28582504",
    })
    void countsParameters(String name, int side, int classes, long parameters) {
        Graph graph = Models.layers(name, Shape.of(3, side, side), classes, 1).graph();
        assertThat(graph.parameterCount()).isEqualTo(parameters);
        assertThat(graph.type("logits").shape()).isEqualTo(Shape.of(-1, classes));
    }

    /** Texts, sounds, tables and maps of classes. */
    @ParameterizedTest
    @CsvSource({
        "textCnn, 24",
        "biLstm, 24",
        "bertTiny, 24",
        "wideAndDeep, 9",
        "ftTransformer, 9",
    })
    void modelsOfRowsGiveOneScorePerClass(String name, int length) {
        Graph graph = Models.layers(name, Shape.of(length), 5, 0.25).graph();
        assertThat(graph.type("logits").shape()).isEqualTo(Shape.of(-1, 5));
    }

    @Test
    void soundsAndSegmentationsKeepTheirForm() {
        for (String name : List.of("dsCnn", "crnn")) {
            Graph graph = Models.layers(name, Shape.of(1, 40, 96), 12, 0.5).graph();
            assertThat(graph.type("logits").shape()).isEqualTo(Shape.of(-1, 12));
        }
        Graph segments = Models.layers("unet", Shape.of(3, 32, 48), 4, 0.125).graph();
        assertThat(segments.type("logits").shape()).isEqualTo(Shape.of(-1, 4, 32, 48));
    }

    @Test
    void widthScalesHiddenLayersOnly() {
        Graph half = Models.layers("kerasCnn", Shape.of(3, 32, 32), 10, 0.5).graph();
        assertThat(half.type("conv1.weight").shape()).isEqualTo(Shape.of(16, 3, 3, 3));
        assertThat(half.type("dense2.weight").shape()).isEqualTo(Shape.of(10, 32));
    }

    @Test
    void unknownNamesAreRefusedWithTheKnownOnes() {
        assertThatThrownBy(() -> Models.create("resnet19", Shape.of(3, 32, 32), 10, 1, 0))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("resnet19")
                .hasMessageContaining("resnet20");
    }

    @Test
    void tooSmallImagesAreRefusedWithTheLayer() {
        assertThatThrownBy(() -> Models.layers("vgg16bn", Shape.of(3, 16, 16), 10, 1))
                .hasMessageContaining("pool5")
                .hasMessageContaining("does not fit");
    }
}
