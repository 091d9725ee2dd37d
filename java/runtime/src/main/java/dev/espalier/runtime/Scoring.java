package dev.espalier.runtime;

import dev.espalier.runtime.Kernels.ChannelSlice;
import dev.espalier.runtime.Kernels.Importance;
import dev.espalier.runtime.Kernels.Norm;
import dev.espalier.runtime.internal.KernelTarget;
import dev.espalier.runtime.internal.ScoreCalls;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lays tensors out for the score kernels. */
final class Scoring {
    private Scoring() {}

    static List<Tensor> elements(Backend backend, Importance importance, List<Tensor> weights, List<Tensor> gradients) {
        Scope.current();
        KernelCall call = new KernelCall("score " + importance, backend, weights);
        if (importance.needsGradient() && gradients.size() != weights.size()) {
            throw call.failure("expected " + weights.size() + " gradients, got " + gradients.size());
        }
        call.require(DType.F32, weights);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            List<Tensor> scores = new ArrayList<>();
            ScoreCalls.Element[] items = new ScoreCalls.Element[weights.size()];
            for (int i = 0; i < items.length; i++) {
                Tensor weight = weights.get(i);
                Tensor score =
                        Tensor.empty(DType.F32, call.device(), weight.shape().toArray());
                scores.add(score);
                items[i] = new ScoreCalls.Element(
                        KernelCall.address(weight.contiguous()),
                        importance.needsGradient() ? gradient(call, i, weight, gradients.get(i)) : 0,
                        KernelCall.address(score),
                        weight.numel());
            }
            KernelTarget target = call.target();
            long workspace = call.workspace(ScoreCalls.scoreWorkspace(target, items.length));
            call.check(ScoreCalls.score(target, items, importance.code(), workspace));
            return scope.keep(List.copyOf(scores));
        }
    }

    private static long gradient(KernelCall call, int index, Tensor weight, @Nullable Tensor gradient) {
        if (gradient == null || !gradient.shape().equals(weight.shape())) {
            throw call.failure("weight " + index + " " + weight.shape() + ": expected a gradient of its shape, got "
                    + (gradient == null ? "none" : gradient.shape()));
        }
        call.require(DType.F32, List.of(gradient));
        return KernelCall.address(gradient.contiguous());
    }

    static List<Tensor> channels(Backend backend, Importance importance, Norm norm, List<List<ChannelSlice>> groups) {
        Scope.current();
        List<Tensor> weights =
                groups.stream().flatMap(List::stream).map(ChannelSlice::weight).toList();
        KernelCall call = new KernelCall("scoreChannels " + importance + " " + norm, backend, weights);
        call.require(DType.F32, weights);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            List<Tensor> scores = new ArrayList<>();
            List<ScoreCalls.Channel> items = new ArrayList<>();
            for (List<ChannelSlice> group : groups) {
                Tensor score = Tensor.empty(DType.F32, call.device(), channels(call, group));
                scores.add(score);
                for (ChannelSlice slice : group) {
                    items.add(item(call, importance, slice, score, items.size()));
                }
            }
            ScoreCalls.Channel[] array = items.toArray(ScoreCalls.Channel[]::new);
            KernelTarget target = call.target();
            long workspace = call.workspace(ScoreCalls.channelsWorkspace(target, array));
            call.check(ScoreCalls.channels(target, array, importance.code(), norm.code(), workspace));
            return scope.keep(List.copyOf(scores));
        }
    }

    private static long channels(KernelCall call, List<ChannelSlice> group) {
        if (group.isEmpty()) {
            throw call.failure("expected at least one slice per group");
        }
        long channels = group.get(0).channels();
        for (ChannelSlice slice : group) {
            if (slice.channels() != channels) {
                throw call.failure(
                        "expected " + channels + " channels in each slice of a group, got " + slice.channels());
            }
        }
        return channels;
    }

    private static ScoreCalls.Channel item(
            KernelCall call, Importance importance, ChannelSlice slice, Tensor score, int index) {
        Tensor weight = slice.weight();
        long outer = 1;
        long inner = 1;
        for (int axis = 0; axis < weight.rank(); axis++) {
            if (axis < slice.axis()) {
                outer *= weight.size(axis);
            } else if (axis > slice.axis()) {
                inner *= weight.size(axis);
            }
        }
        long start = slice.offset() * inner * DType.F32.bytes();
        long gradient = importance.needsGradient() ? gradient(call, index, weight, slice.gradient()) + start : 0;
        return new ScoreCalls.Channel(
                KernelCall.address(weight.contiguous()) + start,
                gradient,
                KernelCall.address(score),
                outer,
                weight.size(slice.axis()) * inner,
                slice.channels(),
                slice.repeat() * inner);
    }
}
