package dev.espalier.data;

import java.util.List;

/** Answers without inputs, of samples that are said to have these modalities. */
public record LabelledSource(Answers answers, List<String> modalities) implements Source {
    @Override
    public int size() {
        return answers.size();
    }

    @Override
    public List<String> classes() {
        return List.of("a", "b");
    }

    @Override
    public String name(int index) {
        return "sample " + index;
    }

    @Override
    public String fingerprint() {
        return "";
    }

    @Override
    public BatchSupply supply(BatchOptions options, int epoch) {
        throw new UnsupportedOperationException("no inputs");
    }

    @Override
    public Source rows(int[] chosen) {
        return new LabelledSource(answers.rows(chosen), modalities);
    }

    @Override
    public void close() {}
}
