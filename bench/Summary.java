import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes the table of docs/results.md from the facts that bench/cifar10.sh has left.
 *
 * <p>{@code java -cp 'java/cli/target/lib/*' bench/Summary.java OUT}
 */
public final class Summary {
    private static final List<String> NAMES =
            List.of("dense", "channels", "channels-random", "small-dense", "elements", "elements-random");

    private Summary() {}

    public static void main(String[] args) throws Exception {
        File[] seeds = new File(args[0]).listFiles(f -> f.isDirectory() && f.getName().startsWith("seed"));
        if (seeds == null || seeds.length == 0) {
            System.err.println(args[0] + ": expected folders seed1, seed2, ..., found none; run bench/cifar10.sh first");
            System.exit(2);
        }
        java.util.Arrays.sort(seeds);
        JsonMapper json = new JsonMapper();
        Map<String, List<Double>> accuracy = new LinkedHashMap<>();
        Map<String, List<Double>> change = new LinkedHashMap<>();
        Map<String, JsonNode> last = new LinkedHashMap<>();
        for (File seed : seeds) {
            for (String name : NAMES) {
                Path file = seed.toPath().resolve(name + ".json");
                if (!Files.exists(file)) {
                    continue;
                }
                JsonNode facts = json.readTree(Files.readString(file));
                boolean pruned = facts.has("after");
                double after = 100 * (pruned ? facts.at("/accuracy/after") : facts.get("accuracy")).asDouble();
                accuracy.computeIfAbsent(name, n -> new ArrayList<>()).add(after);
                if (pruned) {
                    change.computeIfAbsent(name, n -> new ArrayList<>())
                            .add(after - 100 * facts.at("/accuracy/before").asDouble());
                }
                last.put(name, pruned ? facts.get("after") : facts);
            }
        }
        System.out.println("| model | parameters | MACs | sparsity | test accuracy, % | against dense, points | seeds |");
        System.out.println("|---|---:|---:|---:|---:|---:|---:|");
        for (String name : NAMES) {
            if (accuracy.containsKey(name)) {
                JsonNode facts = last.get(name);
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %,d | %,d | %.1f %% | %s | %s | %d |%n",
                        name,
                        facts.get("parameters").asLong(),
                        facts.get("macs").asLong(),
                        100 * facts.path("sparsity").asDouble(0),
                        spread(accuracy.get(name), "%.2f"),
                        change.containsKey(name) ? spread(change.get(name), "%+.2f") : "",
                        accuracy.get(name).size());
            }
        }
    }

    /** Mean and sample standard deviation. */
    private static String spread(List<Double> values, String format) {
        double mean = values.stream().mapToDouble(v -> v).average().orElseThrow();
        double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
        String text = String.format(Locale.ROOT, format, mean);
        return values.size() < 2
                ? text
                : text + String.format(Locale.ROOT, " ± %.2f", Math.sqrt(squares / (values.size() - 1)));
    }
}
