package dev.espalier.cli;

import dev.espalier.data.ImageSize;
import picocli.CommandLine.ITypeConverter;

/** Reads a size such as 32x48: height, then width. */
final class SizeConverter implements ITypeConverter<ImageSize> {
    @Override
    public ImageSize convert(String text) {
        return ImageSize.parse(text);
    }
}
