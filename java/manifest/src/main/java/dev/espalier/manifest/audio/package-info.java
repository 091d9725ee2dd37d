/** Sound: files decoded to waveforms, waveforms resampled, levelled and augmented, waveforms turned into log-mel pictures. */
@NullMarked
package dev.espalier.manifest.audio;

import org.jspecify.annotations.NullMarked;
