package dev.espalier.formats.pytorch;

import dev.espalier.formats.FormatException;
import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The TorchScript text of one model with the tensors that it names. */
final class ScriptText {
    private final Path file;
    private final Graph graph;
    private final StringBuilder body = new StringBuilder();
    private final Map<String, String> expressions = new HashMap<>();
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();
    private final Set<String> names = new HashSet<>(Set.of("self", "training", "forward"));
    private String source = "";
    private int variables;

    private ScriptText(Path file, Graph graph) {
        this.file = file;
        this.graph = graph;
    }

    /** The program of {@code model}; its constants are tensors of the open scope. */
    static ScriptText of(Model model, Path file) {
        ScriptText text = new ScriptText(file, model.graph());
        text.write(model);
        return text;
    }

    String source() {
        return source;
    }

    Map<String, Tensor> parameters() {
        return parameters;
    }

    Map<String, Tensor> buffers() {
        return buffers;
    }

    private void write(Model model) {
        StringBuilder signature = new StringBuilder("def forward(self");
        for (String input : graph.inputs().keySet()) {
            String name = identifier(input);
            signature.append(", ").append(name).append(": Tensor");
            expressions.put(input, name);
        }
        for (String parameter : graph.parameters().keySet()) {
            String name = identifier(parameter);
            Tensor tensor = model.weights().get(parameter);
            boolean trained = tensor.dtype().isFloating() && !graph.isStatistic(parameter);
            (trained ? parameters : buffers).put(name, tensor);
            expressions.put(parameter, "self." + name);
        }
        graph.nodes().forEach(this::add);
        List<String> results = graph.outputs().stream().map(this::expression).toList();
        boolean one = results.size() == 1;
        String type = one
                ? "Tensor"
                : results.stream().map(result -> "Tensor").collect(Collectors.joining(", ", "Tuple[", "]"));
        source = signature + ") -> " + type + ":\n" + body + "    return "
                + (one ? results.get(0) : "(" + String.join(", ", results) + ")") + "\n";
    }

    /** A name of Python that nothing else has. */
    private String identifier(String name) {
        String plain = name.replaceAll("[^A-Za-z0-9_]", "_");
        String free = plain.isEmpty() || !Character.isLetter(plain.charAt(0)) ? "p_" + plain : plain;
        while (!names.add(free)) {
            free += "_";
        }
        return free;
    }

    private String expression(String value) {
        String expression = expressions.get(value);
        if (expression == null) {
            throw FormatException.of(file, "nothing computes '" + value + "'");
        }
        return expression;
    }

    private void add(Node node) {
        List<String> in = node.inputs().stream()
                .map(value -> value.isEmpty() ? "None" : expression(value))
                .toList();
        if (node.op().attributes().get("value") instanceof TensorValue constant && in.isEmpty()) {
            String name = identifier(node.name());
            buffers.put(name, tensor(constant));
            expressions.put(node.output(), "self." + name);
            return;
        }
        ScriptNode call = new ScriptNode(
                node,
                in,
                graph.inputTypes(node),
                node.outputs().stream().map(graph::type).toList(),
                this::statement);
        List<String> results = ScriptOperators.write(call)
                .orElseThrow(() -> FormatException.of(
                        file,
                        "node '" + node.name() + "': operator '" + node.op().type()
                                + "' with these settings has no TorchScript form here; write ONNX instead"));
        for (int i = 0; i < node.outputs().size(); i++) {
            expressions.put(node.outputs().get(i), results.get(i));
        }
    }

    /** Appends an assignment and returns the variable's name. */
    private String statement(String right) {
        String variable = "v" + variables++;
        while (!names.add(variable)) {
            variable = "v" + variables++;
        }
        body.append("    ").append(variable).append(" = ").append(right).append('\n');
        return variable;
    }

    private static Tensor tensor(TensorValue value) {
        Tensor tensor = Tensor.empty(value.dtype(), Device.CPU, value.shape().toArray());
        tensor.setBytes(value.toBytes());
        return tensor;
    }
}
