package dev.espalier.runtime;

import org.jspecify.annotations.Nullable;

/** A device has reported an error that stays until the process ends: save nothing from it, restart the process. */
public class DeviceLostException extends EspalierException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes a failure.
     *
     * @param message one line that names the operation and the device
     */
    public DeviceLostException(String message) {
        super(message);
    }

    /**
     * Makes a failure.
     *
     * @param message one line that names the operation and the device
     * @param cause the failure as the native side described it
     */
    public DeviceLostException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
