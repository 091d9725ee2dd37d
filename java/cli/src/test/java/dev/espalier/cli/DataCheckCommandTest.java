package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class DataCheckCommandTest {
    @TempDir
    Path folder;

    /** A PNG file of 6x4 pixels; other numbers are other pictures. */
    private Path image(String name, int number) throws IOException {
        BufferedImage picture = new BufferedImage(6, 4, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 24; i++) {
            picture.setRGB(i % 6, i / 6, 1000 * number + 7 * i);
        }
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        ImageIO.write(picture, "png", file.toFile());
        return file;
    }

    private void cleanFolder() throws IOException {
        for (int i = 0; i < 4; i++) {
            image("train/cat/" + i + ".png", i);
            image("train/dog/" + i + ".png", 10 + i);
        }
        image("test/cat/0.png", 20);
        image("test/dog/0.png", 21);
    }

    @Test
    void soundDataIsCountedAndLeavesExitCodeZero() throws IOException {
        cleanFolder();
        JsonNode facts = CommandRun.of("data", "check", folder, "--json").json();
        assertThat(facts.at("/sound").asBoolean()).isTrue();
        assertThat(facts.at("/findings")).isEmpty();
        assertThat(facts.at("/splits/0/samples").asInt()).isEqualTo(8);
        assertThat(facts.at("/splits/1/labels/dog").asInt()).isEqualTo(1);
        assertThat(CommandRun.of("data", "check", folder).out()).contains("cat", "samples", "no errors");
    }

    @Test
    void aLeakIsToldWithItsPlacesAndEndsWithExitCodeOne() throws IOException {
        cleanFolder();
        Files.copy(folder.resolve("train/cat/2.png"), folder.resolve("test/cat/9.png"));
        CommandRun run = CommandRun.of("data", "check", folder);
        assertThat(run.code()).isEqualTo(ExitCode.FAILED);
        assertThat(run.out())
                .contains("error: 1 samples that stand in train and in test", "test/cat/9.png = train/cat/2.png");
        CommandRun quiet = CommandRun.of("data", "check", folder, "--examples", 0);
        assertThat(quiet.out()).contains("error: 1 samples").doesNotContain("9.png");
    }

    @Test
    void manifestsAreCheckedAsTablesAndByTheirDescriptions() throws IOException {
        image("a.png", 1);
        image("b.png", 2);
        Path table = Files.writeString(
                folder.resolve("m.csv"),
                "image,age,label,split\na.png,3,cat,train\nb.png,,dog,train\na.png,3,cat,test\nc.png,1,cat,test\n");
        Path yaml = Files.writeString(
                folder.resolve("m.yaml"),
                "files: m.csv\ncolumns:\n  image: image\n  age: {type: numeric}\n  label: label\n  split: split\n");
        for (Path data : new Path[] {table, yaml}) {
            CommandRun run = CommandRun.of("data", "check", data);
            assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.FAILED);
            assertThat(run.out())
                    .contains(
                            "m.csv, line 4 = m.csv, line 2",
                            "1 rows that cannot be used",
                            "m.csv, line 5: file c.png does not exist")
                    .containsPattern("age +train +1 +2");
        }
    }

    @Test
    void statsShowWhatEachInputIsLike() throws IOException {
        cleanFolder();
        JsonNode images =
                CommandRun.of("data", "stats", folder, "--json").json().at("/columns/0");
        assertThat(images.at("/type").asString()).isEqualTo("image");
        assertThat(images.at("/detail/sizes/4x6").asInt()).isEqualTo(10);
        assertThat(CommandRun.of("data", "stats", folder).out())
                .contains("image (image): 10 present, 0 missing", "sizes: 4x6 (10)", "rgb pixels of training")
                .containsPattern("height +4");
        Path table = Files.writeString(
                folder.resolve("m.csv"),
                "age,town,note,label\n1,A,a long walk,x\nNA,B,no,y\n2.5,A,so it is,x\n3,A,a dog,y\n");
        Path yaml = Files.writeString(
                folder.resolve("m.yaml"),
                "files: m.csv\ncolumns: {age: numeric, town: categorical, note: text, label: label}\n");
        assertThat(CommandRun.of("data", "stats", yaml).out())
                .contains("age (numeric): 3 present, 1 missing", "values: A (3), B (1)", "different words: 8")
                .containsPattern("value +1\\.0+ .*3\\.0");
        assertThat(table).exists();
    }

    @Test
    void whatIsNoDataIsBadInput() throws IOException {
        CommandRun.of("data", "check", folder.resolve("none"))
                .refused("none", "expected a folder")
                .inOneLine();
        CommandRun.of("data", "check", folder).refused("train/<class>/").inOneLine();
        CommandRun.of("data", "check").refused("DATA").inOneLine();
        CommandRun.of("data", "check", folder, "--examples", -1)
                .refused("--examples")
                .inOneLine();
    }
}
