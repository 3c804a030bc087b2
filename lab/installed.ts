/** What an installation gives: the path of the thing, or why there is none on this machine. */
export type Installed = string | Skipped;

export interface Skipped {
  /** One sentence for a person: what is missing and what would bring it. */
  readonly skipped: string;
}

export function isSkipped(installed: unknown): installed is Skipped {
  return typeof installed === 'object' && installed !== null && 'skipped' in installed;
}
