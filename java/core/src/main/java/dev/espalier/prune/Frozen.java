package dev.espalier.prune;

/** A node whose output channels must stay, with the reason. */
public record Frozen(String node, String reason) {}
