package dev.espalier.runtime;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

class PublicSurfaceTest {
    private static final JavaClasses CLASSES = imported();

    /** Dependencies are known by name: reading the bindings' own classes would take long and add nothing. */
    private static JavaClasses imported() {
        ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.espalier.runtime");
    }

    @Test
    void onlyTheBorderTouchesTheBindings() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.espalier.runtime.internal..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco..")
                .check(CLASSES);
    }

    @Test
    void theBorderKnowsNothingAboveIt() {
        noClasses()
                .that()
                .resideInAPackage("dev.espalier.runtime.internal..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.espalier.runtime", "dev.espalier.runtime.testing")
                .check(CLASSES);
    }

    @Test
    void publicSignaturesShowNeitherTheBindingsNorTheBorder() {
        List<String> shown = CLASSES.stream()
                .filter(type -> !type.getPackageName().contains(".internal"))
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .flatMap(type -> type.getCodeUnits().stream())
                .filter(unit -> unit.getModifiers().contains(JavaModifier.PUBLIC))
                .flatMap(unit -> unit.getAllInvolvedRawTypes().stream())
                .map(type -> type.getBaseComponentType().getName())
                .distinct()
                .toList();
        assertThat(shown)
                .isNotEmpty()
                .noneMatch(name -> name.startsWith("org.bytedeco") || name.startsWith("dev.espalier.runtime.internal"));
    }
}
