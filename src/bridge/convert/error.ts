/** Keys and indexes. */
export type KeyPath = readonly (string | number)[];

/** A setting that the schema lets pass and that still makes no sense; the message is one sentence. */
export class ConvertConfigError extends Error {
  override readonly name = 'ConvertConfigError';

  /** `path`: where it stands in the part's own configuration, outermost first. */
  constructor(
    message: string,
    public path: KeyPath = [],
  ) {
    super(message);
  }
}
