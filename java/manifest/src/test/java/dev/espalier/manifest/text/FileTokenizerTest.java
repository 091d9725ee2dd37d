package dev.espalier.manifest.text;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import dev.espalier.manifest.encode.Encoding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Without the module that reads such files; those with it stand there. */
class FileTokenizerTest {
    private static final String ADD = "tokenizer tokenizer.json: nothing on the class path reads it; what is named"
            + " tokenizer.json is read by dev.espalier:espalier-tokenizers, add it";

    @Test
    void filesAndModelsAreRefusedInOneLineThatNamesTheModule(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("tokenizer.json"), "{}");
        assertThatThrownBy(() -> FileTokenizer.read(file))
                .isInstanceOf(DataException.class)
                .hasMessage(ADD);
        assertThatThrownBy(() -> Encoding.fromJson("""
                        {"version": 1, "label": {"kind": "class", "separator": "|", "names": {"a": "a", "b": "b"}},
                         "encoders": [{"type": "text", "input": "t", "length": 4, "columns": ["t"],
                                       "tokenizer": {"name": "tokenizer.json", "content": "{}", "rows": []}}]}
                        """))
                .isInstanceOf(DataException.class)
                .hasMessage(ADD);
    }
}
