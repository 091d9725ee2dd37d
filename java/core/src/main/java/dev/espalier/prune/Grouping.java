package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.op.ChannelIds;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gathers the traced classes into groups: channels of one group hold equally many indices on the same axes of the same parameters,
 * none of them twice, come from the same nodes and stay for the same reason.
 */
final class Grouping {
    /** Producers named in a group's id before the rest is only counted. */
    private static final int NAMED = 3;

    /** An axis of a parameter. */
    private record Place(String parameter, int axis) {}

    /** What channels must have in common to form a group. */
    private record Signature(List<String> producers, String reason, String approximation, Map<Place, Integer> copies) {}

    private final Graph graph;
    private final ChannelTracer tracer;
    private final Map<Integer, List<String>> produced;
    private final Map<Integer, String> frozen;
    private final Map<Integer, String> approximated;
    private final boolean exactOnly;
    /** By class, the indices that it holds at each place. */
    private final Map<Integer, Map<Place, List<Integer>>> places = new LinkedHashMap<>();

    Grouping(Graph graph, ChannelTracer tracer, boolean exactOnly) {
        this.graph = graph;
        this.tracer = tracer;
        this.produced = tracer.produced();
        this.frozen = tracer.frozen();
        this.approximated = tracer.approximated();
        this.exactOnly = exactOnly;
        produced.keySet().forEach(c -> places.put(c, new LinkedHashMap<>()));
        graph.parameters().keySet().forEach(this::collect);
        graph.inputs().keySet().forEach(this::collect);
    }

    private void collect(String parameter) {
        ChannelIds ids = tracer.idsOf(parameter);
        for (int axis = 0; axis < ids.rank(); axis++) {
            int[] along = ids.at(axis);
            Place place = new Place(parameter, axis);
            for (int i = 0; i < along.length; i++) {
                for (int leaf : tracer.leavesOf(along[i])) {
                    Map<Place, List<Integer>> held = places.get(leaf);
                    if (held != null) {
                        held.computeIfAbsent(place, p -> new ArrayList<>()).add(i);
                    }
                }
            }
        }
    }

    /** The channel of every produced class. */
    Map<Integer, ChannelGroups.Channel> channels() {
        Map<Signature, List<Integer>> alike = new LinkedHashMap<>();
        places.keySet()
                .forEach(c -> alike.computeIfAbsent(signature(c), s -> new ArrayList<>())
                        .add(c));
        Map<Integer, ChannelGroups.Channel> channels = new LinkedHashMap<>();
        Set<String> names = new HashSet<>();
        alike.forEach((signature, all) -> apart(all).forEach(classes -> {
            ChannelGroup group = group(name(signature.producers(), names), signature, classes);
            for (int i = 0; i < classes.size(); i++) {
                channels.put(classes.get(i), new ChannelGroups.Channel(group, i));
            }
        }));
        return channels;
    }

    /** Classes that share an index, as a row and a column of one split axis do, stand in different lists. */
    private List<List<Integer>> apart(List<Integer> classes) {
        List<List<Integer>> lists = new ArrayList<>();
        List<Map<Place, Set<Integer>>> taken = new ArrayList<>();
        for (int c : classes) {
            Map<Place, List<Integer>> own = places.getOrDefault(c, Map.of());
            int at = 0;
            while (at < lists.size() && meet(own, taken.get(at))) {
                at++;
            }
            if (at == lists.size()) {
                lists.add(new ArrayList<>());
                taken.add(new HashMap<>());
            }
            lists.get(at).add(c);
            Map<Place, Set<Integer>> held = taken.get(at);
            own.forEach((place, indices) ->
                    held.computeIfAbsent(place, p -> new HashSet<>()).addAll(indices));
        }
        return lists;
    }

    private static boolean meet(Map<Place, List<Integer>> own, Map<Place, Set<Integer>> taken) {
        return own.entrySet().stream()
                .anyMatch(e -> !Collections.disjoint(e.getValue(), taken.getOrDefault(e.getKey(), Set.of())));
    }

    private Signature signature(int c) {
        Map<Place, Integer> copies = new HashMap<>();
        places.getOrDefault(c, Map.of()).forEach((place, indices) -> copies.put(place, indices.size()));
        String approximation = approximated.getOrDefault(c, "");
        String reason = frozen.getOrDefault(c, "");
        if (reason.isEmpty() && exactOnly && !approximation.isEmpty()) {
            reason = approximation + ", and only exact removals are allowed";
        }
        return new Signature(produced.getOrDefault(c, List.of()), reason, approximation, copies);
    }

    private static String name(List<String> producers, Set<String> taken) {
        int rest = producers.size() - NAMED;
        String base = String.join("+", producers.subList(0, Math.min(NAMED, producers.size())))
                + (rest > 0 ? "+" + rest + " more" : "");
        String name = base;
        for (int i = 2; !taken.add(name); i++) {
            name = base + "#" + i;
        }
        return name;
    }

    private ChannelGroup group(String id, Signature signature, List<Integer> classes) {
        List<Member> members = new ArrayList<>();
        places.getOrDefault(classes.get(0), Map.of()).keySet().forEach(place -> {
            int[] indices = classes.stream()
                    .flatMap(c -> places.getOrDefault(c, Map.of()).getOrDefault(place, List.of()).stream())
                    .mapToInt(i -> i)
                    .toArray();
            members.add(new Member(place.parameter(), place.axis(), IndexMap.of(classes.size(), indices)));
        });
        String reason = signature.reason();
        if (reason.isEmpty()
                && members.stream().noneMatch(m -> graph.parameters().containsKey(m.parameter()))) {
            reason = "no weight reads them";
        }
        if (reason.isEmpty() && classes.size() == 1) {
            reason = "its only channel must stay";
        }
        return new ChannelGroup(
                id,
                classes.size(),
                reason.isEmpty(),
                reason,
                signature.approximation(),
                signature.producers(),
                members);
    }
}
