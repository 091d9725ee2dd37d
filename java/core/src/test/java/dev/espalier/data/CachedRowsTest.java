package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CachedRowsTest {
    /** More than are decoded ahead. */
    private static final int COUNT = 3000;

    @TempDir
    Path cache;

    /** Rows of three numbers; every tenth is lacking, every seventeenth cannot be used. */
    private record Numbers(String fact, AtomicInteger made) implements RowMaker {
        Numbers(String fact) {
            this(fact, new AtomicInteger());
        }

        @Override
        public String name() {
            return "train ../number";
        }

        @Override
        public int size() {
            return COUNT;
        }

        @Override
        public DType dtype() {
            return DType.F32;
        }

        @Override
        public Shape shape() {
            return Shape.of(3);
        }

        @Override
        public void identify(Consumer<String> facts) {
            facts.accept(fact);
        }

        @Override
        public int threads() {
            return 3;
        }

        @Override
        public Worker open() {
            return new Worker() {
                @Override
                public boolean make(int row, ByteBuffer to) throws IOException {
                    made.incrementAndGet();
                    if (row % 10 == 0) {
                        return false;
                    }
                    to.putFloat(row);
                    if (row % 17 == 0) {
                        throw new IOException("row " + row + " is\nbad = ü");
                    }
                    to.putFloat(row / 3f).putFloat(-row);
                    return true;
                }

                @Override
                public void close() {}
            };
        }
    }

    private CachedRows open(RowMaker maker) {
        return CachedRows.open(cache, maker, DataListener.silent());
    }

    private Path entry() throws IOException {
        try (Stream<Path> inside = Files.list(cache)) {
            return inside.filter(Files::isDirectory).findFirst().orElseThrow();
        }
    }

    private static void assertWhole(CachedRows rows) {
        for (int row = 0; row < COUNT; row++) {
            boolean lacking = row % 10 == 0;
            boolean faulty = !lacking && row % 17 == 0;
            assertThat(rows.isLacking(row)).isEqualTo(lacking);
            assertThat(rows.fault(row)).isEqualTo(faulty ? "row " + row + " is\nbad = ü" : null);
            ByteBuffer numbers = rows.stored().row(row);
            boolean there = !lacking && !faulty;
            assertThat(numbers.getFloat()).isEqualTo(there ? row : 0);
            assertThat(numbers.getFloat()).isEqualTo(there ? row / 3f : 0);
            assertThat(numbers.getFloat()).isEqualTo(there ? -row : 0f);
            assertThat(numbers.hasRemaining()).isFalse();
        }
    }

    @Test
    void rowsAreMadeOnceAndFaultsAreKept() {
        Numbers first = new Numbers("a");
        CachedRows made = open(first);
        assertWhole(made);
        assertThat(first.made).hasValue(COUNT);
        Numbers second = new Numbers("a");
        CachedRows read = open(second);
        assertWhole(read);
        assertThat(second.made).hasValue(0);
        assertThat(read.fingerprint()).isEqualTo(made.fingerprint()).matches("[0-9a-f]{64}");
    }

    @Test
    void openingAnEntryUsesIt() throws IOException {
        open(new Numbers("a"));
        FileTime longAgo = FileTime.from(Instant.EPOCH);
        Files.setLastModifiedTime(entry(), longAgo);
        assertThat(CacheEntry.in(cache)).extracting(CacheEntry::used).containsExactly(Instant.EPOCH);
        open(new Numbers("a"));
        assertThat(CacheEntry.in(cache).get(0).used()).isAfter(Instant.EPOCH);
    }

    @Test
    void anotherFactIsAnotherEntryOfTheSameContent() {
        String fingerprint = open(new Numbers("a")).fingerprint();
        Numbers other = new Numbers("b");
        assertThat(open(other).fingerprint()).isEqualTo(fingerprint);
        assertThat(other.made).hasValue(COUNT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rows.npy", "states.npy", "about.properties"})
    void truncatedForeignOrMissingFilesAreNoticedAndMadeAgain(String name) throws IOException {
        open(new Numbers("a"));
        Path file = entry().resolve(name);
        byte[] good = Files.readAllBytes(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(good.length / 2);
        }
        assertMadeAgain();
        byte[] flipped = Files.readAllBytes(file);
        flipped[flipped.length - 3] ^= 1;
        Files.write(file, flipped);
        assertMadeAgain();
        Files.delete(file);
        assertMadeAgain();
        assertThat(Files.readAllBytes(file)).hasSameSizeAs(good);
    }

    private void assertMadeAgain() {
        Numbers again = new Numbers("a");
        Fixtures.Recorder heard = new Fixtures.Recorder();
        assertWhole(CachedRows.open(cache, again, heard));
        assertThat(again.made).hasValue(COUNT);
        assertThat(heard.decoded).isEqualTo(COUNT);
        assertThat(heard.notes).allMatch(note -> note.contains("is damaged")).isNotEmpty();
    }

    @Test
    void theNumbersAreANumpyFile() throws IOException {
        open(new Numbers("a"));
        byte[] file = Files.readAllBytes(entry().resolve("rows.npy"));
        assertThat(file).hasSize(128 + COUNT * 12);
        assertThat(new String(file, 10, 118, StandardCharsets.ISO_8859_1))
                .startsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (3000, 3), }");
        assertThat(entry().getFileName().toString()).startsWith("train-number-");
    }

    @Test
    void whatEndsTheWorkLeavesNothingBehind() throws IOException {
        RowMaker.Worker refusing = new RowMaker.Worker() {
            @Override
            public boolean make(int row, ByteBuffer to) {
                throw new DataException("file x.png: cannot be read; check the disk");
            }

            @Override
            public void close() {}
        };
        Numbers numbers = new Numbers("a");
        assertThatThrownBy(() -> open(new Refusing(numbers, refusing)))
                .isInstanceOf(DataException.class)
                .hasMessage("file x.png: cannot be read; check the disk");
        try (Stream<Path> inside = Files.list(cache)) {
            assertThat(inside.filter(Files::isDirectory)).isEmpty();
        }
        assertWhole(open(numbers));
    }

    /** The same rows from a worker that makes none. */
    private record Refusing(Numbers numbers, Worker worker) implements RowMaker {
        @Override
        public String name() {
            return numbers.name();
        }

        @Override
        public int size() {
            return numbers.size();
        }

        @Override
        public DType dtype() {
            return numbers.dtype();
        }

        @Override
        public Shape shape() {
            return numbers.shape();
        }

        @Override
        public void identify(Consumer<String> facts) {
            numbers.identify(facts);
        }

        @Override
        public int threads() {
            return 2;
        }

        @Override
        public Worker open() {
            return worker;
        }
    }

    @Test
    void severalThatWantTheSameRowsMakeThemOnce() throws InterruptedException, ExecutionException {
        Numbers shared = new Numbers("a");
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Future<CachedRows>> opened = Stream.generate(() -> threads.submit(() -> open(shared)))
                    .limit(3)
                    .toList();
            for (Future<CachedRows> rows : opened) {
                assertWhole(rows.get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(shared.made).hasValue(COUNT);
    }

    @Test
    void aFileInTheWayIsNamed() throws IOException {
        Path file = Files.writeString(cache.resolve("file"), "in the way");
        assertThatThrownBy(() -> CachedRows.open(file.resolve("inside"), new Numbers("a"), DataListener.silent()))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cache folder " + file)
                .hasMessageContaining("--cache");
    }

    @Test
    void aTextIsFoundOnceAndAgainIfItsEntryIsDamaged() throws IOException {
        String text = "{\"a\": [1, \"ü\\n\"]}";
        assertThat(text("x", text)).isEqualTo(text);
        assertThat(text("x", "other")).isEqualTo(text);
        assertThat(text("y", "other")).isEqualTo("other");
        try (Stream<Path> inside = Files.list(cache)) {
            for (Path one : inside.filter(Files::isDirectory).toList()) {
                Files.writeString(one.resolve("about.properties"), "text=wrong\n");
            }
        }
        assertThat(text("x", "found again")).isEqualTo("found again");
    }

    private String text(String key, String found) {
        return CachedText.open(cache, "text", new Fingerprint().line(key), () -> found, DataListener.silent());
    }
}
