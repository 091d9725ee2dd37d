package dev.espalier.cli;

import dev.espalier.cli.watch.LiveRun;
import dev.espalier.cli.watch.WatchServer;
import dev.espalier.train.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The choice to show a run in a browser while it goes on. */
final class WatchOption {
    @Option(
            names = "--watch",
            paramLabel = "PORT",
            description = "Show the run in a browser, at this port of this machine; 0: any free one, which is printed.")
    private @Nullable Integer port;

    @Option(
            names = "--watch-host",
            paramLabel = "HOST",
            description =
                    "The address to show it at (default: 127.0.0.1, which this machine alone reaches); there is no password.")
    private @Nullable String host;

    private @Nullable LiveRun run;

    /** Whether a page was asked for. */
    boolean given() {
        return port != null;
    }

    /** Does {@code work}, shown under this title if that was asked for; refuses a port that cannot be had before it begins. */
    <T> T during(Console console, String title, Supplier<T> work) {
        if (port == null) {
            if (host != null) {
                throw new BadInput("--watch-host " + host + " says where to show the run: add --watch PORT");
            }
            return work.get();
        }
        LiveRun live = new LiveRun(title);
        try (WatchServer server = start(live, address(port))) {
            announce(console, server.address());
            run = live;
            return told(live, work);
        } finally {
            run = null;
        }
    }

    private static <T> T told(LiveRun live, Supplier<T> work) {
        try {
            T made = work.get();
            live.done();
            return made;
        } catch (RuntimeException | Error e) {
            live.failed(ErrorLine.firstLine(e.getMessage()));
            throw e;
        }
    }

    /** These, and who watches, if anyone does. */
    List<Listener> listeners(Listener... others) {
        List<Listener> all = new ArrayList<>(List.of(others));
        if (run != null) {
            all.add(run);
        }
        return all;
    }

    private InetSocketAddress address(int at) {
        if (at < 0 || at > 65535) {
            throw new BadInput("--watch expects a port from 0 to 65535, got " + at);
        }
        try {
            return new InetSocketAddress(InetAddress.getAllByName(host == null ? "127.0.0.1" : host)[0], at);
        } catch (UnknownHostException e) {
            throw new BadInput("--watch-host '" + host + "' is no name or address of this machine", e);
        }
    }

    private static WatchServer start(LiveRun live, InetSocketAddress at) {
        try {
            return WatchServer.start(live, at);
        } catch (IOException e) {
            throw new BadInput(
                    "--watch " + at.getPort() + ": cannot listen at "
                            + at.getAddress().getHostAddress() + ", port " + at.getPort() + ": " + e.getMessage()
                            + "; choose another port, or 0 for any free one",
                    e);
        }
    }

    private void announce(Console console, InetSocketAddress at) {
        String name = host == null ? at.getAddress().getHostAddress() : host;
        if (!at.getAddress().isLoopbackAddress()) {
            console.err()
                    .println("warning: --watch-host " + name
                            + " shows this run to everyone who reaches this machine there; there is no password");
        }
        String shown = name.contains(":") && !name.startsWith("[") ? "[" + name + "]" : name;
        console.err().println("watch this run at http://" + shown + ":" + at.getPort() + "/");
        console.err().flush();
    }
}
