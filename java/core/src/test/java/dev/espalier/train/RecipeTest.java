package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RecipeTest {
    @Test
    void everyKeySurvivesTheRoundTripThroughAMap() {
        Recipe recipe =
                Recipe.fromMap(Map.of("lr", 0.3, "epochs", 7, "optimizer", "adamw", "flip", "true", "seed", -5L));
        assertThat(Recipe.fromMap(recipe.toMap())).isEqualTo(recipe);
        assertThat(recipe.toMap().keySet())
                .containsExactlyInAnyOrderElementsOf(
                        Recipe.keys().stream().map(SettingKey::name).toList());
        assertThat(recipe.optimizer().learningRate()).isEqualTo(0.3);
        assertThat(recipe.run().seed()).isEqualTo(-5);
    }

    @Test
    void everyDefaultIsAValueOfItsKind() {
        for (SettingKey key : Recipe.keys()) {
            assertThat(key.parse(key.defaultValue())).as(key.name()).isEqualTo(key.defaultValue());
            assertThat(key.parse(key.defaultValue().toString())).as(key.name()).isEqualTo(key.defaultValue());
        }
    }

    @Test
    void changingAnyKeyChangesTheHash() {
        Recipe recipe = Recipe.defaults().with("momentum", 0.5);
        assertThat(recipe.with("momentum", 0.5).hash()).isEqualTo(recipe.hash());
        Map<String, Object> other = Map.ofEntries(
                Map.entry("epochs", 3), Map.entry("flip", true), Map.entry("optimizer", "adam"), Map.entry("l1", 1e-5));
        other.forEach((key, value) ->
                assertThat(recipe.with(key, value).hash()).as(key).isNotEqualTo(recipe.hash()));
    }

    @Test
    void refusesAnUnknownKeyAndNamesTheNearest() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recipe.fromMap(Map.of("weight_decoy", 1)))
                .withMessage("unknown key 'weight_decoy' in the recipe; did you mean 'weight-decay'?");
    }

    @Test
    void refusesValuesOfTheWrongKindOrRangeByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recipe.fromMap(Map.of("epochs", "many")))
                .withMessage("setting 'epochs' must be a whole number, got 'many'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recipe.fromMap(Map.of("optimizer", "lion")))
                .withMessage("setting 'optimizer' must be one of sgd, adam, adamw, got 'lion'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recipe.fromMap(Map.of("flip", "yes")))
                .withMessageContaining("true or false");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recipe.fromMap(Map.of("lr", -1)))
                .withMessage("lr must be greater than 0, got -1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recipe.fromMap(Map.of("lr", Double.NaN)))
                .withMessageContaining("finite");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recipe.fromMap(Map.of("beta2", 1.0)))
                .withMessage("beta2 must be at least 0 and below 1, got 1");
    }
}
