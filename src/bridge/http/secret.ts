/** Credentials given by value or, for Kubernetes Secrets, by a file that may be replaced at any time. */

import { readFile } from 'node:fs/promises';
import { HttpFailure } from './failure';

export interface Secret {
  /** Key in the configuration, for messages: `token`. */
  readonly key: string;
  readonly value?: string | undefined;
  readonly file?: string | undefined;
}

/** The value as it is now, without the line feed that editors add. Throws a sentence when the file cannot be read. */
export async function credential({ key, value, file }: Secret): Promise<string | undefined> {
  if (file === undefined) return value;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new HttpFailure(`cannot read ${key}File ${file}: ${error.code ?? error.message}`);
  });
  return text.trim();
}
