import { writeSync } from 'node:fs';
import { type Definition, parseValue, type Value } from './definition';
import { identityFrom } from './identity';
import { DEFINITIONS, type SettingKey } from './registry';
import type { Identity, Settings } from './settings';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Told of every value that could not be used; the default counts then. */
export type Report = (problem: string) => void;

/**
 * Reads all settings. A wrong value is reported once and replaced by its default; never throws.
 * `identity` is read when it is first looked at: asking the system for addresses costs what a short script need not pay.
 */
export function loadSettings(env: Environment = process.env, report: Report = writeLine): Settings {
  const value = <T extends Value>(key: SettingKey): T => read(DEFINITIONS[key], env, report) as T;
  const text = (key: SettingKey): string => value<string>(key);
  const locality = text('locality');
  let identity: Identity | undefined;
  return {
    enabled: value<boolean>('enabled'),
    xds: text('xds'),
    xdsCa: text('xdsCa'),
    xdsServerName: text('xdsServerName'),
    token: text('token'),
    hooks: value<readonly string[]>('hooks'),
    hooksOff: value<readonly string[]>('hooksOff'),
    firstUseTimeoutMs: value<number>('firstUseTimeoutMs'),
    snapshotDir: text('snapshotDir'),
    snapshotMaxAgeMs: value<number>('snapshotMaxAgeMs'),
    log: value<string>('log') as Settings['log'],
    logFormat: value<string>('logFormat') as Settings['logFormat'],
    file: text('file'),
    workerMemoryMb: value<number>('workerMemoryMb'),
    envoyHeaders: value<boolean>('envoyHeaders'),
    decorator: value<boolean>('decorator'),
    besideSidecar: value<boolean>('besideSidecar'),
    registry: {
      modes: value<readonly string[]>('registryModes'),
      hosts: value<readonly string[]>('registryHosts'),
      namespaces: value<readonly string[]>('registryNamespaces'),
      weights: value<readonly string[]>('registryWeights'),
      calls: value<readonly string[]>('registryCalls'),
    },
    get identity() {
      identity ??= identityFrom(
        {
          podName: text('podName'),
          podNamespace: text('podNamespace'),
          instanceIp: text('instanceIp'),
          serviceAccount: text('serviceAccount'),
          trustDomain: text('trustDomain'),
          labels: text('labels'),
          locality,
        },
        env,
        report,
      );
      return identity;
    },
  };
}

/** One setting, by its name or an alias. A switch that is on by default is off when any of its names says off. */
export function read(definition: Definition, env: Environment, report: Report): Value {
  const { type, aliases = NONE } = definition;
  let found = given(definition, definition.name, env, report);
  for (const alias of aliases) {
    const value = given(definition, alias, env, report);
    if (type.kind === 'switch' && definition.default === 'on' && value === false) return false;
    found ??= value;
  }
  return found ?? defaultOf(definition);
}

const NONE: readonly string[] = [];

/** Undefined: not set, or nothing but blanks. */
function given(definition: Definition, name: string, env: Environment, report: Report): Value | undefined {
  const text = env[name];
  if (text === undefined || text.trim() === '') return undefined;
  const result = parseValue(definition.type, text);
  if (result.ok) return result.value;
  report(wrongValue(name, text, result.expected, `the default ${definition.default || '(none)'} is used`));
  return defaultOf(definition);
}

/** A test says that all defaults are right: most of them are what is written, and a start need not look again. */
function defaultOf({ type, default: text }: Definition): Value {
  if (type.kind === 'text' || type.kind === 'choice') return text;
  if (type.kind === 'list' && text === '') return NONE;
  const result = parseValue(type, text);
  return result.ok ? result.value : text;
}

/** The sentence for a value that cannot be used. */
export function wrongValue(name: string, text: string, expected: string, effect: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return `${name}=${JSON.stringify(shown)} is not ${expected}; ${effect}`;
}

function writeLine(problem: string): void {
  try {
    writeSync(2, `inmesh: ${problem}\n`);
  } catch {
    // Standard error is closed: there is nobody to tell, and the default counts all the same.
  }
}
