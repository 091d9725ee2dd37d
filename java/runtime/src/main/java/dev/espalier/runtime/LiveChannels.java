package dev.espalier.runtime;

import org.jspecify.annotations.Nullable;

/**
 * The channels of a convolution that take part.
 *
 * @param inputs of the c input channels; null: all
 * @param outputs of the k output channels; null: all
 */
public record LiveChannels(
        @Nullable ChannelList inputs, @Nullable ChannelList outputs) {
    /** All take part. */
    public static final LiveChannels ALL = new LiveChannels(null, null);
}
