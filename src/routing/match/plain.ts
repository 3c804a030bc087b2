/** Tells whether a value is meant. */
export interface StringMatcher {
  matches(value: string): boolean;
}

/** A matcher of one plain kind. `value` is compared as it is. */
export function plainMatcher(kind: 'exact' | 'prefix' | 'suffix' | 'contains', value: string): StringMatcher {
  switch (kind) {
    case 'exact':
      return new Exact(value);
    case 'prefix':
      return new Prefix(value);
    case 'suffix':
      return new Suffix(value);
    case 'contains':
      return new Contains(value);
    default:
      throw new TypeError(`unknown kind of string match: ${String(kind)}`);
  }
}

class Exact implements StringMatcher {
  constructor(private readonly value: string) {}
  matches(value: string): boolean {
    return value === this.value;
  }
}

class Prefix implements StringMatcher {
  constructor(private readonly value: string) {}
  matches(value: string): boolean {
    return value.startsWith(this.value);
  }
}

class Suffix implements StringMatcher {
  constructor(private readonly value: string) {}
  matches(value: string): boolean {
    return value.endsWith(this.value);
  }
}

class Contains implements StringMatcher {
  constructor(private readonly value: string) {}
  matches(value: string): boolean {
    return value.includes(this.value);
  }
}
