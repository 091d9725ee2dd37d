package dev.espalier.train;

import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Image16;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.TensorHolder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The record of one training step where operators with a backward pass of their own take part: libtorch's record is cut around
 * them, and {@link #unwind} runs the pieces, the last first.
 *
 * <p>A value that several nodes read must be cut where it is made, so that each piece of libtorch's record runs backward once.
 * One thread at a time.
 */
final class Tape implements AutoCloseable {
    private record Piece(Runnable backward, List<Tensor> held) {}

    private final Scope owner = Scope.owner("tape");
    private final Deque<Piece> pieces = new ArrayDeque<>();
    private final Map<Object, Image16> scratch = new HashMap<>();
    private final Map<Shape, BitMask> whole = new HashMap<>();
    private List<Tensor> holding = new ArrayList<>();

    /** Another handle on the same tensor, which stays open until the next piece that is pushed has run. */
    Tensor hold(Tensor tensor) {
        Tensor handle = owner.adopt(tensor.to(tensor.dtype()));
        holding.add(handle);
        return handle;
    }

    /** Takes a value of the open scope until the next piece that is pushed has run. */
    <T extends TensorHolder> T take(T value) {
        value.tensors().forEach(tensor -> holding.add(owner.adopt(tensor)));
        return value;
    }

    /**
     * Makes images in memory that stays with the tape, one after the other for each use.
     *
     * @param use what the memory is for; its images before these are overwritten or closed
     * @param make given those images, or null, it makes the new ones there or elsewhere
     */
    Image16 scratch(Object use, Function<@Nullable Image16, Image16> make) {
        Image16 had = scratch.get(use);
        Image16 made = make.apply(had);
        if (made != had) {
            if (had != null) {
                had.tensors().forEach(Tensor::close);
            }
            made.tensors().forEach(owner::adopt);
            scratch.put(use, made);
        }
        return made;
    }

    /** The mask that keeps all elements of a shape; it stays with the tape. */
    BitMask whole(Shape shape) {
        return whole.computeIfAbsent(shape, s -> BitMask.whole(s, owner));
    }

    /** Adds a piece: what runs backward, once and in an open scope, when the gradients of its outputs are complete. */
    void push(Runnable backward) {
        pieces.push(new Piece(backward, holding));
        holding = new ArrayList<>();
    }

    /**
     * Ends a piece of libtorch's record.
     *
     * @return a leaf in the place of {@code value}, which nothing else may read; {@code value} itself if it carries no gradient
     */
    Tensor cut(Tensor value) {
        if (!value.requiresGrad()) {
            return value;
        }
        Tensor root = hold(value);
        Tensor leaf = value.detach().setRequiresGrad(true);
        Tensor read = hold(leaf);
        push(() -> {
            Tensor gradient = read.grad();
            if (gradient != null) {
                root.backward(gradient);
            }
        });
        return leaf;
    }

    /** Runs all pieces, the last first, after the backward pass of what follows them; forgets the step. */
    void unwind() {
        while (!pieces.isEmpty()) {
            Piece piece = pieces.pop();
            try (Scope scope = Scope.open()) {
                piece.backward().run();
            }
            piece.held().forEach(Tensor::close);
        }
    }

    @Override
    public void close() {
        pieces.clear();
        owner.close();
    }
}
