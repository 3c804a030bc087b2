/** What routing may look at, and how it says what to change. Shared with the seam (`call/`). */

/** Lines of a header by lower-case name; undefined when absent. */
export type HeaderLookup = (name: string) => string | readonly string[] | undefined;

/** The application's request, as far as routing may look at it. */
export interface RequestHead {
  readonly method: string;
  /** As the application wrote it, with query. */
  readonly path: string;
  /** The raw Host header (case and port kept). */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  /** Lines of a header by lower-case name; undefined when absent. Asked only when a rule needs it. */
  header(name: string): string | readonly string[] | undefined;
}

/** The first of several header lines. */
export function firstLine(lines: string | readonly string[] | undefined): string | undefined {
  return typeof lines === 'string' ? lines : lines?.[0];
}

/** One change of a header line, applied in order to the application's lines (names keep the application's case). */
export interface HeaderEdit {
  readonly op: 'set' | 'add' | 'remove';
  readonly name: string;
  /** Absent for `remove`. */
  readonly value?: string;
  /** The line itself, ready to be written; only of headers of our own, whose names are lower-case. */
  readonly line?: string;
}

/** One request as matchers see it: the normalised path apart from its query, the rest as received. */
export class MatchInput {
  /** Without query. */
  readonly path: string;
  /** Without `?`; empty when there is none. */
  readonly query: string;

  /** `target`: normalised path with query. */
  constructor(
    readonly head: RequestHead,
    readonly target: string,
    readonly authority: string,
    /** Uniform in [0, 1). */
    readonly random: () => number,
  ) {
    const mark = target.indexOf('?');
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? '' : target.slice(mark + 1);
  }

  /** A header or pseudo header, as Envoy's header map would hold it. */
  header(name: string): string | readonly string[] | undefined {
    if (name.charCodeAt(0) !== 58 /* : */) {
      return name === 'host' ? this.authority : trimmed(this.head.header(name));
    }
    switch (name) {
      case ':method':
        return this.head.method;
      case ':path':
        return this.target;
      case ':authority':
        return this.authority;
      case ':scheme':
        return this.scheme;
      default:
        return undefined;
    }
  }

  /** What `x-forwarded-proto` says, if it says one, as Envoy takes it. */
  get scheme(): 'http' | 'https' {
    const said = firstLine(this.head.header('x-forwarded-proto'));
    return said === 'http' || said === 'https' ? said : this.head.scheme;
  }
}

/** Space around a value is none of it (RFC 9110, 5.5); Node leaves it to the receiver. */
function trimmed(lines: string | readonly string[] | undefined): string | readonly string[] | undefined {
  return typeof lines === 'string' ? lines.trim() : lines?.map((line) => line.trim());
}
