package dev.espalier.data;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;

/** Takes the samples of AWT images as they are stored, without the colour conversions that AWT would apply. */
final class Rasters {
    private Rasters() {}

    /** One or two bands are grey (and alpha), three or four are RGB (and alpha), a palette is RGB or grey. */
    static Picture picture(BufferedImage image) throws CorruptImageException {
        Raster raster = image.getRaster();
        ColorModel colours = image.getColorModel();
        if (colours instanceof IndexColorModel palette) {
            return indexed(raster, palette);
        }
        int bands = raster.getNumBands();
        if (bands < 1 || bands > 4) {
            throw new CorruptImageException("expected 1 to 4 colour bands, got " + bands);
        }
        int channels = bands < 3 ? 1 : 3;
        if (raster.getSampleModel() instanceof PixelInterleavedSampleModel model
                && raster.getDataBuffer() instanceof DataBufferByte) {
            return interleaved(raster, model, channels);
        }
        int plane = raster.getWidth() * raster.getHeight();
        byte[] bytes = new byte[channels * plane];
        int[] samples = new int[plane];
        for (int c = 0; c < channels; c++) {
            int most = (int) ((1L << Math.min(31, raster.getSampleModel().getSampleSize(c))) - 1);
            raster.getSamples(raster.getMinX(), raster.getMinY(), raster.getWidth(), raster.getHeight(), c, samples);
            for (int i = 0; i < plane; i++) {
                bytes[c * plane + i] = (byte) ((samples[i] * 255L + most / 2) / most);
            }
        }
        return new Picture(channels, raster.getHeight(), raster.getWidth(), bytes);
    }

    private static Picture interleaved(Raster raster, PixelInterleavedSampleModel model, int channels) {
        byte[] data = ((DataBufferByte) raster.getDataBuffer()).getData();
        int height = raster.getHeight();
        int width = raster.getWidth();
        byte[] bytes = new byte[channels * height * width];
        int origin = raster.getDataBuffer().getOffset()
                - raster.getSampleModelTranslateY() * model.getScanlineStride()
                - raster.getSampleModelTranslateX() * model.getPixelStride();
        int to = 0;
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < height; y++) {
                int from = origin + model.getBandOffsets()[c] + y * model.getScanlineStride();
                for (int x = 0; x < width; x++, from += model.getPixelStride()) {
                    bytes[to++] = data[from];
                }
            }
        }
        return new Picture(channels, height, width, bytes);
    }

    private static Picture indexed(Raster raster, IndexColorModel palette) {
        int plane = raster.getWidth() * raster.getHeight();
        int[] samples = raster.getSamples(
                raster.getMinX(), raster.getMinY(), raster.getWidth(), raster.getHeight(), 0, new int[plane]);
        byte[] bytes = new byte[3 * plane];
        boolean grey = true;
        for (int i = 0; i < plane; i++) {
            bytes[i] = (byte) palette.getRed(samples[i]);
            bytes[plane + i] = (byte) palette.getGreen(samples[i]);
            bytes[2 * plane + i] = (byte) palette.getBlue(samples[i]);
        }
        for (int entry = 0; entry < palette.getMapSize(); entry++) {
            grey &= palette.getRed(entry) == palette.getGreen(entry) && palette.getRed(entry) == palette.getBlue(entry);
        }
        Picture picture = new Picture(3, raster.getHeight(), raster.getWidth(), bytes);
        return grey ? picture.withChannels(1) : picture;
    }

    /**
     * RGB of a four-component JPEG, uncorrected: each of red, green and blue is the product of the light that its ink and
     * black let through.
     */
    static Picture cmyk(Raster raster, JpegMarkers markers) {
        int plane = raster.getWidth() * raster.getHeight();
        int[] pixels = raster.getPixels(
                raster.getMinX(), raster.getMinY(), raster.getWidth(), raster.getHeight(), new int[4 * plane]);
        byte[] bytes = new byte[3 * plane];
        int[] light = new int[4];
        for (int i = 0; i < plane; i++) {
            System.arraycopy(pixels, 4 * i, light, 0, 4);
            if (markers.transform() == 2) {
                inverseYcc(light);
            }
            for (int k = 0; k < 4 && !markers.adobe(); k++) {
                light[k] = 255 - light[k];
            }
            for (int c = 0; c < 3; c++) {
                bytes[c * plane + i] = (byte) ((light[c] * light[3] + 127) / 255);
            }
        }
        return new Picture(3, raster.getHeight(), raster.getWidth(), bytes);
    }

    /** The first three of YCCK are YCbCr of the complement of what is stored for CMY. */
    private static void inverseYcc(int[] pixel) {
        double y = pixel[0];
        double cb = pixel[1] - 128;
        double cr = pixel[2] - 128;
        pixel[0] = 255 - clamp(y + 1.402 * cr);
        pixel[1] = 255 - clamp(y - 0.344136 * cb - 0.714136 * cr);
        pixel[2] = 255 - clamp(y + 1.772 * cb);
    }

    private static int clamp(double sample) {
        return (int) Math.max(0, Math.min(255, Math.round(sample)));
    }
}
