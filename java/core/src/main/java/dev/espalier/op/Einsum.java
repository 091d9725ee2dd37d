package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Sums of products over lettered axes, such as {@code bhqd,bhkd->bhqk}: a letter that the output lacks is summed over. An ellipsis
 * stands for any number of axes, counted from their end, which all operands that have them share. A letter twice in one operand is
 * refused.
 */
public record Einsum(String equation) implements Op {
    private static final String ANY = "...";
    private static final String TERM = "[A-Za-z]*(\\.\\.\\.[A-Za-z]*)?";
    private static final Pattern FORM = Pattern.compile(TERM + "(," + TERM + ")*(->" + TERM + ")?");

    /** Stand for the axes of an ellipsis, the last axis first. */
    private static final String UNNAMED = "0123456789";

    public Einsum {
        equation = equation.replace(" ", "");
        if (!FORM.matcher(equation).matches()) {
            throw new UnsupportedOperatorException(
                    "Einsum: equation must be letters of operands, commas, an arrow and letters of the output, got '"
                            + equation + "'");
        }
        for (String letters : (String.join(",", terms(equation)) + "," + result(equation)).split(",", -1)) {
            if (letters.replace(ANY, "").chars().distinct().count()
                    < letters.replace(ANY, "").length()) {
                throw new UnsupportedOperatorException(
                        "Einsum: no letter may come twice in '" + letters + "' of equation '" + equation + "'");
            }
        }
    }

    static Einsum of(Attributes a) {
        a.only("equation");
        return new Einsum(a.text("equation", ""));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("equation", equation).asMap();
    }

    /** The letters of each operand. */
    private static List<String> terms(String equation) {
        int arrow = equation.indexOf("->");
        return List.of((arrow < 0 ? equation : equation.substring(0, arrow)).split(",", -1));
    }

    /** The letters of the output; without an arrow an ellipsis and those that come once, in alphabetical order. */
    private static String result(String equation) {
        int arrow = equation.indexOf("->");
        if (arrow >= 0) {
            return equation.substring(arrow + 2);
        }
        Map<Character, Integer> counts = new TreeMap<>();
        String all = String.join("", terms(equation));
        all.replace(ANY, "").chars().forEach(c -> counts.merge((char) c, 1, Integer::sum));
        return (all.contains(ANY) ? ANY : "")
                + counts.entrySet().stream()
                        .filter(e -> e.getValue() == 1)
                        .map(e -> e.getKey().toString())
                        .collect(Collectors.joining());
    }

    /** The letters of operands and of the output, an ellipsis spelt out. */
    private record Letters(List<String> terms, String result) {
        private List<Integer> holders(char letter) {
            return IntStream.range(0, terms.size())
                    .filter(i -> terms.get(i).indexOf(letter) >= 0)
                    .boxed()
                    .toList();
        }
    }

    /** For operands of these ranks; the widest ellipsis is that of the output. */
    private Letters letters(List<Integer> ranks) {
        List<String> terms = new ArrayList<>();
        int most = 0;
        for (int i = 0; i < ranks.size(); i++) {
            String term = terms(equation).get(i);
            int unnamed = Math.max(0, ranks.get(i) - term.replace(ANY, "").length());
            most = term.contains(ANY) ? Math.max(most, unnamed) : most;
            terms.add(spelt(term, unnamed));
        }
        return new Letters(terms, spelt(result(equation), most));
    }

    private static String spelt(String term, int unnamed) {
        return term.replace(
                ANY,
                new StringBuilder(UNNAMED.substring(0, Math.min(unnamed, UNNAMED.length())))
                        .reverse()
                        .toString());
    }

    private static List<Integer> ranks(List<TensorType> in) {
        return in.stream().map(TensorType::rank).toList();
    }

    @Override
    public Set<Integer> weightInputs() {
        return IntStream.range(0, terms(equation).size()).boxed().collect(Collectors.toSet());
    }

