package dev.espalier.cli;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.op.TensorType;
import dev.espalier.prune.ChannelGroup;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Frozen;
import dev.espalier.prune.Layer;
import dev.espalier.prune.Layers;
import dev.espalier.prune.Member;
import dev.espalier.prune.Size;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a model is made of and which channels and layers can be pruned. */
@Command(name = "inspect", description = "Show a model's size, nodes, channel groups and layers.")
final class InspectCommand extends Subcommand {
    @Mixin
    private ModelArgument model = new ModelArgument();

    @Option(
            names = "--explain",
            paramLabel = "NODE",
            description = "Say of one node what its output channels are coupled with, and whether they can be removed.")
    private @Nullable String explain;

    InspectCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output. */
    record Facts(
            long parameters,
            long macs,
            double sparsity,
            List<ValueFacts> inputs,
            List<ValueFacts> outputs,
            List<NodeFacts> nodes,
            List<GroupFacts> groups,
            List<LayerFacts> layers) {}

    /** A graph's input or output; a dimension of -1 is the open batch. */
    record ValueFacts(String name, String type, List<Long> shape) {
        static ValueFacts of(String name, TensorType type) {
            return new ValueFacts(
                    name,
                    type.dtype().name(),
                    Arrays.stream(type.shape().toArray()).boxed().toList());
        }
    }

    /** One node. */
    record NodeFacts(String name, String op, long macs, long parameters) {}

    /** One group of channels that are removed together. */
    record GroupFacts(
            String id, int channels, boolean prunable, String reason, String approximation, List<Place> members) {
        static GroupFacts of(ChannelGroup group) {
            List<Place> places =
                    group.members().stream().map(Place::of).distinct().toList();
            return new GroupFacts(
                    group.id(), group.channels(), group.prunable(), group.reason(), group.approximation(), places);
        }
    }

    /** One sum of two computed values, whose branch may go whole; its nodes, MACs and parameters where it may. */
    record LayerFacts(String id, boolean removable, String reason, List<String> nodes, long macs, long parameters) {
        static LayerFacts of(Graph graph, Layer layer) {
            List<Node> nodes = layer.nodes().stream().map(graph::node).toList();
            long macs =
                    nodes.stream().mapToLong(node -> facts(graph, node).macs()).sum();
            long parameters = nodes.stream().mapToLong(graph::parameterCount).sum();
            return new LayerFacts(layer.id(), true, "", layer.nodes(), macs, parameters);
        }

        static LayerFacts of(Frozen frozen) {
            return new LayerFacts(frozen.node(), false, frozen.reason(), List.of(), 0, 0);
        }
    }

    /** An axis of a parameter. */
    record Place(String parameter, int axis) {
        static Place of(Member member) {
            return new Place(member.parameter(), member.axis());
        }
    }

    @Override
    void run() {
        if (explain != null) {
            Explanation explanation = explanation(explain);
            json.print(console, explanation, () -> explanation.print(console.out()));
            return;
        }
        Facts facts;
        try (Model read = model.read()) {
            facts = facts(read);
        }
        json.print(console, facts, () -> print(facts));
    }

    private Explanation explanation(String name) {
        try (Model read = model.read()) {
            Node node = read.graph().nodes().stream()
                    .filter(n -> n.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new BadInput("--explain expects a node of " + model.file() + ", got '" + name
                            + "'; inspect without --explain lists them"));
            return Explanation.of(ChannelGroups.trace(read.graph()), node);
        }
    }

    static Facts facts(Model model) {
        Graph graph = model.graph();
        return new Facts(
                graph.parameterCount(),
                graph.macs(),
                Size.of(graph, model.weights().asMap()).sparsity(),
                graph.inputs().entrySet().stream()
                        .map(input -> ValueFacts.of(input.getKey(), input.getValue()))
                        .toList(),
                graph.outputs().stream()
                        .map(output -> ValueFacts.of(output, graph.type(output)))
                        .toList(),
                graph.nodes().stream().map(node -> facts(graph, node)).toList(),
                ChannelGroups.trace(graph).groups().stream().map(GroupFacts::of).toList(),
                layers(graph));
    }

    private static List<LayerFacts> layers(Graph graph) {
        Layers layers = Layers.of(graph);
        return Stream.concat(
                        layers.removable().stream().map(layer -> LayerFacts.of(graph, layer)),
                        layers.frozen().stream().map(LayerFacts::of))
                .toList();
    }

    private static NodeFacts facts(Graph graph, Node node) {
        var cost = graph.costs().get(node);
        return new NodeFacts(node.name(), node.op().type(), cost == null ? 0 : cost.macs(), graph.parameterCount(node));
    }

    private void print(Facts facts) {
        PrintWriter out = console.out();
        new Table()
                .row("parameters", facts.parameters())
                .row("MACs per sample", facts.macs())
                .row("sparsity", facts.sparsity())
                .print(out);
        facts.inputs().forEach(value -> out.println("input   " + describe(value)));
        facts.outputs().forEach(value -> out.println("output  " + describe(value)));
        out.println();
        Table nodes = new Table().row("node", "operator", "MACs", "parameters");
        facts.nodes().forEach(node -> nodes.row(node.name(), node.op(), node.macs(), node.parameters()));
        nodes.print(out);
        out.println();
        Table groups = new Table().row("channel group", "channels", "places", "prunable");
        facts.groups()
                .forEach(group ->
                        groups.row(group.id(), group.channels(), group.members().size(), prunable(group)));
        groups.print(out);
        if (!facts.layers().isEmpty()) {
            out.println();
            Table layers = new Table().row("layer", "nodes", "MACs", "parameters", "removable");
            facts.layers()
                    .forEach(l -> layers.row(
                            l.id(),
                            l.nodes().size(),
                            l.macs(),
                            l.parameters(),
                            l.removable() ? "yes" : "no: " + l.reason()));
            layers.print(out);
        }
    }

    private static String prunable(GroupFacts group) {
        if (!group.prunable()) {
            return "no: " + group.reason();
        }
        return group.approximation().isEmpty() ? "yes" : "inexactly: " + group.approximation();
    }

    private static String describe(ValueFacts value) {
        return value.name() + "  " + value.type() + " " + value.shape();
    }
}
