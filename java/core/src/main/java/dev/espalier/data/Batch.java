package dev.espalier.data;

import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Some samples ready for a model; its tensors belong to the scope that was open when the batch was taken.
 *
 * @param inputs by name, each with one row per sample; of images one, F32 [n, channels, height, width], normalised
 * @param presence for inputs of F32 of which samples may be hidden the input, F32 [n, 1], that is 0 there and else 1
 * @param task what the labels are
 * @param labels the targets of that task
 * @param indices which samples of the source these are
 */
@SuppressWarnings("ArrayRecordComponent")
public record Batch(Map<String, Tensor> inputs, Map<String, String> presence, Task task, Tensor labels, int[] indices) {
    public Batch {
        inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
        presence = Map.copyOf(presence);
    }

    /** Samples of which nothing is hidden. */
    public Batch(Map<String, Tensor> inputs, Task task, Tensor labels, int[] indices) {
        this(inputs, Map.of(), task, labels, indices);
    }

    /** Samples of one class each; {@code labels} are I64 [n]. */
    public Batch(Map<String, Tensor> inputs, Tensor labels, int[] indices) {
        this(inputs, Task.CLASSES, labels, indices);
    }

    /** The number of samples. */
    public int size() {
        return indices.length;
    }

    /**
     * The inputs that a model takes under these names: a single one whatever it is called, several by their names. Where a model is told
     * what is hidden, hidden samples keep their values, which batch normalisation needs to see what it will see; else they are zeros.
     */
    public Map<String, Tensor> inputsFor(List<String> names) {
        if (inputs.size() == 1 && names.size() == 1) {
            return Map.of(names.get(0), inputs.values().iterator().next());
        }
        Map<String, Tensor> taken = new LinkedHashMap<>();
        names.forEach(name -> {
            String says = presence.get(name);
            taken.put(name, says != null && names.contains(says) ? input(name) : blanked(name));
        });
        return taken;
    }

    /** The same with zeros for what is hidden. */
    public Batch blanked() {
        Map<String, Tensor> blank = new LinkedHashMap<>();
        inputs.keySet().forEach(name -> blank.put(name, blanked(name)));
        return new Batch(blank, task, labels, indices);
    }

    private Tensor blanked(String name) {
        Tensor input = input(name);
        String says = presence.get(name);
        if (says == null) {
            return input;
        }
        long[] column = new long[input.rank()];
        Arrays.fill(column, 1);
        column[0] = size();
        return input.mul(input(says).reshape(column));
    }

    /** The input of this name. */
    public Tensor input(String name) {
        Tensor input = inputs.get(name);
        if (input == null) {
            throw new DataException("the model takes an input '" + name + "', the data gives " + inputs.keySet()
                    + "; bind columns to inputs by the setting 'input' of the manifest");
        }
        return input;
    }
}
