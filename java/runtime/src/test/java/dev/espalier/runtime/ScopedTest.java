package dev.espalier.runtime;

import dev.espalier.runtime.testing.NoLeaks;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/** Runs each test inside a scope of its own and fails it if a tensor or a native temporary outlives that scope. */
@NoLeaks
@ExtendWith(ScopeAround.class)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface ScopedTest {}
