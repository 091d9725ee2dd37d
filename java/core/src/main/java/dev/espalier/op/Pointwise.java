package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/** A function without settings of every element: ONNX has an operator for each. */
public record Pointwise(Function function) implements Unary {
    /** The functions, each named as its operator. */
    public enum Function {
        ABS("Abs", true),
        NEG("Neg", true),
        RECIPROCAL("Reciprocal", false),
        SQRT("Sqrt", true),
        EXP("Exp", false),
        LOG("Log", false),
        ERF("Erf", true),
        SIN("Sin", true),
        COS("Cos", false),
        FLOOR("Floor", true),
        CEIL("Ceil", true),
        ROUND("Round", true),
        SIGN("Sign", true),
        SOFTPLUS("Softplus", false),
        SOFTSIGN("Softsign", true),
        MISH("Mish", true);

        private final String type;
        private final boolean keepsZero;

        Function(String type, boolean keepsZero) {
            this.type = type;
            this.keepsZero = keepsZero;
        }

        private Tensor apply(Tensor x) {
            return switch (this) {
                case ABS -> x.abs();
                case NEG -> x.neg();
                case RECIPROCAL -> x.pow(-1);
                case SQRT -> x.sqrt();
                case EXP -> x.exp();
                case LOG -> x.log();
                case ERF -> x.erf();
                case SIN -> x.sin();
                case COS -> x.cos();
                case FLOOR -> x.floor();
                case CEIL -> x.ceil();
                case ROUND -> x.round();
                case SIGN -> x.sign();
                case SOFTPLUS -> x.softplus();
                case SOFTSIGN -> x.div(x.abs().add(1));
                case MISH -> x.mul(Nn.tanh(x.softplus()));
            };
        }

        /** The ONNX operator name. */
        public String type() {
            return type;
        }
    }

    /** The function of this name, such as {@code "sqrt"}. */
    public static Pointwise of(String name) {
        return new Pointwise(Function.valueOf(name.toUpperCase(Locale.ROOT)));
    }

    static Op[] all() {
        return Arrays.stream(Function.values()).map(Pointwise::new).toArray(Op[]::new);
    }

    @Override
    public String type() {
        return function.type;
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return function.apply(x);
    }

    /** What masking makes zero would be no number here. */
    @Override
    public void trace(ChannelTrace trace) {
        boolean infinite = function == Function.RECIPROCAL || function == Function.LOG;
        if (infinite && trace.vanishes(0)) {
            trace.freezeAxes(0, 0, "would take " + type() + " of channels that masking makes zero");
        }
        Unary.super.trace(trace);
    }

    @Override
    public boolean keepsZero() {
        return function.keepsZero;
    }

    @Override
    public boolean takesWholeNumbers() {
        return function == Function.ABS || function == Function.NEG || function == Function.SIGN;
    }
}
