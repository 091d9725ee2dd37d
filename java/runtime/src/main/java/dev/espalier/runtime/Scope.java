package dev.espalier.runtime;

import dev.espalier.runtime.internal.TorchTensor;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The owner of native memory: a tensor lives until it or its scope is closed.
 *
 * <p>A scope that was {@linkplain #open() opened} belongs to its thread: every tensor made on that thread belongs to the
 * innermost open scope, and scopes close on the same thread, innermost first. A scope made by {@link #owner(String)}
 * stands on no thread's stack; it holds what outlives a step (weights, optimiser state) and may be used from any thread.
 * A tensor must not be closed while another thread uses it.
 */
public final class Scope implements AutoCloseable {
    private static final boolean DEBUG = Boolean.getBoolean("espalier.debug");
    private static final ThreadLocal<ArrayDeque<Scope>> STACK = ThreadLocal.withInitial(ArrayDeque::new);
    private static final Set<Scope> LIVE = ConcurrentHashMap.newKeySet();

    private final String name;
    private final @Nullable Thread thread;
    private final @Nullable Scope parent;
    private final @Nullable Throwable opened;
    /** Head of the doubly linked list of the tensors owned; guarded by this. */
    private @Nullable Tensor head;

    private long count;
    private boolean closed;

    private Scope(String name, @Nullable Thread thread, @Nullable Scope parent) {
        this.name = name;
        this.thread = thread;
        this.parent = parent;
        this.opened = DEBUG ? new Throwable("opened here") : null;
        LIVE.add(this);
    }

    /** Opens a scope inside the innermost open one of this thread. */
    public static Scope open() {
        ArrayDeque<Scope> stack = STACK.get();
        Thread thread = Thread.currentThread();
        Scope scope = new Scope(thread.getName(), thread, stack.peek());
        stack.push(scope);
        return scope;
    }

    /**
     * Makes a scope that is on no stack: tensors come to it by {@link #adopt}.
     *
     * @param name what the tensors are for; it appears in leak reports
     */
    public static Scope owner(String name) {
        return new Scope(name, null, null);
    }

    /** The innermost open scope of this thread. */
    static Scope current() {
        Scope scope = STACK.get().peek();
        if (scope == null) {
            throw new IllegalStateException(
                    "no scope is open on thread '" + Thread.currentThread().getName()
                            + "': make tensors inside try (Scope scope = Scope.open()) { ... }");
        }
        return scope;
    }

    /**
     * Lets tensors outlive this scope: moves them to the enclosing open scope. Tensors that this scope does not own stay
     * where they are.
     *
     * @param kept a tensor, a {@link TensorHolder}, or an {@code Iterable}, {@code Map} (its values), array or null-free nest of these
     * @return {@code kept}
     * @throws IllegalStateException if no scope encloses this one, or a tensor is closed
     */
    public <T> T keep(T kept) {
        if (parent == null) {
            throw new IllegalStateException(
                    this + " has no enclosing scope to keep tensors in: open one around it, or adopt them");
        }
        move(kept, parent);
        return kept;
    }

    private void move(@Nullable Object kept, Scope target) {
        if (kept instanceof Tensor tensor) {
            if (tensor.owner() == this) {
                target.adopt(tensor);
            }
        } else if (kept instanceof TensorHolder holder) {
            holder.tensors().forEach(item -> move(item, target));
        } else if (kept instanceof Iterable<?> many) {
            many.forEach(item -> move(item, target));
        } else if (kept instanceof Map<?, ?> map) {
            map.values().forEach(item -> move(item, target));
        } else if (kept instanceof Object[] array) {
            for (Object item : array) {
                move(item, target);
            }
        } else if (kept != null) {
            throw new IllegalArgumentException("keep: expected tensors, or collections, maps or arrays of them, got "
                    + kept.getClass().getName());
        }
    }

    /**
     * Moves a tensor from the scope that owns it to this one.
     *
     * @return {@code tensor}
     * @throws IllegalStateException if the tensor or this scope is closed
     */
    public Tensor adopt(Tensor tensor) {
        Scope from = tensor.owner();
        if (from == this) {
            return tensor;
        }
        synchronized (this) {
            requireOpen();
        }
        if (!from.release(tensor)) {
            throw new IllegalStateException("adopt: " + tensor.describe() + " was moved or closed by another thread");
        }
        link(tensor);
        return tensor;
    }

    /**
     * Closes all tensors that this scope still owns; idempotent.
     *
     * @throws IllegalStateException on another thread than the one that opened it, or while an inner scope is open
     */
    @Override
    public void close() {
        if (thread != null && !unstack()) {
            return;
        }
        synchronized (this) {
            closed = true;
            for (Tensor tensor = head; tensor != null; ) {
                Tensor next = tensor.next;
                tensor.previous = null;
                tensor.next = null;
                tensor.release();
                tensor = next;
            }
            head = null;
            count = 0;
        }
        LIVE.remove(this);
    }

    /** Takes this scope off its thread's stack; false if it was closed before. */
    private boolean unstack() {
        if (Thread.currentThread() != thread) {
            throw new IllegalStateException(this + " must be closed by the thread that opened it, not by '"
                    + Thread.currentThread().getName() + "'");
        }
        ArrayDeque<Scope> stack = STACK.get();
        if (stack.peek() == this) {
            stack.pop();
            return true;
        }
        if (stack.contains(this)) {
            throw new IllegalStateException(this + " must be closed after the scopes that were opened inside it");
        }
        return false;
    }

    /** Makes a tensor of this scope. */
    Tensor register(TorchTensor handle) {
        Tensor tensor = new Tensor(handle, this, DEBUG ? new Throwable("allocated here") : null);
        link(tensor);
        return tensor;
    }

    private synchronized void link(Tensor tensor) {
        if (closed) {
            tensor.release();
            requireOpen();
        }
        tensor.setOwner(this);
        tensor.next = head;
        if (head != null) {
            head.previous = tensor;
        }
        head = tensor;
        count++;
    }

    /** Takes a tensor off the list; false if this scope does not own it (any more). */
    synchronized boolean release(Tensor tensor) {
        if (closed || tensor.isClosed() || tensor.owner() != this) {
            return false;
        }
        if (tensor.previous == null) {
            if (head != tensor) {
                return false;
            }
            head = tensor.next;
        } else {
            tensor.previous.next = tensor.next;
        }
        if (tensor.next != null) {
            tensor.next.previous = tensor.previous;
        }
        tensor.previous = null;
        tensor.next = null;
        count--;
        return true;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(this + " is closed");
        }
    }

    /** The number of tensors, of all scopes, that are not closed. */
    public static long liveTensors() {
        long sum = 0;
        for (Scope scope : LIVE) {
            synchronized (scope) {
                sum += scope.count;
            }
        }
        return sum;
    }

    /** Bytes held by the tensors that are not closed; memory that several tensors share counts once. */
    public static long liveBytes() {
        Map<Long, Long> bytes = new HashMap<>();
        for (Scope scope : LIVE) {
            synchronized (scope) {
                for (Tensor tensor = scope.head; tensor != null; tensor = tensor.next) {
                    TorchTensor handle = tensor.handle();
                    bytes.merge(handle.storageAddress(), handle.storageBytes(), Math::max);
                }
            }
        }
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Names every tensor that is not closed, by scope; with {@code -Despalier.debug=true} also where it was made. Empty if
     * there is none.
     */
    public static String leakReport() {
        StringBuilder report = new StringBuilder();
        for (Scope scope : LIVE) {
            synchronized (scope) {
                if (scope.head != null) {
                    report.append(scope).append(" holds ").append(scope.count).append(" tensors\n");
                    appendStack(report, "  ", scope.opened);
                }
                for (Tensor tensor = scope.head; tensor != null; tensor = tensor.next) {
                    report.append("  ").append(tensor.describe()).append('\n');
                    appendStack(report, "    ", tensor.allocated());
                }
            }
        }
        return report.toString();
    }

    private static void appendStack(StringBuilder report, String indent, @Nullable Throwable stack) {
        if (stack != null) {
            report.append(indent).append(stack.getMessage()).append('\n');
            for (StackTraceElement frame : stack.getStackTrace()) {
                report.append(indent).append("  at ").append(frame).append('\n');
            }
        }
    }

    @Override
    public String toString() {
        return thread == null ? "scope '" + name + "'" : "scope of thread '" + name + "'";
    }
}
