import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.prune.Budget;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Compacted;
import dev.espalier.prune.Compaction;
import dev.espalier.prune.CompactionReport;
import dev.espalier.prune.Criterion;
import dev.espalier.prune.Evidence;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.prune.Pruner;
import dev.espalier.prune.ScoreScope;
import dev.espalier.runtime.Scope;
import java.nio.file.Path;

/** Removes a share of the channels of an ONNX model by the norms of its weights alone. */
public final class PruneOnnx {
    private PruneOnnx() {}

    public static void main(String[] args) {
        Path from = Path.of(args[0]);
        Path to = Path.of(args[1]);
        Budget budget = Budget.of(Double.parseDouble(args[2]), Budget.Of.CHANNELS);
        Policy policy = Policy.of(Criterion.L2, Pattern.CHANNEL, ScoreScope.LOCAL, budget);

        try (Scope scope = Scope.open();
                Model model = Onnx.read(from)) {
            Pruner pruner = new Pruner(model.graph(), policy);
            ChannelGroups groups = pruner.groups();
            Mask mask =
                    pruner.next(Mask.all(), Evidence.ofWeights(model.weights().asMap()));
            try (Compacted compacted = Compaction.compact(model, groups, mask)) {
                CompactionReport report = compacted.outcome();
                System.out.println("before: " + report.before());
                System.out.println("after:  " + report.after());
                System.out.println("proof:  " + report.check());
                report.frozen().forEach(System.out::println);
                Onnx.write(compacted.model(), to);
            }
        }
    }
}
