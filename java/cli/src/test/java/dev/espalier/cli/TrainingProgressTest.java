package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.train.EpochReport;
import dev.espalier.train.Recipe;
import dev.espalier.train.Step;
import dev.espalier.train.StepReport;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class TrainingProgressTest {
    @Test
    void withoutATerminalThereIsALineAnEpoch() {
        StringWriter err = new StringWriter();
        Console console = new Console(new PrintWriter(err), new PrintWriter(err), false);
        try (TrainingProgress progress = new TrainingProgress(console)) {
            progress.stageBegin("train", Recipe.defaults().with("epochs", 2), 2);
            progress.stepEnd(new StepReport(new Step(0, 1), 1, 8, 1, 0.25, 0.1));
            progress.stepEnd(new StepReport(new Step(1, 0), 2, 8, 0.5, 0.5, 0.1));
            EpochReport.Scores training = new EpochReport.Scores(0.75, 0.375);
            progress.epochEnd(new EpochReport(0, 2, training, new EpochReport.Scores(0.6, 0.5, 0.25), 0.1, 1.5));
        }
        assertThat(err.toString().lines())
                .singleElement()
                .asString()
                .matches("train epoch 1/2: loss 0.7500 accuracy 37.50 %, validation loss 0.6000 accuracy 50.00 %"
                        + " \\(25.00 % with modalities hidden\\), lr 0.100, 1.5 s, \\d+ samples/s, \\d+ s left");
    }
}
