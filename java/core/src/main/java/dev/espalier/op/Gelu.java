package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** x times the normal distribution function at x, exact or by its customary tanh approximation (Hendrycks and Gimpel 2016). */
public record Gelu(boolean tanhApproximation) implements Unary {
    static Gelu of(Attributes a) {
        String approximate = a.only("approximate").text("approximate", "none");
        if (!approximate.equals("none") && !approximate.equals("tanh")) {
            throw new UnsupportedOperatorException(
                    "Gelu: attribute 'approximate' must be 'none' or 'tanh', got '" + approximate + "'");
        }
        return new Gelu(approximate.equals("tanh"));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none()
                .with("approximate", tanhApproximation ? "tanh" : "none")
                .asMap();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        if (!tanhApproximation) {
            return Nn.gelu(x);
        }
        Tensor inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
        return x.mul(Nn.tanh(inner).add(1)).mul(0.5);
    }

    @Override
    public boolean keepsZero() {
        return true;
    }
}
