package dev.espalier.manifest.fetch;

import dev.espalier.data.DataException;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * The data sets that can be fetched by name.
 *
 * <p>Addresses, lengths and digests are those that the checksum lists of TensorFlow Datasets, torchvision, torchaudio and
 * torchtext record; CIFAR's publisher states MD5 sums, which belong to the same files. SHA-256 is used because two of the
 * addresses are plain http.
 */
public final class KnownSets {
    private static final String CIFAR = "https://www.cs.toronto.edu/~kriz/";
    private static final String CIFAR_LICENCE =
            "none stated; the publisher asks to cite A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009";
    private static final String MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/";
    private static final String FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/";
    private static final String SPEECH = "https://storage.googleapis.com/download.tensorflow.org/data/";
    private static final String NEWS =
            "https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/master/data/ag_news_csv/";
    /** Tag v1.0.10. */
    private static final String FSDD_COMMIT = "d6938f9bf1545aa66d8489fc9f1385a7abd64282";

    private static final String FSDD = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/" + FSDD_COMMIT;

    /** In the order in which they are listed. */
    public static final List<KnownSet> ALL =
            List.of(cifar10(), cifar100(), mnist(), fashion(), fsdd(), speech(), news());

    private KnownSets() {}

    /**
     * The set of that name.
     *
     * @throws DataException if there is none
     */
    public static KnownSet named(String name) {
        return ALL.stream()
                .filter(set -> set.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new DataException("data set '" + name + "': expected one of "
                        + String.join(", ", ALL.stream().map(KnownSet::name).toList())));
    }

    private static KnownSet cifar10() {
        return new KnownSet(
                "cifar10",
                "60,000 colour images of 32x32 in 10 classes",
                List.of(RemoteFile.of(
                        "cifar-10-binary.tar.gz",
                        CIFAR,
                        170_052_171,
                        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd")),
                Optional.of(new Unpacking("cifar-10-batches-bin", 1, new Limits(50, 256L << 20), Optional.empty())),
                CIFAR_LICENCE,
                "cifar-10-batches-bin/*.bin, which --data takes");
    }

    private static KnownSet cifar100() {
        return new KnownSet(
                "cifar100",
                "60,000 colour images of 32x32 in 100 classes",
                List.of(RemoteFile.of(
                        "cifar-100-binary.tar.gz",
                        CIFAR,
                        168_513_733,
                        "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec")),
                Optional.of(new Unpacking("cifar-100-binary", 1, new Limits(50, 256L << 20), Optional.empty())),
                CIFAR_LICENCE,
                "cifar-100-binary/*.bin, which --data takes");
    }

    private static KnownSet mnist() {
        return new KnownSet(
                "mnist",
                "70,000 grey images of 28x28, handwritten digits",
                List.of(
                        RemoteFile.of(
                                "train-images-idx3-ubyte.gz",
                                MNIST,
                                9_912_422,
                                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
                        RemoteFile.of(
                                "train-labels-idx1-ubyte.gz",
                                MNIST,
                                28_881,
                                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
                        RemoteFile.of(
                                "t10k-images-idx3-ubyte.gz",
                                MNIST,
                                1_648_877,
                                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
                        RemoteFile.of(
                                "t10k-labels-idx1-ubyte.gz",
                                MNIST,
                                4_542,
                                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6")),
                Optional.empty(),
                "CC BY-SA 3.0, Y. LeCun and C. Cortes, as the documentation of Keras states it",
                "*-ubyte.gz, which --data takes");
    }

    private static KnownSet fashion() {
        return new KnownSet(
                "fashion-mnist",
                "70,000 grey images of 28x28, clothes in 10 classes",
                List.of(
                        RemoteFile.of(
                                "train-images-idx3-ubyte.gz",
                                FASHION,
                                26_421_880,
                                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
                        RemoteFile.of(
                                "train-labels-idx1-ubyte.gz",
                                FASHION,
                                29_515,
                                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
                        RemoteFile.of(
                                "t10k-images-idx3-ubyte.gz",
                                FASHION,
                                4_422_102,
                                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
                        RemoteFile.of(
                                "t10k-labels-idx1-ubyte.gz",
                                FASHION,
                                5_148,
                                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5")),
                Optional.empty(),
                "MIT, Zalando SE",
                "*-ubyte.gz, which --data takes");
    }

    /**
     * GitHub packs archives of commits anew and does not promise their bytes for ever (its blog, 2023-02-21), so the 3,000
     * recordings are checked instead. Their publisher states no digest; this one was recorded by others of tag v1.0.10.
     */
    private static KnownSet fsdd() {
        ContentCheck recordings = new ContentCheck(
                "recordings",
                ".wav",
                3000,
                new Sha256("45a9b976ba3397a2fd5c70a9f2e43c34f442a3a6be47392ecfc41174b678f37e"));
        return new KnownSet(
                "fsdd",
                "Free Spoken Digit Dataset v1.0.10: 3,000 recordings of 6 speakers, 8 kHz",
                List.of(new RemoteFile("fsdd-1.0.10.tar.gz", URI.create(FSDD + ".tar.gz"), 0, Optional.empty())),
                Optional.of(new Unpacking(
                        "free-spoken-digit-dataset", 1, new Limits(10_000, 128L << 20), Optional.of(recordings))),
                "CC BY-SA 4.0, Z. Jackson and others",
                "free-spoken-digit-dataset/recordings/<digit>_<speaker>_<n>.wav; the publisher tests on n = 0 to 4");
    }

    private static KnownSet speech() {
        return new KnownSet(
                "speech-commands",
                "Speech Commands v0.02: 105,829 recordings of 35 words, 16 kHz",
                List.of(RemoteFile.of(
                        "speech_commands_v0.02.tar.gz",
                        SPEECH,
                        2_428_923_189L,
                        "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58")),
                Optional.of(new Unpacking("speech_commands_v0.02", 0, new Limits(200_000, 8L << 30), Optional.empty())),
                "CC BY 4.0, Google",
                "speech_commands_v0.02/<word>/*.wav, validation_list.txt, testing_list.txt");
    }

    private static KnownSet news() {
        return new KnownSet(
                "ag-news",
                "AG's news topics: 127,600 titles and texts in 4 classes",
                List.of(
                        RemoteFile.of(
                                "train.csv",
                                NEWS,
                                0,
                                "76a0a2d2f92b286371fe4d4044640910a04a803fdd2538e0f3f29a5c6f6b672e"),
                        RemoteFile.of(
                                "test.csv",
                                NEWS,
                                0,
                                "521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699")),
                Optional.empty(),
                "no licence; offered by the academic community for research and other non-commercial activity",
                "train.csv and test.csv without a header: class 1 to 4 (World, Sports, Business, Sci/Tech), title, text");
    }
}
