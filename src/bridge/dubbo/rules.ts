/**
 * Dubbo's dynamic configuration rules (`*.configurators`, YAML), as far as a mesh can follow them: those that every
 * consumer applies by itself, to a provider's weight or switch. Rules of the provider's side arrive in the data.
 */

import { parse, YAMLParseError } from 'yaml';
import { type AddressMatch, readAddressMatch } from './rule-address';
import type { Standing } from './standing';

/** One configuration item of a rule that every consumer applies. */
export interface Override {
  /** `ip:port` of the providers it is for; an ip of 0.0.0.0 or a port of 0 or none stands for any. Empty: all. */
  readonly providers: readonly string[];
  readonly address: AddressMatch | undefined;
  readonly weight: number | undefined;
  readonly enabled: boolean | undefined;
}

export interface Rule {
  readonly overrides: readonly Override[];
  /** One sentence for each item that would change weight or switch, but not for every consumer. */
  readonly notApplied: readonly string[];
}

const NOTHING: Rule = { overrides: [], notApplied: [] };

/** Reads the text of a rule. A string is the reason why it is none. Layout: org.apache.dubbo.rpc.cluster.configurator.parser. */
export function parseRule(text: string): Rule | string {
  let rule: unknown;
  try {
    rule = parse(text, { maxAliasCount: 10, logLevel: 'error' });
  } catch (error) {
    if (error instanceof YAMLParseError) return `it is not YAML: ${error.message.split('\n')[0]}`;
    return `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  // An administration tool empties a rule rather than removing it.
  if (rule === null || rule === undefined) return NOTHING;
  if (!isObject(rule)) return 'it is not an object';
  if (rule['enabled'] === false || rule['enabled'] === 'false') return NOTHING;
  const configs = rule['configs'] ?? [];
  if (!Array.isArray(configs)) return 'its `configs` is not a list';
  const overrides: Override[] = [];
  const notApplied: string[] = [];
  for (const config of configs) {
    // Dubbo refuses such a rule as a whole, and its clients keep the former.
    if (!isObject(config)) return 'an item of its `configs` is not an object';
    const { parameters } = config;
    if (!isObject(parameters) || Object.keys(parameters).length === 0)
      return 'an item of its `configs` has no `parameters`';
    const item = readItem(config, parameters, rule);
    if (typeof item === 'string') notApplied.push(item);
    else if (item) overrides.push(item);
  }
  return { overrides, notApplied };
}

function readItem(
  config: Readonly<Record<string, unknown>>,
  parameters: Readonly<Record<string, unknown>>,
  rule: Readonly<Record<string, unknown>>,
): Override | string | undefined {
  if (config['side'] === 'provider' || isSwitchedOff(config)) return undefined;
  const weight = numberOf(parameters['weight']);
  const enabled = switchOf(parameters);
  if (weight === undefined && enabled === undefined) return undefined;
  const some = onlyForSome(config, rule);
  if (some) return some;
  const match = isObject(config['match']) ? config['match'] : {};
  const address = match['address'] === undefined ? undefined : readAddressMatch(match['address']);
  if (typeof address === 'string') return address;
  return { providers: strings(config['providerAddresses']), address, weight, enabled };
}

/** An item's own switch counts only when it has a type of its own (ConfigParser.parseEnabled). */
function isSwitchedOff({ type = 'general', enabled }: Readonly<Record<string, unknown>>): boolean {
  return type !== null && type !== 'general' && (enabled === false || enabled === 'false');
}

/** Why an item is for some consumers only, if it is. */
function onlyForSome(
  config: Readonly<Record<string, unknown>>,
  rule: Readonly<Record<string, unknown>>,
): string | undefined {
  if (rule['scope'] === 'application') return 'it is for the consumers in one application';
  const everybody = (values: readonly string[], any: RegExp) =>
    values.length === 0 || values.some((value) => any.test(value));
  if (!everybody(strings(config['addresses']), /^(0\.0\.0\.0|\*|anyhost)(:(0|\*))?$/))
    return "its `addresses` name single consumers (of a consumer rule they are the consumers' own)";
  if (!everybody(strings(config['applications']), /^\*$/)) return 'its `applications` name single consumers';
  const match = isObject(config['match']) ? config['match'] : {};
  const conditions = Object.keys(match).filter((key) => key !== 'address' && match[key] !== null);
  if (conditions.length > 0) return `its \`match\` has conditions on ${conditions.join(', ')}`;
  return undefined;
}

/** What a provider's standing becomes by the rules of its service, applied in their order. */
export function ruled(
  standing: Standing,
  at: { readonly address: string; readonly port: number },
  overrides: readonly Override[],
): Standing {
  let { weight, enabled } = standing;
  for (const override of overrides) {
    if (!isFor(override, at)) continue;
    weight = override.weight ?? weight;
    enabled = override.enabled ?? enabled;
  }
  return { weight, enabled };
}

function isFor(
  { providers, address }: Override,
  at: { readonly address: string; readonly port: number },
): boolean {
  if (address && !address(at.address)) return false;
  return providers.length === 0 || providers.some((provider) => names(provider, at));
}

function names(provider: string, at: { readonly address: string; readonly port: number }): boolean {
  const colon = provider.indexOf(':') === provider.lastIndexOf(':') ? provider.indexOf(':') : -1;
  const bracketed = /^\[(.*)\](?::(.*))?$/.exec(provider);
  const host = bracketed ? bracketed[1]! : colon < 0 ? provider : provider.slice(0, colon);
  const port = bracketed ? (bracketed[2] ?? '') : colon < 0 ? '' : provider.slice(colon + 1);
  const anyHost = host === '0.0.0.0' || host === '*' || host === 'anyhost';
  const anyPort = port === '' || port === '0' || port === '*';
  return (anyHost || host === at.address) && (anyPort || port === String(at.port));
}

/** A switch-off that an item takes back (`disabled: false`) is a switch-on. */
function switchOf(parameters: Readonly<Record<string, unknown>>): boolean | undefined {
  const disabled = parameters['disabled'];
  if (disabled === true || disabled === 'true') return false;
  if (disabled === false || disabled === 'false') return true;
  return undefined;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function strings(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((each) => each !== null).map((each) => String(each).trim());
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
