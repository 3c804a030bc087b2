/** JSON of a big value in pieces, so that writing it does not hold the process up. */

/** About so many characters a piece: some milliseconds of work. */
const CHUNK = 1 << 18;
/** As deep as a list of sources with their lists of services. */
const LEVELS = 4;

/** What `JSON.stringify` gives, in pieces. Arrays and objects of the first levels are taken apart. */
export function* jsonChunks(value: unknown): Generator<string> {
  let chunk = '';
  for (const piece of pieces(value, LEVELS)) {
    chunk += piece;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function* pieces(value: unknown, depth: number): Generator<string> {
  if (depth === 0 || typeof value !== 'object' || value === null) {
    yield JSON.stringify(value) ?? 'null';
    return;
  }
  const list = Array.isArray(value);
  yield list ? '[' : '{';
  let first = true;
  for (const [key, each] of list ? value.entries() : Object.entries(value)) {
    if (!list && each === undefined) continue;
    yield first ? '' : ',';
    if (!list) yield `${JSON.stringify(key)}:`;
    yield* pieces(each, depth - 1);
    first = false;
  }
  yield list ? ']' : '}';
}
