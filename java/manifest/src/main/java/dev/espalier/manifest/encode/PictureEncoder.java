package dev.espalier.manifest.encode;

import dev.espalier.data.Augmenter;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.DataException;
import dev.espalier.data.Exhibit;
import dev.espalier.data.ImageSize;
import dev.espalier.data.Picture;
import dev.espalier.manifest.Column;
import dev.espalier.model.Branch;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Images as pixels in 0..1, resized so that they cover the size and cropped to it in the middle.
 *
 * @param shape [channels, height, width]
 */
public record PictureEncoder(String modality, String column, Shape shape) implements Encoder {
    /** What cutout shows, the middle of pixels from 0 to 1. */
    private static final double GREY = 0.5;

    private static final int LARGEST_UNASKED = 64;

    public PictureEncoder {
        if (shape.rank() != 3 || (shape.dim(0) != 1 && shape.dim(0) != 3)) {
            throw new DataException(
                    "pictures of column '" + column + "': expected [1 or 3 channels, height, width], got " + shape);
        }
    }

    /**
     * Takes the size most images have, at most 64 pixels a side unless asked for, and one channel if all are grey.
     *
     * @param column its settings are {@code size} and {@code channels}
     * @param seen what some training images were; empty if none could be decoded
     */
    static PictureEncoder fit(Column column, List<Picture> seen) {
        Settings settings = new Settings(column, List.of("size", "channels", "input"));
        Map<ImageSize, Integer> sizes = new HashMap<>();
        seen.forEach(picture -> sizes.merge(new ImageSize(picture.height(), picture.width()), 1, Integer::sum));
        String asked = settings.text("size", "");
        ImageSize size = asked.isEmpty() ? usual(column, sizes) : ImageSize.parse(asked);
        boolean grey = seen.stream().allMatch(picture -> picture.channels() == 1);
        int channels = settings.integer("channels", grey ? 1 : 3, 1, 3);
        return new PictureEncoder(
                settings.text("input", column.name()), column.name(), Shape.of(channels, size.height(), size.width()));
    }

    private static ImageSize usual(Column column, Map<ImageSize, Integer> sizes) {
        ImageSize most = sizes.entrySet().stream()
                .max(Map.Entry.<ImageSize, Integer>comparingByValue()
                        .thenComparing(entry -> entry.getKey().toString()))
                .orElseThrow(() -> new DataException(
                        "column '" + column.name() + "': expected training images, got none that can be decoded"))
                .getKey();
        return new ImageSize(Math.min(LARGEST_UNASKED, most.height()), Math.min(LARGEST_UNASKED, most.width()));
    }

    @Override
    public List<String> columns() {
        return List.of(column);
    }

    @Override
    public DType stored() {
        return DType.U8;
    }

    @Override
    public boolean ofFiles() {
        return true;
    }

    @Override
    public boolean encode(List<@Nullable String> cells, CellReader reader, ByteBuffer to) throws IOException {
        String cell = cells.get(0);
        if (cell == null) {
            return false;
        }
        to.put(covering(reader.picture(cell)).bytes());
        return true;
    }

    private Picture covering(Picture picture) {
        int height = (int) shape.dim(1);
        int width = (int) shape.dim(2);
        double scale = Math.max((double) height / picture.height(), (double) width / picture.width());
        ImageSize size =
                new ImageSize(Math.max(height, (int) Math.round(scale * picture.height())), Math.max(width, (int)
                        Math.round(scale * picture.width())));
        return picture.withChannels((int) shape.dim(0)).resized(size).cropped(new ImageSize(height, width));
    }

    @Override
    public Exhibit exhibit(ByteBuffer row, List<@Nullable String> cells) {
        byte[] pixels = new byte[bytes()];
        row.get(pixels);
        return Exhibit.picture(new Picture((int) shape.dim(0), (int) shape.dim(1), (int) shape.dim(2), pixels));
    }

    @Override
    public List<Branch> branches() {
        return List.of(new Branch.Image(modality, shape, 2));
    }

    @Override
    public Feeder feeder(BatchOptions options, int epoch) {
        Augmenter augmenter =
                new Augmenter(options.augmentation(), options.sampling().seed(), epoch);
        return (rows, present, indices, inputs) -> {
            Tensor pixels = augmenter.apply(rows, indices);
            augmenter.cut(pixels, indices, GREY);
            inputs.put(modality, pixels);
            inputs.put(Branch.present(modality), Presence.of(present, options.device()));
        };
    }
}
