package dev.espalier.formats.onnx;

import dev.espalier.formats.TensorBytes;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Whole numbers that a file calculates from shapes, each known or a multiple of the open batch.
 *
 * @param scalar whether they are one number of rank 0 rather than a vector
 * @param source a value with the batch as its first dimension, empty where the batch does not occur
 */
record Sizes(boolean scalar, List<Size> values, String source) {
    /** A known number, or that many times the batch. */
    record Size(long factor, boolean batch) {
        /** Stands for one batch in settings that can hold it. */
        static final long BATCH = -1;

        static Size of(long number) {
            return new Size(number, false);
        }

        Size times(Size other) {
            if (batch && other.batch) {
                throw new ArithmeticException("the batch is multiplied by itself");
            }
            return new Size(Math.multiplyExact(factor, other.factor), batch || other.batch);
        }

        /** Division as ONNX defines it for whole numbers, or empty where the result depends on the batch. */
        Optional<Size> dividedBy(Size other) {
            if (other.factor == 0 || (other.batch && !batch) || (batch && factor % other.factor != 0)) {
                return Optional.empty();
            }
            return Optional.of(new Size(factor / other.factor, batch && !other.batch));
        }

        /** The sum, or empty where it is no multiple of the batch. */
        Optional<Size> plus(Size other, int sign) {
            if (other.factor == 0) {
                return Optional.of(this);
            }
            return batch == other.batch
                    ? Optional.of(new Size(
                            Math.addExact(factor, sign * other.factor), batch && factor + sign * other.factor != 0))
                    : Optional.empty();
        }
    }

    Sizes {
        values = List.copyOf(values);
    }

    static Sizes of(TensorValue constant) {
        return new Sizes(
                constant.shape().rank() == 0,
                Arrays.stream(constant.toLongs()).mapToObj(Size::of).toList(),
                "");
    }

    boolean isKnown() {
        return values.stream().noneMatch(Size::batch);
    }

    /** The numbers as a constant; all must be known. */
    TensorValue toConstant() {
        long[] numbers = values.stream().mapToLong(Size::factor).toArray();
        return scalar ? TensorValue.of(numbers) : TensorValue.of(numbers, numbers.length);
    }

    /** The numbers with -1 for one batch, or empty where a multiple of it occurs or no tensor has so many axes. */
    Optional<Ints> withBatch() {
        return values.size() > TensorBytes.MAX_RANK
                        || values.stream().anyMatch(size -> size.batch() && size.factor() != 1)
                ? Optional.empty()
                : Optional.of(new Ints(values.stream()
                        .map(size -> size.batch() ? Size.BATCH : size.factor())
                        .toList()));
    }
}
