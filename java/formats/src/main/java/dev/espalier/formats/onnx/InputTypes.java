package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.espalier.formats.FormatException;
import dev.espalier.formats.TensorBytes;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.nio.file.Path;

/** Declared types of a graph's inputs and outputs: dimension 0 may be open, the rest is fixed. */
final class InputTypes {
    private static final String BATCH = "batch";

    private InputTypes() {}

    static TensorType read(Path file, ValueInfoProto value) {
        String what = "input '" + value.getName() + "'";
        if (!value.getType().hasTensorType() || !value.getType().getTensorType().hasShape()) {
            throw FormatException.of(file, what + " is not a tensor of known rank");
        }
        TypeProto.Tensor tensor = value.getType().getTensorType();
        DType dtype = ElementTypes.find(tensor.getElemType())
                .orElseThrow(() -> FormatException.of(
                        file,
                        what + " has the element type " + ElementTypes.name(tensor.getElemType())
                                + ", which is not supported"));
        long[] dims = new long[tensor.getShape().getDimCount()];
        if (dims.length > TensorBytes.MAX_RANK) {
            throw FormatException.of(
                    file, what + " has " + dims.length + " dimensions, expected at most " + TensorBytes.MAX_RANK);
        }
        for (int i = 0; i < dims.length; i++) {
            Dimension dim = tensor.getShape().getDim(i);
            boolean known = dim.hasDimValue() && dim.getDimValue() >= 0;
            if (!known && i > 0) {
                throw FormatException.of(
                        file,
                        what + " leaves dimension " + i + (dim.hasDimParam() ? " ('" + dim.getDimParam() + "')" : "")
                                + " open; only dimension 0, the batch, may be: export the model with a fixed size");
            }
            dims[i] = known ? dim.getDimValue() : -1;
        }
        return new TensorType(dtype, Shape.of(dims));
    }

    private static String open(long perSample) {
        return perSample == 1 ? BATCH : perSample + "*" + BATCH;
    }

    static ValueInfoProto write(String name, TensorType type) {
        TypeProto.Tensor.Builder tensor = TypeProto.Tensor.newBuilder().setElemType(ElementTypes.code(type.dtype()));
        for (long dim : type.shape().toArray()) {
            Dimension.Builder dimension = Dimension.newBuilder();
            tensor.getShapeBuilder().addDim(dim < 0 ? dimension.setDimParam(open(-dim)) : dimension.setDimValue(dim));
        }
        if (type.rank() == 0) {
            tensor.getShapeBuilder();
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder().setTensorType(tensor))
                .build();
    }
}
