package dev.espalier.train;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Checkpoints kept as bytes in memory, all of them, so that a test can resume from any. */
public final class MemoryCheckpoints implements CheckpointStore {
    @SuppressWarnings("ArrayRecordComponent")
    private record Bytes(DType dtype, Shape shape, byte[] content) {
        static Bytes of(Tensor tensor) {
            return new Bytes(tensor.dtype(), tensor.shape(), tensor.toBytes());
        }

        Tensor toTensor() {
            Tensor tensor = Tensor.empty(dtype, Device.CPU, shape.toArray());
            tensor.setBytes(content);
            return tensor;
        }
    }

    private record Saved(Map<String, String> facts, SortedMap<String, Bytes> tensors) {}

    private final List<Saved> saved = new ArrayList<>();

    @Override
    public void save(Snapshot snapshot) {
        SortedMap<String, Bytes> tensors = new TreeMap<>();
        snapshot.tensors().forEach((name, tensor) -> tensors.put(name, Bytes.of(tensor)));
        saved.add(new Saved(snapshot.facts(), tensors));
    }

    @Override
    public Optional<Snapshot> latest() {
        return saved.isEmpty() ? Optional.empty() : Optional.of(snapshot(saved.size() - 1));
    }

    /** How many were saved. */
    public int count() {
        return saved.size();
    }

    /** A store whose latest is the {@code index}-th of this. */
    public MemoryCheckpoints upTo(int index) {
        MemoryCheckpoints earlier = new MemoryCheckpoints();
        earlier.saved.addAll(saved.subList(0, index + 1));
        return earlier;
    }

    private Snapshot snapshot(int index) {
        SortedMap<String, Tensor> tensors = new TreeMap<>();
        saved.get(index).tensors().forEach((name, bytes) -> tensors.put(name, bytes.toTensor()));
        return new Snapshot(saved.get(index).facts(), tensors);
    }
}
