package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;

/**
 * Levels that are told apart; all beyond are cut to its ends.
 *
 * @param floor the lowest, in dB relative to a sine of full scale
 * @param ceiling the highest
 */
public record DecibelRange(double floor, double ceiling) {
    public DecibelRange {
        if (!(floor < ceiling && floor >= -300 && ceiling <= 300)) {
            throw new DataException(
                    "decibel range: expected -300 <= floor < ceiling <= 300, got " + floor + " and " + ceiling);
        }
    }
}
