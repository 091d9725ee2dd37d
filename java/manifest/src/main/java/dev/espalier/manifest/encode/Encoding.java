package dev.espalier.manifest.encode;

import dev.espalier.data.DataException;
import dev.espalier.data.Scale;
import dev.espalier.manifest.Label;
import dev.espalier.model.Branch;
import dev.espalier.model.Metadata;
import java.util.List;
import java.util.Optional;

/**
 * All that turns rows of a manifest into what a model is fed with; learnt from the training rows, kept in the model's metadata.
 *
 * @param encoders one for each modality, in the order of the model's branches
 * @param label what the cells of the label column say
 * @param scale on which the labels of the training rows are 0..1, where they are numbers; else {@link Scale#UNIT}
 */
public record Encoding(List<Encoder> encoders, Label label, Scale scale) {
    /** The fact of {@link Metadata#extra} that holds it as JSON. */
    public static final String FACT = "espalier.encoding";

    public Encoding {
        encoders = List.copyOf(encoders);
        if (encoders.isEmpty()) {
            throw new DataException(
                    "manifest: expected at least one column that is an input (image, audio, text, numeric or"
                            + " categorical), got none; give one of them the type");
        }
        List<String> inputs = encoders.stream()
                .flatMap(encoder -> encoder.branches().stream())
                .map(Branch::input)
                .toList();
        if (inputs.stream().distinct().count() < inputs.size()) {
            throw new DataException("manifest: expected inputs of different names, got " + inputs
                    + "; rename one by the setting 'input'");
        }
    }

    /**
     * The encoding that a model states, if it was trained on a manifest; of a model that has lost columns or bins, what makes only those
     * that it still takes.
     */
    public static Optional<Encoding> of(Metadata metadata) {
        return Optional.ofNullable(metadata.extra().get(FACT))
                .map(EncodingJson::read)
                .map(whole -> new Encoding(
                        whole.encoders().stream()
                                .map(encoder -> encoder.keptBy(metadata))
                                .toList(),
                        whole.label(),
                        whole.scale()));
    }

    public List<String> classes() {
        return label.classes();
    }

    /** The parts of a model that take the inputs, in the order of the encoders. */
    public List<Branch> branches() {
        return encoders.stream().flatMap(encoder -> encoder.branches().stream()).toList();
    }

    /**
     * Reads an encoding.
     *
     * @throws DataException if it is not what {@link #toJson} wrote
     */
    public static Encoding fromJson(String json) {
        return EncodingJson.read(json);
    }

    /** The encoding as JSON, whose numbers come back to the bit. */
    public String toJson() {
        return EncodingJson.write(this);
    }
}
