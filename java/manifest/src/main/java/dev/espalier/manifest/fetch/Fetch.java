package dev.espalier.manifest.fetch;

import dev.espalier.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings known data sets to the disk.
 *
 * <p>What is there already is checked and left as it is; what is not what it should be is named and never overwritten. A
 * fetch that was cut off is gone on with by the next one.
 */
public final class Fetch {
    private final FetchOptions options;
    private final HttpSource source;

    /** Fetches with these options, through the proxy that the environment names. */
    public Fetch(FetchOptions options) {
        this.options = options;
        this.source = new HttpSource(
                new SystemProxy(System.getenv()), options.patience().silence());
    }

    /**
     * Makes sure that a set lies in a folder, which is made if need be.
     *
     * @throws FetchException if a server or what it sends is not as it should be
     * @throws DataException if the folder holds something else under the set's names, or cannot be written
     */
    public Fetched into(Path folder, KnownSet set) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new DataException("folder " + folder + ": cannot be made (" + e + "); choose another with -o", e);
        }
        List<Fetched.Item> items = new ArrayList<>();
        if (set.unpacking().isPresent()) {
            unpacked(folder, set.files().get(0), set.unpacking().get(), items);
        } else {
            set.files().forEach(file -> items.add(file(folder, file)));
        }
        return new Fetched(folder, items);
    }

    private void unpacked(Path folder, RemoteFile file, Unpacking how, List<Fetched.Item> items) {
        Path archive = folder.resolve(file.name());
        Path target = folder.resolve(how.folder());
        boolean there = Files.exists(target);
        if (there && !Files.exists(archive)) {
            items.add(new Fetched.Item(how.folder(), Fetched.State.UNCHECKED, 0));
            return;
        }
        items.add(file(folder, file));
        Archive content = new Archive(archive, how);
        items.add(
                there
                        ? new Fetched.Item(how.folder(), Fetched.State.PRESENT, content.compare(target))
                        : new Fetched.Item(how.folder(), Fetched.State.UNPACKED, content.unpack(target)));
    }

    private Fetched.Item file(Path folder, RemoteFile file) {
        Path target = folder.resolve(file.name());
        boolean there = Files.exists(target);
        if (there) {
            check(target, file);
        } else {
            RemoteFile from = options.mirror().map(file::from).orElse(file);
            new Download(from, source, options).to(target);
        }
        try {
            return new Fetched.Item(
                    file.name(), there ? Fetched.State.PRESENT : Fetched.State.FETCHED, Files.size(target));
        } catch (IOException e) {
            throw new DataException(target + ": cannot be read (" + e + ")", e);
        }
    }

    private static void check(Path target, RemoteFile file) {
        try {
            if (!Files.isRegularFile(target)) {
                throw new DataException(target + ": expected a file or nothing, got a folder; choose another with -o");
            }
            if (file.sha256().isPresent()) {
                Sha256 got = Sha256.of(target);
                if (!got.equals(file.sha256().get())) {
                    throw new DataException(
                            target + ": expected sha256 " + file.sha256().get() + ", got " + got
                                    + "; it is left as it is: move it away, or choose another folder with -o");
                }
            }
        } catch (IOException e) {
            throw new DataException(target + ": cannot be read (" + e + "); check its permissions and the disk", e);
        }
    }
}