    /** Letters that no other operand has count what a weight makes, those that the output lacks are summed over. */
    @Override
    public Optional<WeightAxes> weightAxes(int input, int rank) {
        List<String> others = new ArrayList<>(terms(equation));
        String own = others.remove(input);
        String made = result(equation);
        int[] outputs = IntStream.range(0, rank)
                .filter(axis -> others.stream().allMatch(o -> o.indexOf(own.charAt(axis)) < 0))
                .filter(axis -> made.indexOf(own.charAt(axis)) >= 0)
                .toArray();
        int[] inputs = IntStream.range(0, rank)
                .filter(axis -> made.indexOf(own.charAt(axis)) < 0)
                .toArray();
        return outputs.length == 1 && inputs.length == 1
                ? Optional.of(WeightAxes.of(outputs[0], inputs[0]))
                : Optional.empty();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        int count = terms(equation).size();
        Inputs inputs = Inputs.of(this, in, count, count);
        inputs.floating();
        Map<Character, Long> sizes = sizes(inputs, in);
        String result = letters(ranks(in)).result();
        long[] out = new long[result.length()];
        for (int i = 0; i < out.length; i++) {
            Long size = sizes.get(result.charAt(i));
            inputs.require(size != null, "no operand of '" + equation + "' has letter '" + result.charAt(i) + "'");
            out[i] = size == null ? 0 : size;
        }
        return List.of(in.get(0).withShape(out));
    }

    private Map<Character, Long> sizes(Inputs inputs, List<TensorType> in) {
        Map<Character, Long> sizes = new HashMap<>();
        List<String> terms = letters(ranks(in)).terms();
        for (int i = 0; i < terms.size(); i++) {
            String letters = terms.get(i);
            inputs.rank(i, letters.length(), letters.length());
            for (int axis = 0; axis < letters.length(); axis++) {
                long size = in.get(i).dim(axis);
                Long before = sizes.putIfAbsent(letters.charAt(axis), size);
                boolean unnamed = UNNAMED.indexOf(letters.charAt(axis)) >= 0;
                inputs.require(
                        before == null || before == size,
                        (unnamed ? "an axis of '...'" : "letter '" + letters.charAt(axis) + "'") + " of '" + equation
                                + "' is " + before + " and " + size);
            }
        }
        return sizes;
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        long products = 1;
        for (long size : sizes(Inputs.of(this, in, in.size(), in.size()), in).values()) {
            products *= Math.max(Math.abs(size), 1);
        }
        return Cost.of(in.size() > 1 ? products : 0, in, out);
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        return List.of(
                Nn.einsum(equation, in.stream().map(x -> Inputs.present(x)).toList()));
    }

    /** Where operands share a letter their channels are paired; a sum is sound where one of the factors vanishes with the channel. */
    @Override
    public void trace(ChannelTrace trace) {
        Letters all = letters(IntStream.range(0, trace.inputs())
                .mapToObj(i -> trace.type(i).rank())
                .toList());
        String result = all.result();
        ChannelIds out = ChannelIds.fixed(result.length());
        Set<Character> letters = new HashSet<>();
        String.join("", all.terms()).chars().forEach(c -> letters.add((char) c));
        boolean vanishing = true;
        for (char letter : letters) {
            List<Integer> holders = all.holders(letter);
            int[] ids = paired(trace, all.terms(), letter);
            boolean vanishes = holders.stream().anyMatch(trace::vanishes);
            int axis = result.indexOf(letter);
            if (axis >= 0) {
                out = out.with(axis, ids);
                vanishing &= ids.length == 0 || vanishes;
                if (holders.stream().allMatch(trace::isWeight)) {
                    trace.produce(ids);
                }
            } else if (!vanishes) {
                trace.freeze(ids, "sums products of values over channels that masking leaves different from zero");
            }
        }
        trace.output(0, out);
        if (vanishing) {
            trace.vanishing(0);
        }
    }

    /** The ids that all operands with this letter now have in common, none where one of them is fixed. */
    private static int[] paired(ChannelTrace trace, List<String> terms, char letter) {
        List<int[]> all = new ArrayList<>();
        for (int i = 0; i < terms.size(); i++) {
            int axis = terms.get(i).indexOf(letter);
            if (axis >= 0) {
                all.add(trace.ids(i).at(axis));
            }
        }
        int[] first = all.get(0);
        for (int[] other : all) {
            if (other != first) {
                trace.tie(first, other, "pairs them with channels that cannot be removed");
            }
        }
        return all.stream().anyMatch(ids -> ids.length == 0) ? new int[0] : first;
    }
}
