package dev.espalier.runtime;

import org.jspecify.annotations.Nullable;

/**
 * A libtorch operator refused its inputs or failed.
 *
 * <p>The message is one line, {@code operator: reason (input [1, 3, 8, 8], weight [4, 2, 3, 3])}, prefixed with the
 * name of the layer once it is known.
 */
public class OperatorException extends EspalierException {
    private static final long serialVersionUID = 1L;

    private final String operator;
    private final String nativeTrace;

    /**
     * Makes a failure.
     *
     * @param operator the operator's name, as the Java method is called
     * @param message one line: reason, shapes
     * @param nativeTrace all that libtorch said, with its C++ frames
     * @param cause the exception of the binding
     */
    public OperatorException(String operator, String message, String nativeTrace, @Nullable Throwable cause) {
        super(message, cause);
        this.operator = operator;
        this.nativeTrace = nativeTrace;
    }

    /** The operator's name, for example {@code conv2d}. */
    public String operator() {
        return operator;
    }

    /** The whole text of the native failure, several lines, for a log at debug level. */
    public String nativeTrace() {
        return nativeTrace;
    }

    /**
     * The same failure, told with the place where it happened.
     *
     * @param layer the node or layer that ran the operator
     * @return a new exception whose message starts with {@code layer}
     */
    public OperatorException at(String layer) {
        OperatorException located =
                new OperatorException(operator, layer + ": " + getMessage(), nativeTrace, getCause());
        located.setStackTrace(getStackTrace());
        return located;
    }
}
