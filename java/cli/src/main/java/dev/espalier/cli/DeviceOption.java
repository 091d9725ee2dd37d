package dev.espalier.cli;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Versions;
import picocli.CommandLine.Option;

/** Where a subcommand computes. */
final class DeviceOption {
    @Option(
            names = "--device",
            paramLabel = "auto|cpu|cuda:N",
            defaultValue = "auto",
            description = "Where to compute (default: auto, a GPU if there is a usable one).")
    private String text = "auto";

    /** The device, after making sure that it can be used. */
    Device device() {
        Device device = Device.parse(text);
        if (!device.available()) {
            throw new BadInput("device " + device + " is not available"
                    + Versions.cudaCause().map(cause -> ": " + cause).orElse("; espalier doctor lists the devices"));
        }
        return device;
    }
}
