package dev.espalier.manifest.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KnownSetsTest {
    @Test
    void everySetIsFoundByItsName() {
        assertThat(KnownSets.ALL)
                .extracting(KnownSet::name)
                .doesNotHaveDuplicates()
                .contains("cifar10", "mnist");
        KnownSets.ALL.forEach(set -> assertThat(KnownSets.named(set.name())).isSameAs(set));
        assertThatThrownBy(() -> KnownSets.named("cifar11"))
                .isInstanceOf(DataException.class)
                .hasMessageContainingAll("cifar11", "cifar100", "ag-news");
    }

    @Test
    void everyFileIsNamedAsItsAddressEndsUnlessItIsPackedAnew() {
        KnownSets.ALL.stream()
                .flatMap(set -> set.files().stream())
                .filter(file -> file.sha256().isPresent())
                .forEach(file -> assertThat(file.address().getPath()).endsWith("/" + file.name()));
    }

    @Test
    void theProxyIsTheOneThatTheEnvironmentNames() {
        SystemProxy proxy = new SystemProxy(Map.of(
                "http_proxy",
                "http://one.example:3128",
                "HTTPS_PROXY",
                "two.example",
                "no_proxy",
                "inside.example, .local"));
        assertThat(proxy.of(URI.create("http://a.example/x")).address())
                .isEqualTo(InetSocketAddress.createUnresolved("one.example", 3128));
        assertThat(proxy.of(URI.create("https://a.example/x")).address())
                .isEqualTo(InetSocketAddress.createUnresolved("two.example", 80));
        assertThat(proxy.of(URI.create("http://inside.example/x"))).isEqualTo(Proxy.NO_PROXY);
        assertThat(proxy.of(URI.create("https://deep.inside.example/x"))).isEqualTo(Proxy.NO_PROXY);
        assertThat(proxy.of(URI.create("http://printer.local/"))).isEqualTo(Proxy.NO_PROXY);
        assertThat(proxy.of(URI.create("http://notinside.example/")).type()).isEqualTo(Proxy.Type.HTTP);
        assertThat(new SystemProxy(Map.of()).of(URI.create("http://a.example/")))
                .isEqualTo(Proxy.NO_PROXY);
    }

    @Test
    void requestsGoThroughTheProxy() throws Exception {
        try (FileServer server = new FileServer()) {
            server.put("/x/a.bin", new byte[] {7});
            SystemProxy proxy = new SystemProxy(Map.of("http_proxy", "localhost:" + server.port()));
            HttpSource source = new HttpSource(proxy, Patience.standard().silence());
            try (HttpSource.Reply reply = source.get(URI.create("http://far.invalid/x/a.bin"), 0, Optional.empty())) {
                assertThat(reply.body().readAllBytes()).containsExactly(7);
            }
        }
    }
}
