package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.runtime.internal.NativeObjects;
import java.util.Objects;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Opens a scope before each test, closes it afterwards, counts native objects around it. */
final class ScopeAround implements BeforeEachCallback, AfterEachCallback {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(ScopeAround.class);

    @Override
    public void beforeEach(ExtensionContext context) {
        NativeObjects.load();
        context.getStore(NAMESPACE).put("count", NativeObjects.count());
        context.getStore(NAMESPACE).put("scope", Scope.open());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Objects.requireNonNull(context.getStore(NAMESPACE).get("scope", Scope.class))
                .close();
        assertThat(NativeObjects.count())
                .as("native objects after the test")
                .isLessThanOrEqualTo(context.getStore(NAMESPACE).get("count", Long.class));
    }
}
