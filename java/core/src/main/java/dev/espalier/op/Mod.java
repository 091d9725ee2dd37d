package dev.espalier.op;

import dev.espalier.runtime.Tensor;

/** What is left of input 0 after division by input 1, with the sign of the latter; the form of C (fmod) is refused. */
public record Mod() implements Binary {
    static Mod of(Attributes a) {
        a.only("fmod").mustBe("fmod", 0);
        return new Mod();
    }

    @Override
    public Tensor apply(Tensor a, Tensor b) {
        return a.remainder(b);
    }
}
