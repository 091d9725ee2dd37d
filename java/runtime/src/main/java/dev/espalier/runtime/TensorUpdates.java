package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchUpdate;

/** The operators that change a tensor in place; each returns the tensor itself, and needs no open scope. */
public sealed interface TensorUpdates permits Tensor {
    private Tensor self() {
        return (Tensor) this;
    }

    /** this += other. */
    default Tensor addInPlace(Tensor other) {
        Tensor self = self();
        Operator.update("addInPlace(input, other)", () -> TorchUpdate.add(self.handle(), other.handle()), self, other);
        return self;
    }

    /** this += alpha * other. */
    default Tensor addInPlace(Tensor other, double alpha) {
        Tensor self = self();
        Operator.update(
                "addInPlace(input, other)", () -> TorchUpdate.add(self.handle(), other.handle(), alpha), self, other);
        return self;
    }

    /** this += value. */
    default Tensor addInPlace(double value) {
        Tensor self = self();
        Operator.update("addInPlace(input)", () -> TorchUpdate.add(self.handle(), value), self);
        return self;
    }

    /** this -= other. */
    default Tensor subInPlace(Tensor other) {
        Tensor self = self();
        Operator.update("subInPlace(input, other)", () -> TorchUpdate.sub(self.handle(), other.handle()), self, other);
        return self;
    }

    /** this -= value. */
    default Tensor subInPlace(double value) {
        return addInPlace(-value);
    }

    /** this *= other. */
    default Tensor mulInPlace(Tensor other) {
        Tensor self = self();
        Operator.update("mulInPlace(input, other)", () -> TorchUpdate.mul(self.handle(), other.handle()), self, other);
        return self;
    }

    /** this *= value. */
    default Tensor mulInPlace(double value) {
        Tensor self = self();
        Operator.update("mulInPlace(input)", () -> TorchUpdate.mul(self.handle(), value), self);
        return self;
    }

    /** this /= other. */
    default Tensor divInPlace(Tensor other) {
        Tensor self = self();
        Operator.update("divInPlace(input, other)", () -> TorchUpdate.div(self.handle(), other.handle()), self, other);
        return self;
    }

    /** this /= value. */
    default Tensor divInPlace(double value) {
        Tensor self = self();
        Operator.update("divInPlace(input)", () -> TorchUpdate.div(self.handle(), value), self);
        return self;
    }

    /** this += value * first * second. */
    default Tensor addcmulInPlace(Tensor first, Tensor second, double value) {
        Tensor self = self();
        Operator.update(
                "addcmulInPlace(input, first, second)",
                () -> TorchUpdate.addcmul(self.handle(), first.handle(), second.handle(), value),
                self,
                first,
                second);
        return self;
    }

    /** this += value * first / second. */
    default Tensor addcdivInPlace(Tensor first, Tensor second, double value) {
        Tensor self = self();
        Operator.update(
                "addcdivInPlace(input, first, second)",
                () -> TorchUpdate.addcdiv(self.handle(), first.handle(), second.handle(), value),
                self,
                first,
                second);
        return self;
    }

    /** this += weight * (end - this). */
    default Tensor lerpInPlace(Tensor end, double weight) {
        Tensor self = self();
        Operator.update(
                "lerpInPlace(input, end)", () -> TorchUpdate.lerp(self.handle(), end.handle(), weight), self, end);
        return self;
    }

    /** this = 0. */
    default Tensor zeroInPlace() {
        Tensor self = self();
        Operator.update("zeroInPlace(input)", () -> TorchUpdate.zero(self.handle()), self);
        return self;
    }

    /** this = value. */
    default Tensor fillInPlace(double value) {
        Tensor self = self();
        Operator.update("fillInPlace(input)", () -> TorchUpdate.fill(self.handle(), value), self);
        return self;
    }

    /** this = source, broadcast and converted to this tensor's type and device. */
    default Tensor copyInPlace(Tensor source) {
        Tensor self = self();
        Operator.update(
                "copyInPlace(input, source)", () -> TorchUpdate.copy(self.handle(), source.handle()), self, source);
        return self;
    }

    /** this = square root of this. */
    default Tensor sqrtInPlace() {
        Tensor self = self();
        Operator.update("sqrtInPlace(input)", () -> TorchUpdate.sqrt(self.handle()), self);
        return self;
    }

    /** this = min(max(this, low), high). */
    default Tensor clampInPlace(double low, double high) {
        Tensor self = self();
        Operator.update("clampInPlace(input)", () -> TorchUpdate.clamp(self.handle(), low, high), self);
        return self;
    }
}
