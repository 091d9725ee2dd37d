package dev.espalier.runtime;

/** A native kernel refused its arguments or failed; the message names the operation, the device and the shapes. */
public class KernelException extends EspalierException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes a failure.
     *
     * @param message one line
     */
    public KernelException(String message) {
        super(message);
    }
}
