package dev.espalier.runtime;

/** A tensor or a value has another shape than its use demands. */
public class ShapeException extends EspalierException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes a failure.
     *
     * @param message one line that names the thing, the expected and the actual shape
     */
    public ShapeException(String message) {
        super(message);
    }
}
