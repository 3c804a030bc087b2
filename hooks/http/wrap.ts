/** Patching an exported function in place: the wrapper looks like the original in everything that can be asked. */

type Callable = (...args: never[]) => unknown;

/** Gives `wrapper` the name, length and own properties of `original` and puts it in its place. */
export function replace<K extends string>(holder: Record<K, Callable>, name: K, wrapper: Callable): void {
  const original = holder[name];
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype') continue;
    const descriptor = Object.getOwnPropertyDescriptor(original, key)!;
    // V8 binds a function whose name or length was ever defined, be it as it was, many times slower.
    if (isSame(Object.getOwnPropertyDescriptor(wrapper, key), descriptor)) continue;
    Object.defineProperty(wrapper, key, descriptor);
  }
  const descriptor = Object.getOwnPropertyDescriptor(holder, name)!;
  Object.defineProperty(holder, name, { ...descriptor, value: wrapper });
}

function isSame(a: PropertyDescriptor | undefined, b: PropertyDescriptor): boolean {
  return (
    a !== undefined &&
    'value' in a &&
    a.value === b.value &&
    a.writable === b.writable &&
    a.enumerable === b.enumerable &&
    a.configurable === b.configurable
  );
}
