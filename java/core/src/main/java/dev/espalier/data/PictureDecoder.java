package dev.espalier.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Decodes JPEG and PNG files held in memory by the installed ImageIO readers; for one thread at a time.
 *
 * <p>Alpha is dropped, 16-bit samples are rounded to 8, colour profiles and EXIF orientation are not applied. What readers
 * let pass is refused: a JPEG that ends early, a PNG chunk whose checksum is wrong.
 */
public final class PictureDecoder implements AutoCloseable {
    /**
     * Above this an image is taken for a corrupt header or an attack. A pixel takes up to 8 bytes to decode, on up to four threads at
     * once: that must fit in the heap.
     */
    private static final long MOST_PIXELS =
            Math.min(1L << 28, Runtime.getRuntime().maxMemory() / 32);

    private final Map<String, ImageReader> readers = new HashMap<>();

    /**
     * Decodes one file.
     *
     * @param file the whole file
     * @throws CorruptImageException if it is not a whole JPEG or PNG
     */
    public Picture decode(byte[] file) throws CorruptImageException {
        try {
            if (JpegMarkers.isJpeg(file)) {
                return jpeg(file);
            }
            if (PngChunks.isPng(file)) {
                PngChunks.verify(file);
                return Rasters.picture(read(file, "png"));
            }
        } catch (CorruptImageException e) {
            throw e;
        } catch (EOFException e) {
            throw new CorruptImageException("the file ends early", e);
        } catch (IOException | RuntimeException e) {
            // Readers answer garbage with any exception: bad indices, negative sizes, colour models that do not fit.
            throw new CorruptImageException(reason(e), e);
        }
        throw new CorruptImageException(file.length == 0 ? "the file is empty" : "neither a JPEG nor a PNG file");
    }

    private Picture jpeg(byte[] file) throws IOException {
        JpegMarkers markers = JpegMarkers.parse(file);
        ImageReader reader = reader("jpeg");
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(in, true, true);
            refuseHuge(reader);
            Picture picture = markers.components() == 4
                    ? Rasters.cmyk(reader.readRaster(0, null), markers)
                    : Rasters.picture(reader.read(0));
            refuseDamage(warnings);
            return picture;
        } finally {
            reader.reset();
        }
    }

    private BufferedImage read(byte[] file, String format) throws IOException {
        ImageReader reader = reader(format);
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(in, true, true);
            refuseHuge(reader);
            return reader.read(0);
        } finally {
            reader.reset();
        }
    }

    private static void refuseHuge(ImageReader reader) throws IOException {
        long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
        if (pixels > MOST_PIXELS) {
            throw new CorruptImageException("claims " + reader.getWidth(0) + "x" + reader.getHeight(0)
                    + " pixels, more than the " + MOST_PIXELS + " that this JVM's heap has room for");
        }
    }

    /** libjpeg fills what is missing with grey and only warns. */
    private static void refuseDamage(List<String> warnings) throws CorruptImageException {
        for (String warning : warnings) {
            String lower = warning.toLowerCase(Locale.ROOT);
            if (lower.contains("premature") || lower.contains("truncated") || lower.contains("corrupt")) {
                throw new CorruptImageException(warning.strip());
            }
        }
    }

    private static String reason(Exception e) {
        String message = e.getMessage();
        String text = message == null || message.isBlank() ? e.getClass().getSimpleName() : message;
        return text.lines()
                .findFirst()
                .orElse(text)
                .replaceAll("\\p{Cntrl}", "?")
                .strip();
    }

    private ImageReader reader(String format) throws IOException {
        @Nullable ImageReader known = readers.get(format);
        if (known != null) {
            return known;
        }
        Iterator<ImageReader> found = ImageIO.getImageReadersByFormatName(format);
        if (!found.hasNext()) {
            throw new IOException("no ImageIO reader for " + format + " is installed");
        }
        ImageReader reader = found.next();
        readers.put(format, reader);
        return reader;
    }

    @Override
    public void close() {
        readers.values().forEach(ImageReader::dispose);
        readers.clear();
    }
}
