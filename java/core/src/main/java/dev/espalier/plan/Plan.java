package dev.espalier.plan;

import dev.espalier.runtime.Device;
import java.util.List;
import java.util.stream.Collectors;

/** How a model runs on a device: a kernel for every node, in order; prints as one line per node. */
public record Plan(String model, Device device, List<Instruction> instructions) {
    public Plan {
        instructions = List.copyOf(instructions);
    }

    @Override
    public String toString() {
        return instructions.stream()
                .map(i -> "  " + i + "\n")
                .collect(Collectors.joining("", "plan of '" + model + "' on " + device + "\n", ""));
    }
}
