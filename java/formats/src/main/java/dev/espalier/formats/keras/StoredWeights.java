package dev.espalier.formats.keras;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.RandomAccess;

/** Where a Keras file keeps the weights of its layers: asked for each layer in the model's order. */
interface StoredWeights {
    /** The weights of the next layer, in Keras's own order. */
    List<Array> next(LayerConfig layer);

    /**
     * The weights of one layer. Taking one costs its bytes, as the taker brings it into another form, and a layer may be used any number of
     * times.
     */
    final class Charged extends AbstractList<Array> implements RandomAccess {
        private final Hdf5 hdf;
        private final String layer;
        private final List<Array> arrays;

        Charged(Hdf5 hdf, LayerConfig layer, List<Array> arrays) {
            this.hdf = hdf;
            this.layer = layer.name();
            this.arrays = List.copyOf(arrays);
        }

        /** Pays for so many numbers that the layer needs beside its weights. */
        void charge(long numbers) {
            hdf.charge("layer '" + layer + "'", Math.multiplyExact(numbers, Float.BYTES));
        }

        @Override
        public Array get(int index) {
            Array array = arrays.get(index);
            charge(array.values().length);
            return array;
        }

        @Override
        public int size() {
            return arrays.size();
        }
    }

    /** Pays for so many numbers that a layer is about to fill in beside its stored weights. */
    static void charge(LayerCall call, long numbers) {
        if (!(call.weights() instanceof Charged weights)) {
            throw new IllegalStateException("the weights of layer '" + call.name() + "' come from no file");
        }
        weights.charge(numbers);
    }

    /** Keras 3: groups by the class of layer and a number, whatever the layer is called. */
    static StoredWeights byClass(Hdf5 hdf) {
        Map<String, Integer> used = new HashMap<>();
        return layer -> {
            String kind = snakeCase(layer.className());
            int number = used.merge(kind, 1, Integer::sum) - 1;
            String group = "layers/" + kind + (number == 0 ? "" : "_" + number);
            List<Array> weights = new ArrayList<>();
            for (String part :
                    List.of("vars", "cell/vars", "layer/vars", "forward_layer/cell/vars", "backward_layer/cell/vars")) {
                for (int i = 0; hdf.has(group + "/" + part, Integer.toString(i)); i++) {
                    weights.add(hdf.array(group + "/" + part + "/" + i));
                }
            }
            return new Charged(hdf, layer, weights);
        };
    }

    /** The legacy format: groups by the layer's name, each with the list of its weights. */
    static StoredWeights byName(Hdf5 hdf) {
        return layer -> {
            String group = "model_weights/" + layer.name();
            List<Array> weights = new ArrayList<>();
            if (hdf.has("model_weights", layer.name())) {
                for (String name : hdf.texts(group, "weight_names").orElse(List.of())) {
                    weights.add(hdf.array(group + "/" + name));
                }
            }
            return new Charged(hdf, layer, weights);
        };
    }

    /** Keras's own rule: {@code DepthwiseConv2D} becomes {@code depthwise_conv2d}, {@code PReLU} {@code p_re_lu}. */
    private static String snakeCase(String name) {
        return name.replaceAll("\\W+", "")
                .replaceAll("(.)([A-Z][a-z]+)", "$1_$2")
                .replaceAll("([a-z])([A-Z])", "$1_$2")
                .toLowerCase(Locale.ROOT);
    }
}
