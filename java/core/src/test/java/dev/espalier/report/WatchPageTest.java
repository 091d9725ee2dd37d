package dev.espalier.report;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class WatchPageTest {
    private static String between(String begin, String end) {
        String page = WatchPage.html();
        int from = page.indexOf(begin) + begin.length();
        return page.substring(from, page.indexOf(end, from));
    }

    @Test
    void thePolicyNamesTheScriptAndTheStyleThatThePageHas() throws Exception {
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        for (String part : List.of(between("<script>", "</script>"), between("<style>", "</style>"))) {
            byte[] digest = sha.digest(part.getBytes(StandardCharsets.UTF_8));
            assertThat(WatchPage.policy())
                    .contains("-src 'sha256-" + Base64.getEncoder().encodeToString(digest) + "'");
        }
    }

    @Test
    void nothingIsLoadedFromElsewhere() {
        assertThat(WatchPage.html())
                .contains("<meta name=\"viewport\" content=\"width=device-width")
                .doesNotContain("https:", "@import", "url(", "src=", "innerHTML", " style=\"")
                .containsOnlyOnce("<script>")
                .containsOnlyOnce("http:"); // the name of SVG, which is no address
    }

    /** The rules that hold for a colour scheme, by name. */
    private static Map<String, String> colours(int scheme) {
        Matcher root = Pattern.compile(":root\\{([^}]*)}").matcher(PageStyle.CSS);
        Map<String, String> colours = new TreeMap<>();
        for (int i = 0; i <= scheme; i++) {
            assertThat(root.find()).isTrue();
            Matcher rule = Pattern.compile("--(\\w+):(#\\w+)").matcher(root.group(1));
            while (rule.find()) {
                colours.put(rule.group(1), rule.group(2));
            }
        }
        return colours;
    }

    private static double luminance(String colour) {
        String digits = colour.length() == 4 ? colour.replaceAll("[0-9a-f]", "$0$0") : colour;
        double sum = 0;
        double[] shares = {0.2126, 0.7152, 0.0722};
        for (int i = 0; i < 3; i++) {
            double value = Integer.parseInt(digits.substring(1 + 2 * i, 3 + 2 * i), 16) / 255.0;
            sum += shares[i] * (value <= 0.03928 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4));
        }
        return sum;
    }

    /** Web Content Accessibility Guidelines 2.1: 4.5 for text (1.4.3), 3 for graphics (1.4.11). */
    @Test
    void textAndLinesStandOutInBothSchemes() {
        for (int scheme = 0; scheme < 2; scheme++) {
            Map<String, String> colours = colours(scheme);
            double page = luminance(requireNonNull(colours.remove("page")));
            colours.remove("rule");
            assertThat(colours).hasSize(8);
            colours.forEach((name, colour) -> {
                double one = Math.max(page, luminance(colour)) + 0.05;
                double other = Math.min(page, luminance(colour)) + 0.05;
                double least = List.of("ink", "soft", "c1", "c2", "c4").contains(name) ? 4.5 : 3;
                assertThat(one / other).as(name + " " + colour).isGreaterThan(least);
            });
        }
    }
}
