package dev.espalier.runtime.testing;

import dev.espalier.runtime.Scope;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Counts the open tensors around each test. */
final class LeakCheck implements BeforeEachCallback, AfterEachCallback {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LeakCheck.class);

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(NAMESPACE).put(context.getUniqueId(), Scope.liveTensors());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        long before = context.getStore(NAMESPACE).getOrDefault(context.getUniqueId(), Long.class, 0L);
        long after = Scope.liveTensors();
        if (after != before) {
            throw new AssertionError("open tensors: expected " + before + " as before the test, got " + after + '\n'
                    + Scope.leakReport());
        }
    }
}
