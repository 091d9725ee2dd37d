package dev.espalier.runtime;

import dev.espalier.runtime.internal.Torch;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a tensor lives: the memory of the CPU or of one CUDA device. */
public final class Device {
    /** The machine's own memory. */
    public static final Device CPU = new Device(-1);

    private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

    private final int index;

    private Device(int index) {
        this.index = index;
    }

    /**
     * The CUDA device of a number.
     *
     * @param index the device's number, from 0
     * @return the device, present or not
     */
    public static Device cuda(int index) {
        if (index < 0) {
            throw new IllegalArgumentException("device cuda:" + index + ": expected a number of at least 0");
        }
        return new Device(index);
    }

    /**
     * Reads a device's name.
     *
     * @param text {@code auto} (the first CUDA device if there is one, else the CPU), {@code cpu}, {@code cuda} or {@code cuda:N}
     * @throws EspalierException if the text is none of these
     */
    public static Device parse(String text) {
        Objects.requireNonNull(text, "text");
        String name = text.trim().toLowerCase(Locale.ROOT);
        if (name.equals("auto")) {
            return Torch.cudaDevices() > 0 ? cuda(0) : CPU;
        }
        if (name.equals("cpu")) {
            return CPU;
        }
        Matcher matcher = CUDA.matcher(name);
        if (!matcher.matches()) {
            throw new EspalierException("device '" + text + "': expected auto, cpu, cuda or cuda:N");
        }
        return cuda(matcher.group(1) == null ? 0 : Integer.parseInt(matcher.group(1)));
    }

    /** The devices of this machine: the CPU, then every usable CUDA device. */
    public static List<Device> all() {
        List<Device> devices = new ArrayList<>();
        devices.add(CPU);
        for (int i = 0; i < Torch.cudaDevices(); i++) {
            devices.add(cuda(i));
        }
        return List.copyOf(devices);
    }

    /** True for a CUDA device. */
    public boolean isCuda() {
        return index >= 0;
    }

    /** The number of the CUDA device, or -1 for the CPU. */
    public int index() {
        return index;
    }

    /** True if tensors can be made on this device here and now. */
    public boolean available() {
        return index < Torch.cudaDevices();
    }

    /**
     * Bytes of the memory of this CUDA device that no process has taken; what libtorch keeps for later tensors counts as taken.
     *
     * @throws IllegalStateException for the CPU
     */
    public long freeBytes() {
        if (!isCuda()) {
            throw new IllegalStateException("freeBytes: expected a CUDA device, got " + this);
        }
        return Torch.freeBytes(require());
    }

    /** This device's number for libtorch, if tensors can be made on it. */
    int require() {
        if (!available()) {
            throw new EspalierException("device " + this + " is not available: "
                    + Versions.cudaCause().orElse("this machine has " + Torch.cudaDevices() + " CUDA devices"));
        }
        return index;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Device that && index == that.index;
    }

    @Override
    public int hashCode() {
        return index;
    }

    /** {@code cpu} or {@code cuda:N}. */
    @Override
    public String toString() {
        return index < 0 ? "cpu" : "cuda:" + index;
    }
}
