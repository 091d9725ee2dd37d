package dev.espalier.data;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import java.nio.ByteBuffer;
import java.util.List;

/** Labelled images of one size, read by index as bytes; safe for use by several threads. */
public interface ImageSource extends Source {
    /** The name of the images in a batch. */
    String INPUT = "image";

    /** {@code [channels, height, width]}. */
    Shape imageShape();

    /**
     * Puts the image's bytes, one per sample in channel, row, column order, at the buffer's position and moves it on.
     *
     * @throws IndexOutOfBoundsException if there is no such image
     * @throws java.nio.BufferOverflowException if the buffer has too little room
     */
    void read(int index, ByteBuffer to);

    /** What brings images to a device as U8 [n, channels, height, width]; for one thread at a time. */
    default RowGather gather(Device device) {
        return new StagedRows(DType.U8, imageShape(), this::read, device);
    }

    @Override
    int[] labels();

    /** One class for each image. */
    @Override
    default Answers answers() {
        return Answers.ofClasses(labels(), classes().size());
    }

    /** SHA-256 in hexadecimal of shape, class names, image names, labels and pixels. */
    @Override
    String fingerprint();

    @Override
    default void check(BatchOptions options) {
        if (imageShape().dim(0) != options.statistics().channels()) {
            throw new DataException("statistics: expected one per channel of images " + imageShape() + ", got "
                    + options.statistics().channels());
        }
    }

    @Override
    default List<Exhibit> exhibits(int index) {
        long[] shape = imageShape().toArray();
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(imageShape().numel()));
        read(index, bytes);
        return List.of(Exhibit.picture(new Picture((int) shape[0], (int) shape[1], (int) shape[2], bytes.array())));
    }

    @Override
    default BatchSupply supply(BatchOptions options, int epoch) {
        return new BatchMaker(this, options, epoch);
    }

    @Override
    default ImageSource rows(int[] chosen) {
        return new Subset(this, chosen, false);
    }
}
