package dev.espalier.formats.pytorch;

import dev.espalier.formats.TensorBytes;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the part of Python's pickle language that {@code torch.save} uses for dictionaries of tensors, as data: nothing is imported,
 * built or called. Every name that is not listed here is refused.
 *
 * <p>Protocols 2 to 5, opcodes of {@code pickletools}. Problems are IllegalArgumentExceptions whose message is the problem alone.
 */
final class Pickle {
    /** A name of Python, {@code module.name}. */
    record Global(String name) {}

    /** What {@code persistent_load} would be asked for: a storage outside the pickle. */
    record Storage(String type, String key, long elements) {}

    /** A view of a storage, sizes and strides in elements. */
    record TensorView(Storage storage, long offset, List<Long> size, List<Long> stride) {}

    /** The value that stands for None. */
    static final Object NONE = new Object();

    private static final Object MARK = new Object();
    private static final int MOST_TEXT = 1 << 16;

    private final ByteBuffer in;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    /** Sizes and strides that tensors may still have: torch.save writes each of them out, in two bytes or more. */
    private int dimensions;

    private Pickle(byte[] bytes) {
        this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        this.dimensions = bytes.length;
    }

    /** The pickled value: maps, lists, texts, numbers and tensor views. */
    static Object read(byte[] bytes) {
        try {
            return new Pickle(bytes).run();
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("the pickle is truncated", e);
        }
    }

    private Object run() {
        while (true) {
            int code = in.get() & 0xff;
            if (code == '.') {
                return pop();
            }
            if (!structure(code) && !number(code) && !text(code)) {
                throw new IllegalArgumentException(
                        String.format("opcode 0x%02x of the pickle is not one that tensors need", code));
            }
        }
    }

