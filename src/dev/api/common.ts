/** Messages that several of Istio's kinds share. */

import { double, portNumber, string } from '../read/scalars';
import { type Infer, list, map, message, required } from '../read/schema';

export const stringMatch = message(
  'StringMatch',
  { exact: string(), prefix: string(), regex: string() },
  { oneOf: [['exact', 'prefix', 'regex']] },
);
export type StringMatch = Infer<typeof stringMatch>;

export const portSelector = message('PortSelector', { number: required(portNumber()) });

export const destination = message('Destination', {
  host: required(string()),
  subset: string(),
  port: portSelector,
});
export type Destination = Infer<typeof destination>;

const headerOperations = message('HeaderOperations', {
  set: map(string()),
  add: map(string()),
  remove: list(string()),
});
export type HeaderOperations = Infer<typeof headerOperations>;

export const headers = message('Headers', { request: headerOperations, response: headerOperations });
export type Headers = Infer<typeof headers>;

/** Percent as Istio's message with a `value` from 0 to 100. */
export const percentage = message('Percent', { value: double(0, 100) });
export type Percentage = Infer<typeof percentage>;

/** `workloadSelector` of ServiceEntry and Sidecar. */
export const workloadSelector = message('WorkloadSelector', { labels: map(string()) });
