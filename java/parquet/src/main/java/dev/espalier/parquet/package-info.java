/** Tables read from Parquet files by DuckDB, in the process and cut off from the net and from other files. */
@NullMarked
package dev.espalier.parquet;

import org.jspecify.annotations.NullMarked;
