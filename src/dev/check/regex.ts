import { RE2JS } from 're2js';

/** Why Envoy would not take the pattern, or undefined. Its regular expressions are RE2's. */
export function regexFault(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
