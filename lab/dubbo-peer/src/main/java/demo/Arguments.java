package demo;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The command line as {@code key=value}, where a key may come more than once. */
final class Arguments {
    private final Map<String, List<String>> values = new LinkedHashMap<>();

    Arguments(String[] words) {
        for (String word : words) {
            String[] parts = word.split("=", 2);
            values.computeIfAbsent(parts[0], key -> new ArrayList<>()).add(parts.length > 1 ? parts[1] : "true");
        }
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    /** The first value, or the default. */
    String get(String key, String otherwise) {
        return has(key) ? values.get(key).get(0) : otherwise;
    }

    /** All values, or the one default. */
    List<String> all(String key, String... otherwise) {
        return values.getOrDefault(key, List.of(otherwise));
    }

    /** {@code prefix.name=value}, by name. */
    Map<String, String> under(String prefix) {
        Map<String, String> found = new HashMap<>();
        values.forEach((key, all) -> {
            if (key.startsWith(prefix + ".")) found.put(key.substring(prefix.length() + 1), all.get(0));
        });
        return found;
    }
}
