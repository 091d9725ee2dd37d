package dev.espalier.runtime.internal;

import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lifts JavaCPP's own limits on native memory.
 *
 * <p>JavaCPP refuses allocations beyond four times the Java heap and checks this, under a global lock, for each native
 * object. Scopes own the memory here, so the limit guards nothing and fails large models with a false OutOfMemoryError.
 * JavaCPP reads the properties once, when its first class is loaded.
 */
final class MemoryLimits {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryLimits.class);
    private static final String[] PROPERTIES = {"org.bytedeco.javacpp.maxPhysicalBytes", "org.bytedeco.javacpp.maxBytes"
    };

    private MemoryLimits() {}

    /** Sets the properties that the user left open, and warns once if JavaCPP had been loaded before. */
    static void lift() {
        boolean chosen = false;
        for (String property : PROPERTIES) {
            if (System.getProperty(property) == null) {
                System.setProperty(property, "0");
            } else {
                chosen = true;
            }
        }
        if (!chosen && Pointer.maxPhysicalBytes() > 0) {
            LOG.warn(
                    "JavaCPP was in use before Espalier and limits native memory to {} MiB; start the JVM with -D{}=0 -D{}=0",
                    Pointer.maxPhysicalBytes() >> 20,
                    PROPERTIES[0],
                    PROPERTIES[1]);
        }
    }
}
