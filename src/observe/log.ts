export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where lines of the agent go. The main thread's writes at most one line per event class and key in a minute. */
export interface Log {
  /**
   * `event` is the stable class of the line ("link.down"), `message` a sentence for a person, `fields` facts.
   * `key` tells apart lines of one class that may each appear (a host, a cluster); default is one per class.
   */
  line(
    level: LogLevel,
    event: string,
    message: string,
    fields?: Readonly<Record<string, unknown>>,
    key?: string,
  ): void;
}
