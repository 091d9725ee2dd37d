package dev.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.SyntheticImages;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NoLeaks
class WatchOptionTest {
    @TempDir
    Path folder = Path.of("");

    private CommandRun train(Object... more) {
        Path data = folder.resolve("data");
        new SyntheticImages(16, 2, 1, 1).write(data);
        return CommandRun.of(
                List.of(
                        "train",
                        "--data",
                        data,
                        "--cache",
                        folder.resolve("cache"),
                        "--device",
                        "cpu",
                        "--model",
                        "mlp",
                        "--width",
                        0.1,
                        "--epochs",
                        1,
                        "-o",
                        folder.resolve("out.onnx")),
                more);
    }

    @Test
    void aPortInUseIsRefusedBeforeAnythingIsDone() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            train("--watch", taken.getLocalPort())
                    .refused("--watch " + taken.getLocalPort(), "127.0.0.1", "choose another port")
                    .inOneLine();
        }
        assertThat(folder.resolve("cache")).doesNotExist();
    }

    @Test
    void portsAndHostsThatCannotBeAreRefused() {
        train("--watch", 65536).refused("--watch", "65536").inOneLine();
        train("--watch", -1).refused("--watch", "-1").inOneLine();
        train("--watch", "http").refused("--watch", "'http'").inOneLine();
        train("--watch-host", "127.0.0.1").refused("--watch PORT").inOneLine();
        train("--watch", 0, "--watch-host", "[::1")
                .refused("--watch-host", "'[::1'")
                .inOneLine();
        CommandRun.of("prune", "m.onnx", "-o", folder.resolve("o.onnx"), "--watch", 0)
                .refused("--watch", "--data")
                .inOneLine();
    }

    /** Every address of the machine: said with a warning, and free again when the run has ended. */
    @Test
    void otherMachinesMayWatchIfThatIsWanted() {
        CommandRun run = train("--watch", 0, "--watch-host", "0.0.0.0");
        assertThat(run.code()).as(run.err()).isZero();
        Matcher address = Pattern.compile("watch this run at http://0\\.0\\.0\\.0:(\\d+)/")
                .matcher(run.err());
        assertThat(address.find()).as(run.err()).isTrue();
        assertThat(run.err()).contains("warning: --watch-host 0.0.0.0", "no password");
        int port = Integer.parseInt(address.group(1));
        assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                .isInstanceOf(ConnectException.class);
    }
}
