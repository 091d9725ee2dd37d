package dev.espalier.pipeline;

import dev.espalier.train.CheckpointPolicy;
import dev.espalier.train.CheckpointStore;
import dev.espalier.train.GraphCodec;

/** Where, how and how often a run is saved; a run whose store holds a checkpoint goes on from it. */
public record Checkpointing(CheckpointStore store, GraphCodec codec, CheckpointPolicy policy) {}
