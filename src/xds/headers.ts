/** Header changes of routes, weighted clusters and virtual hosts, to the model. */

import type { HeaderAppendAction, HeaderChanges, HeaderOperations, HeaderValueOption } from '../model';
import { NO_HEADER_CHANGES } from '../model';
import type { Findings } from './decoded';
import type { pb } from './pb';

type PbOption = pb.envoy.config.core.v3.HeaderValueOption.$Properties;

/** The four fields that routes, weighted clusters and virtual hosts have in common. */
interface WithHeaderChanges {
  requestHeadersToAdd?: PbOption[] | null;
  requestHeadersToRemove?: string[] | null;
  responseHeadersToAdd?: PbOption[] | null;
  responseHeadersToRemove?: string[] | null;
}

const ACTIONS: readonly HeaderAppendAction[] = [
  'append-if-exists-or-add',
  'add-if-absent',
  'overwrite-if-exists-or-add',
  'overwrite-if-exists',
];

const NONE: HeaderOperations = NO_HEADER_CHANGES.request;

export function headerChanges(findings: Findings, message: WithHeaderChanges, path: string): HeaderChanges {
  const request = operations(
    findings,
    message.requestHeadersToAdd,
    message.requestHeadersToRemove,
    `${path}request`,
  );
  const response = operations(
    findings,
    message.responseHeadersToAdd,
    message.responseHeadersToRemove,
    `${path}response`,
  );
  return request === NONE && response === NONE ? NO_HEADER_CHANGES : { request, response };
}

function operations(
  findings: Findings,
  add: PbOption[] | null | undefined,
  remove: string[] | null | undefined,
  path: string,
): HeaderOperations {
  if (!add?.length && !remove?.length) return NONE;
  return {
    remove: (remove ?? []).map((name, i) => checkedName(findings, name, `${path}_headers_to_remove[${i}]`)),
    add: (add ?? []).map((option, i) => headerValueOption(findings, option, `${path}_headers_to_add[${i}]`)),
  };
}

function headerValueOption(findings: Findings, option: PbOption, path: string): HeaderValueOption {
  const action = ACTIONS[option.appendAction ?? 0];
  if (!action) findings.invalid(`${path}.append_action`, `${option.appendAction} is unknown`);
  if (option.append && option.appendAction) findings.invalid(path, 'has both append and append_action');
  const raw = option.header?.rawValue;
  return {
    name: checkedName(findings, option.header?.key ?? '', `${path}.header.key`),
    value: option.header?.value || (raw?.length ? Buffer.from(raw).toString('latin1') : ''),
    action: option.append ? oldAppend(option.append.value === true) : (action ?? ACTIONS[0]!),
    keepEmptyValue: option.keepEmptyValue === true,
  };
}

/** The field before `append_action`. */
function oldAppend(append: boolean): HeaderAppendAction {
  return append ? 'append-if-exists-or-add' : 'overwrite-if-exists-or-add';
}

/** RFC 9110 token, lower case. Envoy refuses changes of pseudo headers and of Host. */
function checkedName(findings: Findings, name: string, path: string): string {
  const lower = name.toLowerCase();
  if (lower.startsWith(':') || lower === 'host') findings.invalid(path, `"${name}" may not be changed`);
  else if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower)) findings.invalid(path, `"${name}" is no header name`);
  return lower;
}
