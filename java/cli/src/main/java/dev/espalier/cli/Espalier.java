package dev.espalier.cli;

import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The {@code espalier} command itself; it holds the subcommands. */
@Command(
        name = "espalier",
        description = "Trains, prunes and compacts neural networks.",
        mixinStandardHelpOptions = true,
        versionProvider = Espalier.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            QuickstartCommand.class,
            TrainCommand.class,
            PruneCommand.class,
            CompareCommand.class,
            EvalCommand.class,
            InspectCommand.class,
            RunCommand.class,
            ConvertCommand.class,
            BenchCommand.class,
            ReportCommand.class,
            DataCommand.class,
            DoctorCommand.class
        })
public final class Espalier {

    /** The version in the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"espalier " + text()};
        }

        static String text() {
            String version = Espalier.class.getPackage().getImplementationVersion();
            return version == null ? "(unpackaged)" : version;
        }
    }

    private Espalier() {}

    /** Runs one subcommand and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(run(Console.system(), args));
    }

    /** Runs one subcommand against the given console and returns its exit code. */
    static int run(Console console, String... args) {
        ErrorLine errors = new ErrorLine(console);
        CommandLine command = new CommandLine(new Espalier(), new CommandFactory(console));
        TrainCommand.RECIPE.addTo(command, "train");
        PruneCommand.RECIPE.addTo(command, "prune");
        command.setOut(console.out());
        command.setErr(console.err());
        command.setParameterExceptionHandler(errors);
        command.setExecutionExceptionHandler(errors);
        command.setCaseInsensitiveEnumValuesAllowed(true);
        command.setUsageHelpAutoWidth(true);
        try {
            return command.execute(args);
        } catch (LinkageError | OutOfMemoryError | StackOverflowError e) {
            return errors.report(e, "espalier", Arrays.asList(args).contains(ErrorLine.STACKTRACE));
        } finally {
            console.out().flush();
            console.err().flush();
        }
    }
}
