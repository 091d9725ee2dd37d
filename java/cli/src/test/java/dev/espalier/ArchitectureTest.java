package dev.espalier;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

/** The arrows between the modules, as docs/architecture.md draws them; those inside the core are proved there. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.espalier");

    @Test
    void nothingKnowsTheCommandLine() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.espalier.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.espalier.cli..")
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandLineKnowsTheFormats() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.espalier.cli..", "dev.espalier.formats..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.espalier.formats..")
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandLineAndOptionalReadersKnowTheManifest() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "dev.espalier.cli..",
                        "dev.espalier.manifest..",
                        "dev.espalier.tokenizers..",
                        "dev.espalier.parquet..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.espalier.manifest..")
                .check(CLASSES);
    }

    @Test
    void theManifestKnowsNoFileFormatOfModels() {
        noClasses()
                .that()
                .resideInAPackage("dev.espalier.manifest..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.espalier.formats..")
                .check(CLASSES);
    }

    @Test
    void onlyTheBorderTouchesTheNativePresets() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.espalier.runtime.internal..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco..")
                .check(CLASSES);
    }

    @Test
    void protobufStaysInItsFormat() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.espalier.formats.onnx..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.google.protobuf..", "ai.onnx..")
                .check(CLASSES);
    }

    @Test
    void hdf5StaysInItsFormat() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.espalier.formats.keras..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.jhdf..")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        SlicesRuleDefinition.slices()
                .matching("dev.espalier.(*)..")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void typesAreNamedForWhatTheyAre() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.espalier.runtime.internal..")
                .should()
                .haveNameMatching(".*(Manager|Util|Utils|Helper|Impl|Base)")
                .check(CLASSES);
    }
}
