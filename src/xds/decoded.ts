/** What a decoder gives back, and how it collects what was wrong. */

import type { UnsupportedField } from '../model';
import { type NotApplied, notAppliedEffect } from './not-applied';

/** `reasons` are for a NACK: which field, and what is wrong with it. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T; readonly unsupported: readonly UnsupportedField[] }
  | { readonly ok: false; readonly reasons: readonly string[] };

/** A NACK is one message to the control plane, which takes 4 MiB at most. */
const MAX_REASONS = 20;
const MAX_TEXT = 400;

/** The effect on a route that is bad, or asks for what is not done. */
export const LEFT_OUT = 'the route is left out';

/**
 * Collects the findings of one resource. Decoders note what is wrong and go on with a harmless value, so that one
 * NACK names everything.
 */
export class Findings {
  readonly reasons: string[] = [];
  readonly unsupported: UnsupportedField[] = [];
  /** Something was found that makes a route unusable. */
  leftOut = false;

  constructor(
    readonly resourceType: string,
    public resource: string,
  ) {}

  /** A value that Envoy refuses. `field` in protobuf names. */
  invalid(field: string, what: string): void {
    this.reasons.push(clip(`${field}: ${what}`));
  }

  /** Valid, but not done here. `effect` is a sentence of what follows for calls. */
  ignored(field: string, effect: string): void {
    const { resourceType, resource } = this;
    this.unsupported.push({ resourceType, resource, field: clip(field), effect: clip(effect) });
  }

  /** As `ignored`, and the route cannot be used. */
  leaveOut(field: string, what: string): void {
    this.ignored(field, `${what}: ${LEFT_OUT}`);
    this.leftOut = true;
  }

  /** In the model, but no room applies it yet. */
  notApplied(feature: NotApplied, field: string): void {
    const effect = notAppliedEffect(feature);
    if (effect !== undefined) this.ignored(field, effect);
  }

  conclude<T>(value: T): Decoded<T> {
    if (this.reasons.length === 0) return { ok: true, value, unsupported: this.unsupported };
    return this.refuse();
  }

  refuse(): Decoded<never> {
    const resource = this.resource === '' ? '(unnamed)' : this.resource;
    const reasons = this.reasons.slice(0, MAX_REASONS).map((r) => `${this.resourceType} ${resource}: ${r}`);
    const more = this.reasons.length - MAX_REASONS;
    if (more > 0) reasons.push(`${this.resourceType} ${resource}: and ${more} more`);
    return { ok: false, reasons };
  }
}

/** Values of a peer are quoted in reports; they may be of any length. */
function clip(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT / 2)} … ${text.slice(-MAX_TEXT / 2)}`;
}

/** Runs a decoder; whatever it throws becomes a reason. */
export function decodeSafely<T>(findings: Findings, decode: (findings: Findings) => T): Decoded<T> {
  try {
    return findings.conclude(decode(findings));
  } catch (error) {
    findings.invalid('bytes', `cannot be decoded: ${error instanceof Error ? error.message : String(error)}`);
    return findings.refuse();
  }
}
