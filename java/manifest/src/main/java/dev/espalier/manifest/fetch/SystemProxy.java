package dev.espalier.manifest.fetch;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The proxy that the environment names as curl reads it ({@code http_proxy}, {@code https_proxy}, {@code no_proxy}), else
 * the one that the JVM is set to.
 */
final class SystemProxy {
    private final Map<String, String> environment;

    SystemProxy(Map<String, String> environment) {
        this.environment = environment;
    }

    Proxy of(URI address) {
        String named = variable(address.getScheme().toLowerCase(Locale.ROOT) + "_proxy");
        if (named != null && !exempt(address.getHost())) {
            URI proxy = URI.create(named.contains("://") ? named : "http://" + named);
            int port = proxy.getPort() < 0 ? 80 : proxy.getPort();
            return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.getHost(), port));
        }
        ProxySelector selector = ProxySelector.getDefault();
        return named != null || selector == null
                ? Proxy.NO_PROXY
                : selector.select(address).get(0);
    }

    private boolean exempt(String host) {
        String list = variable("no_proxy");
        if (list == null) {
            return false;
        }
        for (String entry : list.split(",", -1)) {
            String domain = entry.strip();
            String suffix = domain.startsWith(".") ? domain : "." + domain;
            if (domain.equals("*") || (!domain.isEmpty() && ("." + host).endsWith(suffix))) {
                return true;
            }
        }
        return false;
    }

    private @Nullable String variable(String name) {
        String value = environment.getOrDefault(name, environment.get(name.toUpperCase(Locale.ROOT)));
        return value == null || value.isBlank() ? null : value;
    }
}
