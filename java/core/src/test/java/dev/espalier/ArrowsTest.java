package dev.espalier;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The direction of dependencies between the packages of the core: every arrow that is not listed is forbidden. */
class ArrowsTest {
    private static final String ROOT = "dev.espalier.";

    private static final Map<String, Set<String>> ARROWS = new TreeMap<>(Map.of(
            "op", Set.of("runtime"),
            "graph", Set.of("op", "runtime"),
            "model", Set.of("graph", "op", "runtime"),
            "plan", Set.of("model", "graph", "op", "runtime"),
            "prune", Set.of("plan", "model", "graph", "op", "runtime"),
            "data", Set.of("runtime"),
            "train", Set.of("data", "plan", "model", "graph", "op", "runtime"),
            "pipeline", Set.of("train", "prune", "data", "plan", "model", "graph", "op", "runtime"),
            "report", Set.of("pipeline", "train", "prune", "data", "plan", "model", "graph", "op", "runtime")));

    private static final JavaClasses CLASSES = imported();

    private static JavaClasses imported() {
        ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.espalier");
    }

    @Test
    void everyPackageHasItsArrows() {
        Set<String> packages = CLASSES.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> name.startsWith(ROOT) && !name.startsWith(ROOT + "runtime"))
                .map(name -> name.substring(ROOT.length()).split("\\.", 2)[0])
                .collect(Collectors.toSet());
        assertThat(packages).isNotEmpty().isSubsetOf(ARROWS.keySet());
    }

    @Test
    void noArrowPointsUpward() {
        ARROWS.forEach((from, allowed) -> {
            List<String> forbidden = new ArrayList<>();
            for (String to : ARROWS.keySet()) {
                if (!to.equals(from) && !allowed.contains(to)) {
                    forbidden.add(ROOT + to + "..");
                }
            }
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + from + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(forbidden.toArray(String[]::new))
                    .allowEmptyShould(true)
                    .check(CLASSES);
        });
    }

    @Test
    void theCoreKnowsNeitherBindingsNorTheBorder() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        ARROWS.keySet().stream().map(p -> ROOT + p + "..").toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.bytedeco..", "dev.espalier.runtime.internal..", "dev.espalier.runtime.testing..")
                .check(CLASSES);
    }
}