    private boolean structure(int code) {
        switch (code) {
            case 0x80 -> in.get(); // PROTO
            case 0x95 -> in.getLong(); // FRAME
            case '(' -> stack.add(MARK);
            case '}' -> stack.add(new LinkedHashMap<Object, Object>());
            case ']', ')' -> stack.add(new ArrayList<>());
            case 't', 'l' -> stack.add(popToMark());
            case 0x85 -> tuple(1);
            case 0x86 -> tuple(2);
            case 0x87 -> tuple(3);
            case 'N' -> stack.add(NONE);
            case 's' -> setItems(List.of(second(), pop()));
            case 'u' -> setItems(popToMark());
            case 'a' -> append(List.of(pop()));
            case 'e' -> append(popToMark());
            case 'c' -> stack.add(new Global(line() + "." + line()));
            case 0x93 -> stackGlobal();
            case 'R' -> reduce();
            case 0x81, 0x92 -> throw newObject(code);
            case 'Q' -> stack.add(storage(pop()));
            case 'b' -> build();
            case 'q' -> memo.put(in.get() & 0xff, top());
            case 'r' -> memo.put(in.getInt(), top());
            case 0x94 -> memo.put(memo.size(), top());
            case 'h' -> stack.add(remembered(in.get() & 0xff));
            case 'j' -> stack.add(remembered(in.getInt()));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean number(int code) {
        switch (code) {
            case 'J' -> stack.add((long) in.getInt());
            case 'K' -> stack.add((long) (in.get() & 0xff));
            case 'M' -> stack.add((long) (in.getShort() & 0xffff));
            case 'G' -> stack.add(ByteBuffer.wrap(bytes(8)).getDouble());
            case 0x88 -> stack.add(true);
            case 0x89 -> stack.add(false);
            case 0x8a -> stack.add(longNumber(in.get() & 0xff));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean text(int code) {
        switch (code) {
            case 'X' -> stack.add(string(in.getInt()));
            case 0x8c -> stack.add(string(in.get() & 0xff));
            case 0x8d -> stack.add(string(Math.toIntExact(Math.min(in.getLong(), Integer.MAX_VALUE))));
            default -> {
                return false;
            }
        }
        return true;
    }

    private long longNumber(int length) {
        if (length > 8) {
            throw new IllegalArgumentException("a whole number of " + length + " bytes is too large");
        }
        byte[] little = bytes(length);
        long value = 0;
        for (int i = length - 1; i >= 0; i--) {
            value = value << 8 | (i == length - 1 ? little[i] : little[i] & 0xff);
        }
        return value;
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }

    private String string(int length) {
        if (length < 0 || length > in.remaining()) {
            throw new IllegalArgumentException("a text claims " + length + " bytes, the pickle has " + in.remaining());
        }
        return new String(bytes(length), StandardCharsets.UTF_8);
    }

    private String line() {
        StringBuilder text = new StringBuilder();
        for (char c = (char) in.get(); c != '\n'; c = (char) in.get()) {
            if (text.length() > MOST_TEXT) {
                throw new IllegalArgumentException("a name is longer than " + MOST_TEXT + " characters");
            }
            text.append(c);
        }
        return text.toString();
    }

    private Object pop() {
        Object value = stack.isEmpty() ? MARK : stack.remove(stack.size() - 1);
        if (value == MARK) {
            throw new IllegalArgumentException("the pickle takes more values than it has");
        }
        return value;
    }

    private Object top() {
        Object value = pop();
        stack.add(value);
        return value;
    }

    /** Removes and returns the value below the top one. */
    private Object second() {
        Object last = pop();
        Object before = pop();
        stack.add(last);
        return before;
    }

    private List<Object> popToMark() {
        int mark = stack.lastIndexOf(MARK);
        if (mark < 0) {
            throw new IllegalArgumentException("the pickle ends a list that it has not begun");
        }
        List<Object> items = new ArrayList<>(stack.subList(mark + 1, stack.size()));
        stack.subList(mark, stack.size()).clear();
        return items;
    }

    private void tuple(int count) {
        List<Object> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            items.add(0, pop());
        }
        stack.add(items);
    }

    private Object remembered(int key) {
        Object value = memo.get(key);
        if (value == null) {
            throw new IllegalArgumentException("the pickle recalls entry " + key + ", which it never stored");
        }
        return value;
    }

    private void setItems(List<Object> items) {
        if (!(top() instanceof Map<?, ?>) || items.size() % 2 != 0) {
            throw new IllegalArgumentException("the pickle sets items of something that is no dictionary");
        }
        Map<Object, Object> map = dictionary(top());
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i);
            if (!(key instanceof String || key instanceof Number)) {
                throw new IllegalArgumentException("a dictionary has a key that is neither a text nor a number");
            }
            map.put(key, items.get(i + 1));
        }
    }

    @SuppressWarnings("unchecked") // all maps here are made by this class
    private static Map<Object, Object> dictionary(Object value) {
        return (Map<Object, Object>) value;
    }

    @SuppressWarnings("unchecked") // all lists here are made by this class
    private void append(List<Object> items) {
        if (!(top() instanceof List<?>)) {
            throw new IllegalArgumentException("the pickle appends to something that is no list");
        }
        ((List<Object>) top()).addAll(items);
    }

    private void stackGlobal() {
        Object name = pop();
        stack.add(new Global(pop() + "." + name));
    }

    /** The state of an OrderedDict is {@code _metadata}, versions of layers: not needed. */
    private void build() {
        pop();
        if (!(top() instanceof Map<?, ?>)) {
            throw new IllegalArgumentException("the pickle sets the state of an object; only tensors are read");
        }
    }

    /** NEWOBJ and NEWOBJ_EX: classes whose objects hold code. */
    private IllegalArgumentException newObject(int code) {
        for (int i = code == 0x92 ? 2 : 1; i > 0; i--) {
            pop();
        }
        String name = pop() instanceof Global global ? "'" + global.name() + "'" : "a class without a name";
        return new IllegalArgumentException("the pickle wants to build an object of " + name
                + "; only dictionaries of tensors are read: save model.state_dict()");
    }

    /** The calls that tensors need, done here as data. */
    private void reduce() {
        Object arguments = pop();
        Object called = pop();
        if (!(called instanceof Global global) || !(arguments instanceof List<?> list)) {
            throw new IllegalArgumentException("the pickle calls something that has no name");
        }
        switch (global.name()) {
            case "collections.OrderedDict" -> {
                if (!list.isEmpty()) {
                    throw new IllegalArgumentException("an OrderedDict with arguments is not supported");
                }
                stack.add(new LinkedHashMap<Object, Object>());
            }
            case "torch._utils._rebuild_tensor_v2" -> stack.add(view(list));
            case "torch._utils._rebuild_parameter" -> {
                if (list.isEmpty() || !(list.get(0) instanceof TensorView view)) {
                    throw new IllegalArgumentException("a parameter holds no tensor");
                }
                stack.add(view);
            }
            case "torch.Size" -> stack.add(list.isEmpty() ? List.of() : list.get(0));
            default ->
                throw new IllegalArgumentException("the pickle wants to call '" + global.name()
                        + "'; only dictionaries of tensors are read: save model.state_dict()");
        }
    }

    private TensorView view(List<?> arguments) {
        if (arguments.size() < 4
                || !(arguments.get(0) instanceof Storage storage)
                || !(arguments.get(1) instanceof Long offset)) {
            throw new IllegalArgumentException("a tensor is not described as torch.save does it");
        }
        return new TensorView(storage, offset, numbers(arguments.get(2)), numbers(arguments.get(3)));
    }

    /** A copy, as the pickle may recall the list for any number of tensors and change it afterwards. */
    private List<Long> numbers(Object value) {
        if (!(value instanceof List<?> list)) {
            throw new IllegalArgumentException("the size of a tensor is no list of whole numbers");
        }
        if (list.size() > TensorBytes.MAX_RANK || list.size() > dimensions) {
            throw new IllegalArgumentException("a tensor has " + list.size() + " dimensions, expected at most "
                    + TensorBytes.MAX_RANK + ", and no more for all tensors than the pickle has bytes");
        }
        dimensions -= list.size();
        List<Long> numbers = new ArrayList<>(list.size());
        for (Object item : list) {
            if (!(item instanceof Long number)) {
                throw new IllegalArgumentException("the size of a tensor is no list of whole numbers");
            }
            numbers.add(number);
        }
        return numbers;
    }

    /** A tuple ('storage', type, key, device, number of elements). */
    private static Storage storage(Object id) {
        if (id instanceof List<?> list
                && list.size() >= 5
                && "storage".equals(list.get(0))
                && list.get(1) instanceof Global type
                && list.get(2) instanceof String key
                && list.get(4) instanceof Long elements) {
            return new Storage(type.name(), key, elements);
        }
        throw new IllegalArgumentException("the pickle refers to something outside that is no storage");
    }
}
